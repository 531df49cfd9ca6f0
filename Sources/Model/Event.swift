/// One entry of the daemon's stream, as it is stored and re-read: whoever is late reads it from storage.
package struct Event: Hashable, Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case change
    case plan
    case runStarted = "run-started"
    case runFinished = "run-finished"
    case state
    case gate
    case overflow
    case degraded
    case config
    case queue
  }

  package let tick: Tick
  package let time: Timestamp
  /// Nil for what concerns the whole daemon.
  package let project: ProjectName?
  package let kind: Kind
  /// The members of its own, as the text of a JSON object.
  package let body: [UInt8]

  package init(tick: Tick, time: Timestamp, project: ProjectName?, kind: Kind, body: [UInt8]) {
    self.tick = tick
    self.time = time
    self.project = project
    self.kind = kind
    self.body = body
  }
}
