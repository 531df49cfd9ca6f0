internal import Engine
internal import HTTP
internal import Model
internal import Synchronization
internal import Wire

/// `GET /api/v1/events`: server-sent events; JSON Lines or one JSON document for those who accept that.
enum EventsRoute {
  static func handle(_ call: Call, _ door: any Door) {
    var kinds: Set<Event.Kind> = []
    for text in call.request.target.values("kind").flatMap({ $0.split(separator: ",").map(String.init) }) {
      guard let kind = Event.Kind(rawValue: text) else {
        return call.refuse(
          Problem(
            status: 400, code: "unknown-kind", title: "No such kind",
            detail: "no kind of event is called \(text)",
            hint: "kinds are: \(Event.Kind.allCases.map(\.rawValue).joined(separator: ", "))",
            pointer: "/kind"))
      }
      kinds.insert(kind)
    }
    let after: Tick
    switch start(call, door) {
    case .failure(let problem): return call.refuse(problem)
    case .success(let tick): after = tick
    }
    let accept = call.request.header("Accept") ?? ""
    let reading = Reading(door: door, project: call.project, kinds: kinds)
    // What is wrong is said before a stream begins.
    if case .failure(let problem) = reading.page(after: after) { return call.refuse(problem) }
    if accept.contains("application/json") {
      return document(reading, after, call, door)
    }
    let isLines = accept.contains("ndjson") || accept.contains("jsonl")
    let stream = EventStream(
      reading, after: after, form: isLines ? .lines : .serverSent, isFollowing: call.flag("follow") ?? true)
    call.answer(
      .stream(
        status: 200,
        headers: [
          Field("Content-Type", isLines ? "application/x-ndjson" : "text/event-stream"),
          Field("Cache-Control", "no-store"),
        ], source: stream))
  }

  /// `Last-Event-ID` is where a reconnecting reader stopped; it knows better than the address it was given.
  private static func start(_ call: Call, _ door: any Door) -> Result<Tick, Problem> {
    if let text = call.request.header("Last-Event-ID") {
      guard let number = UInt64(text) else {
        return .failure(
          Problem(
            status: 400, code: "bad-number", title: "Not a number",
            detail: "`Last-Event-ID` is to be an event's id, not `\(text)`"))
      }
      return .success(Tick(number))
    }
    return call.number("since").map { $0.map { Tick($0) } ?? door.clock }
  }

  private static func document(_ reading: Reading, _ after: Tick, _ call: Call, _ door: any Door) {
    var events: [Event] = []
    var position = after
    // Bounded: whoever wants more reads the stream.
    while events.count < 100_000 {
      switch reading.page(after: position) {
      case .failure(let problem): return call.refuse(problem)
      case .success(let page):
        events += page
        guard let last = page.last else {
          return call.answer(EventsPage(clock: door.clock.number, events: events))
        }
        position = last.tick
      }
    }
    call.answer(EventsPage(clock: position.number, events: events))
  }

  /// The stored stream, a page at a time.
  struct Reading: Sendable {
    static let pageSize = 256
    let door: any Door
    let project: String?
    let kinds: Set<Event.Kind>

    func page(after tick: Tick) -> Result<[Event], Problem> {
      door.events(after: tick, project: project, kinds: kinds, limit: Self.pageSize)
    }
  }
}

/// Events as a body that is pulled: a slow reader is late, and nothing waits for it in memory.
final class EventStream: BodySource {
  enum Form: Sendable {
    case serverSent
    case lines
  }

  private let reading: EventsRoute.Reading
  private let form: Form
  private let isFollowing: Bool
  private let position: Mutex<Tick>
  private let unfollow = Mutex<(@Sendable () -> Void)?>(nil)

  init(_ reading: EventsRoute.Reading, after: Tick, form: Form, isFollowing: Bool) {
    self.reading = reading
    self.form = form
    self.isFollowing = isFollowing
    position = Mutex(after)
  }

  var heartbeat: [UInt8] { form == .serverSent ? Array(": still here\n\n".utf8) : [] }

  func open(wake: @escaping @Sendable () -> Void) {
    guard isFollowing else { return }
    let stop = reading.door.follow(wake)
    unfollow.withLock { $0 = stop }
  }

  func next() -> BodyPart {
    let after = position.withLock { $0 }
    guard case .success(let events) = reading.page(after: after) else { return .end }
    guard let last = events.last else { return isFollowing ? .wait : .end }
    position.withLock { $0 = last.tick }
    var writer = JSONWriter()
    var bytes: [UInt8] = []
    for event in events {
      writer = JSONWriter()
      event.write(to: &writer)
      switch form {
      case .lines: bytes += writer.bytes + [0x0a]
      case .serverSent:
        bytes += Array("id: \(event.tick)\nevent: \(event.kind.rawValue)\ndata: ".utf8)
        bytes += writer.bytes + [0x0a, 0x0a]
      }
    }
    return .bytes(bytes)
  }

  func close() {
    unfollow.withLock { stop in
      stop?()
      stop = nil
    }
  }
}
