internal import Engine
internal import HTTP
internal import Model
internal import Synchronization
internal import Wire

/// The event stream of one client, re-read from storage as fast as it takes it: late perhaps, never lossy.
final class EventSource: BodySource {
  enum Form: Sendable {
    /// Server-sent events.
    case events
    /// JSON Lines.
    case lines
    /// One document that lists them.
    case document
  }

  struct Selection: Sendable {
    var after: Tick
    var project: String?
    var kinds: Set<Event.Kind>
    /// Nil follows for ever.
    var until: Tick?
  }

  private struct State {
    var after: Tick
    var ready: [Event]
    var isBegun = false
    var isFirst = true
    var isOver = false
    var unfollow: (@Sendable () -> Void)?
  }

  private let door: any Door
  private let form: Form
  private let selection: Selection
  private let state: Mutex<State>
  private static let batch = 128

  /// Reads the first events at once, so that a clock which is too old is refused with a status of its own.
  init(_ door: any Door, _ selection: Selection, _ form: Form) throws(Problem) {
    self.door = door
    self.selection = selection
    self.form = form
    let first = try door.events(
      after: selection.after, project: selection.project, kinds: selection.kinds, limit: Self.batch
    ).get()
    state = Mutex(State(after: selection.after, ready: first))
  }

  var heartbeat: [UInt8] {
    switch form {
    case .events: Array(":\n\n".utf8)
    // An empty line is no event to any reader of JSON Lines that ignores blank ones; a document has no room for it.
    case .lines: [0x0a]
    case .document: []
    }
  }

  func open(wake: @escaping @Sendable () -> Void) {
    if selection.until != nil { return }
    let unfollow = door.follow(wake)
    state.withLock { $0.unfollow = unfollow }
  }

  func close() {
    let unfollow = state.withLock { state in
      defer { state.unfollow = nil }
      return state.unfollow
    }
    unfollow?()
  }

  func next() -> BodyPart {
    state.withLock { state in
      if state.isOver { return .end }
      var writer = Text()
      if !state.isBegun {
        state.isBegun = true
        if form == .document {
          writer.append("{\"clock\":\((selection.until ?? door.clock).number),\"events\":[")
        }
      }
      var isLast = false
      let events = take(&state, &isLast)
      for event in events { write(event, to: &writer, isFirst: &state.isFirst) }
      if isLast {
        state.isOver = true
        if form == .document { writer.append("],\"next_cursor\":null}") }
      }
      if writer.bytes.isEmpty { return isLast ? .end : .wait }
      return .bytes(writer.bytes)
    }
  }

  /// The next stored events; none and `isLast` at the end of what was asked for, or when the rest cannot be had.
  private func take(_ state: inout State, _ isLast: inout Bool) -> [Event] {
    if state.ready.isEmpty {
      switch door.events(
        after: state.after, project: selection.project, kinds: selection.kinds, limit: Self.batch)
      {
      case .success(let events): state.ready = events
      case .failure:
        // A reader so late that its place is gone: it comes back with its last id and is told.
        isLast = true
        return []
      }
    }
    var events = state.ready
    state.ready = []
    if let until = selection.until {
      if events.isEmpty { isLast = true }
      if let beyond = events.firstIndex(where: { $0.tick > until }) {
        events = Array(events[..<beyond])
        isLast = true
      }
    }
    if let last = events.last { state.after = last.tick }
    return events
  }

  private func write(_ event: Event, to writer: inout Text, isFirst: inout Bool) {
    switch form {
    case .events:
      writer.append("id: \(event.tick.number)\nevent: \(event.kind.rawValue)\ndata: ")
      writer.bytes += event.encoded
      writer.append("\n\n")
    case .lines:
      writer.bytes += event.encoded
      writer.append("\n")
    case .document:
      if !isFirst { writer.append(",") }
      writer.bytes += event.encoded
    }
    isFirst = false
  }

  private struct Text {
    var bytes: [UInt8] = []

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
  }
}
