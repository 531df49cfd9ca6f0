/// What a client may cost. Everything that a server keeps for one is bounded by one of these.
package struct Limits: Sendable {
  /// From the moment a connection could start a request until its head is complete; an idle connection is closed after
  /// this, too, since a head that is dripped cannot be told from one that never starts.
  package var head: Duration = .seconds(30)
  package var headBytes = 64 << 10
  package var headers = 200
  package var body: Duration = .seconds(30)
  package var bodyBytes = 1 << 20
  /// How long a client may take nothing of an answer (streams: without limit, they cost nothing while they wait).
  package var stall: Duration = .seconds(60)
  /// At this many the idle ones are closed, oldest first; nil: half of what the process may open.
  package var connections: Int?
  /// A stream that had nothing to say for this long sends its heartbeat.
  package var heartbeat: Duration = .seconds(15)
  package var threads = 2

  package init() {}
}
