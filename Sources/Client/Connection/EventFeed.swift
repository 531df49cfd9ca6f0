package import Model
package import Wire

/// The daemon's events from a tick on, as they come; every form in which a server may hand them out is read.
package final class EventFeed {
  private let connection: Connection
  private let isStream: Bool
  private var sse = EventStreamParser()
  /// The tick of the newest event received, from which a new feed goes on.
  package private(set) var last: UInt64?
  package private(set) var hasEnded = false

  /// `follow: false` asks for what is stored now.
  package init(
    _ daemon: Daemon, since: UInt64?, kinds: [String], follow: Bool
  ) throws(Stop) {
    var query: [(String, String?)] = [("project", daemon.project), ("since", since.map(String.init))]
    for kind in kinds { query.append(("kind", kind)) }
    if !follow { query.append(("follow", "false")) }
    connection = try daemon.stream(
      "/api/v1/events", query: query, accept: follow ? "text/event-stream" : "application/json")
    isStream = connection.parser.contentType == "text/event-stream"
    last = since
  }

  package var number: Int32 { connection.number }

  /// The next events, waiting for them until the deadline; none when the stream has ended.
  package func next(deadline: Instant?) throws(Stop) -> [EventBody] {
    while true {
      var isOpen = true
      var body = connection.takeBody()
      if body.isEmpty {
        isOpen = try connection.receive(deadline: deadline)
        body = connection.takeBody()
      }
      let events = try isStream ? streamed(body) : listed(body)
      if !isOpen && connection.parser.isComplete { hasEnded = true }
      if let newest = events.last { last = max(last ?? 0, newest.id) }
      if !events.isEmpty || hasEnded { return events }
    }
  }

  private func streamed(_ body: [UInt8]) throws(Stop) -> [EventBody] {
    let texts: [[UInt8]]
    do { texts = try sse.feed(body) } catch {
      throw Stop(.noDaemon, "an event is longer than \(EventStreamParser.longest >> 20) MiB")
    }
    var events: [EventBody] = []
    for text in texts where !text.isEmpty {
      events.append(try Daemon.read(EventBody.self, from: try Daemon.parse(text)))
    }
    return events
  }

  /// One document that lists them.
  private func listed(_ start: [UInt8]) throws(Stop) -> [EventBody] {
    let body = start + (try connection.document(deadline: nil))
    hasEnded = true
    let json = try Daemon.parse(body)
    var events: [EventBody] = []
    for entry in json["events"]?.array ?? [] { events.append(try Daemon.read(EventBody.self, from: entry)) }
    return events
  }
}
