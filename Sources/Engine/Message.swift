package import Model
package import Wire

/// Everything that can happen, as the dispatcher hears of it: one ordered stream, one message at a time.
package enum Message: Sendable {
  // From the configuration.
  case projectAdded(ProjectOpening)
  case settings(ProjectName, SettingsReport)
  case projectRemoved(ProjectName)

  // From the watcher of a project. `armed` comes once per arming, with what changed since the stored clock.
  case armed(ProjectName, ChangesAnswer)
  case changed(ProjectName, ChangeSet)
  case gate(ProjectName, Gate)
  case watch(ProjectName, WatchStatus)
  case overflow(ProjectName, total: Int)
  case degraded(ProjectName, [Diagnostic])
  case rootLost(ProjectName, Diagnostic)
  case rootFound(ProjectName)
  /// All changes made before the order `.syncWatch` with this ticket have been handed in as messages before this one.
  case synced(SyncTicket, Tick)

  // From the runners.
  case unitsFound(ProjectName, DomainName, generation: UInt64, DiscoveryAnswer)
  case adopted(RunRequest)
  case runEnded(RunEnd)

  // From storage: everything up to this sequence number is durable.
  case recorded(UInt64)
  case storage([Diagnostic])

  // From clients.
  case sniff(SniffRequest, Ticket)
  case sync(project: String?, seenOnly: Bool, Ticket)
  case giveUp(Ticket)
  case command(Command, Ticket)

  /// A moment that was asked for by `.wake` has come.
  case woken
}

/// A client's request that waits for its answer.
package struct Ticket: Hashable, Sendable {
  package let number: UInt64

  package init(_ number: UInt64) {
    self.number = number
  }
}

/// Why the watcher was asked to prove that it has seen everything.
package enum SyncTicket: Hashable, Sendable {
  case client(Ticket)
  /// A run has ended; its verdict counts only if nothing moved before this moment.
  case run(RunID)
}

/// A project as it is opened: settings, and what the journal knows of it.
package struct ProjectOpening: Sendable {
  package var name: ProjectName
  package var root: String
  package var report: SettingsReport
  package var isSniffing: Bool
  /// The newest change that the journal knows of: verdicts from before it do not hold.
  package var lastChange: Tick
  /// The newest stored result of each unit.
  package var results: [StoredVerdict]
  /// The first full run was held back in an earlier life.
  package var isFirstRunHeld: Bool
  package var toolchain: [String: String]
  /// Digests of the domains' settings under which those results came about.
  package var settingsDigests: [DomainName: String]

  package init(
    name: ProjectName, root: String, report: SettingsReport, isSniffing: Bool, lastChange: Tick,
    results: [StoredVerdict], settingsDigests: [DomainName: String], isFirstRunHeld: Bool = false,
    toolchain: [String: String] = [:]
  ) {
    self.name = name
    self.root = root
    self.report = report
    self.isSniffing = isSniffing
    self.lastChange = lastChange
    self.results = results
    self.settingsDigests = settingsDigests
    self.isFirstRunHeld = isFirstRunHeld
    self.toolchain = toolchain
  }
}

/// A result as it lies in the journal.
package struct StoredVerdict: Hashable, Sendable {
  package let result: RunResult
  package let log: Digest?
  package let redSince: Timestamp?

  package init(result: RunResult, log: Digest?, redSince: Timestamp?) {
    self.result = result
    self.log = log
    self.redSince = redSince
  }
}

/// What loading the configuration gave. Without settings the last good ones stay in force.
package struct SettingsReport: Sendable {
  package var settings: ProjectSettings?
  package var diagnostics: [Diagnostic]
  /// Nothing says what to test, so the layout did: it is looked at again when files come or go.
  package var isDetected: Bool
  package var domainDigests: [DomainName: String]

  package init(
    settings: ProjectSettings?, diagnostics: [Diagnostic], isDetected: Bool,
    domainDigests: [DomainName: String]
  ) {
    self.settings = settings
    self.diagnostics = diagnostics
    self.isDetected = isDetected
    self.domainDigests = domainDigests
  }
}

package enum DiscoveryAnswer: Hashable, Sendable {
  case units([DiscoveredUnit])
  case failed(Diagnostic)
}

/// How a run ended, judged by its runner.
package struct RunEnd: Sendable {
  package enum Kind: Hashable, Sendable {
    case judged(Judgement)
    /// The daemon asked for the stop.
    case stopped
    /// Its supervisor was gone, or it could not be started for a reason that is not the test's.
    case lost(String)
  }

  package var request: RunRequest
  package var kind: Kind
  package var started: Timestamp
  package var duration: Duration
  package var usage: Usage
  package var log: [UInt8]

  package init(
    request: RunRequest, kind: Kind, started: Timestamp, duration: Duration, usage: Usage = Usage(),
    log: [UInt8] = []
  ) {
    self.request = request
    self.kind = kind
    self.started = started
    self.duration = duration
    self.usage = usage
    self.log = log
  }
}
