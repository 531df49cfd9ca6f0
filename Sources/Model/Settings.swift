/// A project's settings, complete: every default filled in. Where each came from is `Configuration`'s knowledge.
package struct ProjectSettings: Hashable, Sendable {
  package var name: String
  /// Patterns in gitignore syntax, read after `.gitignore` and `.mcpdignore`.
  package var ignore: [String] = []
  package var settle = SettleSettings()
  /// Start testing as soon as the daemon is up.
  package var sniffing = true
  package var limits = LimitSettings()
  /// In the order in which they were written.
  package var domains: [DomainSettings] = []

  package init(name: String) {
    self.name = name
  }
}

package struct SettleSettings: Hashable, Sendable {
  package var quiet: Duration = .milliseconds(20)
  package var atMost: Duration = .seconds(2)

  package init() {}
}

package struct LimitSettings: Hashable, Sendable {
  /// Shares of the machine, 0 to 1.
  package var machineCPU = 0.8
  package var machineMemory = 0.8
  /// For all that the daemon keeps.
  package var diskBytes: UInt64 = 20 << 30

  package init() {}
}

package enum RunnerKind: String, Sendable, CaseIterable {
  case pytest, unittest, swift, cargo, go, node, ctest, make, tap, bats, prove, junit, sarif, command,
    browser, docs
}

package enum IsolationKind: String, Sendable, CaseIterable {
  case full, readonly, none
}

package enum NetworkKind: String, Sendable, CaseIterable {
  case none, loopback, full
}

package enum FindingSeverity: String, Sendable, CaseIterable {
  case low, medium, high, critical
}

/// What starts a domain's units.
package enum Trigger: Hashable, Sendable {
  case save
  case commit
  case push
  case manual
  case every(Duration)
}

/// What a domain may use; nil is "as much as the machine-wide limits leave".
package struct Budget: Hashable, Sendable {
  /// In cores.
  package var cpu: Double?
  package var memoryBytes: UInt64?
  package var processes: Int?
  package var ioWeight: Int?
  /// Wall time of one run.
  package var time: Duration = .seconds(600)
  /// Wall time of all runs of one plan together.
  package var totalTime: Duration?

  package init() {}
}

package struct Retries: Hashable, Sendable {
  package var failed = 0
  package var flaky = 0

  package init(failed: Int = 0, flaky: Int = 0) {
    self.failed = failed
    self.flaky = flaky
  }
}

package enum CachePolicy: Hashable, Sendable {
  case off
  case maxAge(Duration)
  /// Without an age limit (`cache: true`).
  case on
}

package struct Quarantine: Hashable, Sendable {
  package let unit: String
  /// `YYYY-MM-DD`; the last day on which it counts.
  package let until: String
  package let reason: String

  package init(unit: String, until: String, reason: String) {
    self.unit = unit
    self.until = until
    self.reason = reason
  }
}

package struct Defer: Hashable, Sendable {
  package let longerThan: Duration
  package let to: Trigger

  package init(longerThan: Duration, to: Trigger) {
    self.longerThan = longerThan
    self.to = to
  }
}

package struct ServiceSettings: Hashable, Sendable {
  package enum Share: String, Sendable, CaseIterable {
    case run, domain, project
  }

  package let name: String
  package var command: [String]
  package var readyPort: Int?
  package var reset: [String]?
  package var share: Share = .run

  package init(name: String, command: [String]) {
    self.name = name
    self.command = command
  }
}

/// The settings of one domain.
package struct DomainSettings: Hashable, Sendable {
  package let name: DomainName
  package var runner: RunnerKind
  /// Which files are units, as glob patterns relative to the domain's directory; nil: what the runner finds.
  package var include: [String]?
  /// Nil: the runner's own.
  package var command: [String]?
  /// Where it runs, relative to the root: the root itself, or the directory of a nested `.mcpd.yaml` or detected package.
  package var directory: RelativePath = .root
  package var triggers: [Trigger] = [.save]
  package var priority = 50
  package var needs: [DomainName] = []
  /// Nil: the number of cores.
  package var parallel: Int?
  package var arguments: [String] = []
  package var budget = Budget()
  package var isolation: IsolationKind = .full
  package var network: NetworkKind = .loopback
  package var reach: [String] = []
  package var writes: [String] = []
  package var reads: [String] = []
  package var environment: [String: String] = [:]
  package var passEnvironment: [String] = []
  package var environmentFiles: [String] = []
  package var secrets: [String] = []
  package var caches: [String] = []
  package var inputs: [String] = []
  package var assumeUnused: [String] = []
  package var deferral: Defer?
  package var quarantine: [Quarantine] = []
  package var services: [ServiceSettings] = []
  package var warm = true
  package var retries = Retries()
  package var cache: CachePolicy = .maxAge(.seconds(7 * 86_400))
  package var failOn: FindingSeverity = .high

  package init(name: DomainName, runner: RunnerKind) {
    self.name = name
    self.runner = runner
  }

  /// Whether a saved file makes it run.
  package var runsOnSave: Bool { triggers.contains(.save) }
}
