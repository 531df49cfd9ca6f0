/// What the engine asks of `Execution`: one run of one unit, with all that is needed to judge it later.
package struct RunRequest: Hashable, Sendable {
  package let run: RunID
  package let unit: UnitID
  /// The file that the unit is, where it is one.
  package let path: RelativePath?
  /// The newest change that the run takes into account.
  package let clock: Tick
  package let reason: Reason
  package let attempt: Int
  /// Absolute, as bytes.
  package let root: [UInt8]
  package let settings: DomainSettings
  /// Where the project's tools are, as its person's shell has it: laid over the daemon's own variables.
  package let toolchain: [String: String]
  /// Gives way to everything else on the machine.
  package let isBackground: Bool

  package init(
    run: RunID, unit: UnitID, path: RelativePath?, clock: Tick, reason: Reason, attempt: Int = 1,
    root: [UInt8],
    settings: DomainSettings, toolchain: [String: String] = [:], isBackground: Bool = false
  ) {
    self.run = run
    self.unit = unit
    self.path = path
    self.clock = clock
    self.reason = reason
    self.attempt = attempt
    self.root = root
    self.settings = settings
    self.toolchain = toolchain
    self.isBackground = isBackground
  }
}

/// What the runner makes of an outcome.
package struct Judgement: Hashable, Sendable {
  package let verdict: Verdict
  package let cases: [CaseResult]
  package let failures: [Failure]
  package let note: String?

  package init(verdict: Verdict, cases: [CaseResult] = [], failures: [Failure] = [], note: String? = nil) {
    self.verdict = verdict
    self.cases = cases
    self.failures = failures
    self.note = note
  }
}

/// A unit as a runner finds it.
package struct DiscoveredUnit: Hashable, Sendable {
  package let name: String
  package let path: RelativePath?

  package init(name: String, path: RelativePath?) {
    self.name = name
    self.path = path
  }
}
