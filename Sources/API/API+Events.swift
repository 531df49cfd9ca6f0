internal import Engine
internal import HTTP
internal import Model
internal import Wire

extension API {
  func events(_ call: Call) throws(Problem) {
    if call.isBatched { throw Self.notInBatch }
    let accept = call.request.header("Accept") ?? ""
    let form: EventSource.Form =
      accept.contains("text/event-stream")
      ? .events
      : accept.contains("ndjson") ? .lines : accept.contains(Reply.json) ? .document : .events
    let follows = try call.flag("follow") ?? (form != .document)
    if follows && form == .document {
      throw .badQuery("follow", "a document ends: follow as text/event-stream or application/x-ndjson")
    }
    var kinds: Set<Event.Kind> = []
    for text in call.request.target.values("kind").flatMap({ $0.split(separator: ",").map(String.init) }) {
      guard let kind = Event.Kind(rawValue: text) else {
        let known = Event.Kind.allCases.map(\.rawValue).joined(separator: ", ")
        throw Problem(
          status: 400, code: "unknown-kind", title: "No such kind", detail: "no event's kind is \(text)",
          hint: "kinds are: \(known)", pointer: "/kind")
      }
      kinds.insert(kind)
    }
    let newest = door.clock
    let since = try call.clock("since")
    let after = try lastEvent(call) ?? since ?? (follows ? newest : oldestKept(newest))
    let source = try EventSource(
      door,
      EventSource.Selection(after: after, project: call.project, kinds: kinds, until: follows ? nil : newest),
      form)
    switch form {
    case .events: call.reply(Reply(stream: source, type: "text/event-stream"))
    case .lines: call.reply(Reply(stream: source, type: "application/x-ndjson"))
    case .document: call.reply(Reply(stream: source, type: Reply.json))
    }
  }

  /// What a reconnecting browser says; it goes before the query that it repeats from its first connection.
  private func lastEvent(_ call: Call) throws(Problem) -> Tick? {
    guard let text = call.request.header("Last-Event-ID"), !text.isEmpty else { return nil }
    guard let number = UInt64(text) else {
      throw .badQuery("Last-Event-ID", "`Last-Event-ID` is a clock, a whole number from 0 on, not \(text)")
    }
    return Tick(number)
  }

  /// The clock after which all events are still there, found by halves.
  private func oldestKept(_ newest: Tick) -> Tick {
    func isKept(_ after: UInt64) -> Bool {
      if case .success = door.events(after: Tick(after), project: nil, kinds: [], limit: 1) {
        true
      } else {
        false
      }
    }
    // All are there, as almost always.
    if isKept(0) { return .zero }
    var (low, high) = (UInt64(1), newest.number)
    while low < high {
      let middle = low + (high - low) / 2
      if isKept(middle) { high = middle } else { low = middle + 1 }
    }
    return Tick(low)
  }
}
