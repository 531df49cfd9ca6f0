/// What `GET /api/v1/status` says. Keys on the wire are the names here in snake case.
package struct Status: Hashable, Sendable {
  package enum State: String, Sendable, CaseIterable {
    case green, red, running, unknown, paused
  }

  package struct Daemon: Hashable, Sendable {
    package var version: String
    package var pid: Int
    package var started: String
    package var stateDirectory: String

    package init(version: String, pid: Int, started: String, stateDirectory: String) {
      self.version = version
      self.pid = pid
      self.started = started
      self.stateDirectory = stateDirectory
    }
  }

  package var clock: UInt64
  package var state: State
  package var daemon: Daemon
  /// What concerns the whole daemon.
  package var degraded: [Complaint]
  package var projects: [Project]

  package init(clock: UInt64, state: State, daemon: Daemon, degraded: [Complaint], projects: [Project]) {
    self.clock = clock
    self.state = state
    self.daemon = daemon
    self.degraded = degraded
    self.projects = projects
  }

  package struct Project: Hashable, Sendable {
    package var name: String
    package var root: String
    package var state: State
    package var sniffing: Bool
    package var gate: GateBody
    package var watch: Watch
    package var domains: [Domain]
    /// The red ones, worst first; bounded, `failing` counts them all.
    package var failures: [UnitFailure]
    package var failing: Int
    package var degraded: [Complaint]

    package init(
      name: String, root: String, state: State, sniffing: Bool, gate: GateBody, watch: Watch,
      domains: [Domain],
      failures: [UnitFailure], failing: Int, degraded: [Complaint]
    ) {
      self.name = name
      self.root = root
      self.state = state
      self.sniffing = sniffing
      self.gate = gate
      self.watch = watch
      self.domains = domains
      self.failures = failures
      self.failing = failing
      self.degraded = degraded
    }
  }

  /// `{"state":"open|closed","reason":null,"text":"…"}`
  package struct GateBody: Hashable, Sendable {
    package var isOpen: Bool
    package var reason: String?
    package var text: String

    package init(isOpen: Bool, reason: String?, text: String) {
      self.isOpen = isOpen
      self.reason = reason
      self.text = text
    }
  }

  package struct Watch: Hashable, Sendable {
    package var mode: String
    package var directories: Int
    package var files: Int
    package var overflows: Int
    package var rescans: Int

    package init(mode: String, directories: Int, files: Int, overflows: Int, rescans: Int) {
      self.mode = mode
      self.directories = directories
      self.files = files
      self.overflows = overflows
      self.rescans = rescans
    }
  }

  package struct Domain: Hashable, Sendable {
    package var name: String
    package var state: State
    package var units: Int
    package var passed: Int
    package var failed: Int
    package var error: Int
    package var timedOut: Int
    package var skipped: Int
    package var flaky: Int
    package var unknown: Int
    package var queued: Int
    package var running: Int
    package var budget: String
    package var isolation: String
    package var tracing: String
    /// Why nothing of it runs now: `waits for lint`; nil when nothing holds it.
    package var waiting: String?

    package init(
      name: String, state: State, units: Int, passed: Int, failed: Int, error: Int, timedOut: Int,
      skipped: Int,
      flaky: Int, unknown: Int, queued: Int, running: Int, budget: String, isolation: String, tracing: String,
      waiting: String?
    ) {
      self.name = name
      self.state = state
      self.units = units
      self.passed = passed
      self.failed = failed
      self.error = error
      self.timedOut = timedOut
      self.skipped = skipped
      self.flaky = flaky
      self.unknown = unknown
      self.queued = queued
      self.running = running
      self.budget = budget
      self.isolation = isolation
      self.tracing = tracing
      self.waiting = waiting
    }
  }

  /// A red unit with its first complaint.
  package struct UnitFailure: Hashable, Sendable {
    package var domain: String
    package var unit: String
    package var caseName: String?  // `case` on the wire
    package var verdict: String
    package var message: String?
    package var file: String?
    package var line: Int?
    package var since: String

    package init(
      domain: String, unit: String, caseName: String?, verdict: String, message: String?, file: String?,
      line: Int?,
      since: String
    ) {
      self.domain = domain
      self.unit = unit
      self.caseName = caseName
      self.verdict = verdict
      self.message = message
      self.file = file
      self.line = line
      self.since = since
    }
  }

  /// Something that does not work as it should, and how to mend it.
  package struct Complaint: Hashable, Sendable {
    package var code: String
    package var text: String
    package var hint: String?

    package init(code: String, text: String, hint: String?) {
      self.code = code
      self.text = text
      self.hint = hint
    }
  }
}
