/// What one run (or the recall of one) says, as it is stored and told.
package struct RunResult: Hashable, Sendable {
  package let run: RunID
  package let unit: UnitID
  /// Nil when the run was discarded because its inputs moved, or was cancelled.
  package let verdict: Verdict?
  package let source: VerdictSource
  /// The tick of the newest change that it takes into account.
  package let clock: Tick
  package let started: Timestamp
  /// From exec to exit.
  package let duration: Duration
  package let attempts: Int
  package let reason: Reason
  package let cases: [CaseResult]
  package let failures: [Failure]
  package let usage: Usage
  package let isolation: IsolationKind
  package let budget: BudgetMode
  package let tracing: TracingMode
  package let discarded: Bool
  /// For verdicts without cases: `no tests collected`, `killed by signal 9`, `over its time of 60 s`.
  package let note: String?

  package init(
    run: RunID, unit: UnitID, verdict: Verdict?, source: VerdictSource = .run, clock: Tick,
    started: Timestamp,
    duration: Duration, attempts: Int = 1, reason: Reason, cases: [CaseResult] = [], failures: [Failure] = [],
    usage: Usage = Usage(), isolation: IsolationKind = .none, budget: BudgetMode = .soft,
    tracing: TracingMode = .none, discarded: Bool = false, note: String? = nil
  ) {
    self.run = run
    self.unit = unit
    self.verdict = verdict
    self.source = source
    self.clock = clock
    self.started = started
    self.duration = duration
    self.attempts = attempts
    self.reason = reason
    self.cases = cases
    self.failures = failures
    self.usage = usage
    self.isolation = isolation
    self.budget = budget
    self.tracing = tracing
    self.discarded = discarded
    self.note = note
  }
}

/// How budgets are enforced.
package enum BudgetMode: String, Sendable {
  case cgroup
  case soft
}

/// How inputs are observed.
package enum TracingMode: String, Sendable {
  case seccomp
  case none
}

/// One test inside a unit.
package struct CaseResult: Hashable, Sendable {
  package let name: String
  package let verdict: Verdict
  package let duration: Duration?

  package init(name: String, verdict: Verdict, duration: Duration? = nil) {
    self.name = name
    self.verdict = verdict
    self.duration = duration
  }
}

/// One complaint: which case, what it says, and where.
package struct Failure: Hashable, Sendable {
  /// Nil when the unit as a whole failed.
  package let caseName: String?
  /// One line.
  package let message: String
  /// Relative to the root where it lies inside, else absolute.
  package let file: String?
  package let line: Int?

  package init(caseName: String?, message: String, file: String? = nil, line: Int? = nil) {
    self.caseName = caseName
    self.message = message
    self.file = file
    self.line = line
  }
}

/// What a run used; nil is unknown.
package struct Usage: Hashable, Sendable {
  package var cpu: Duration?
  package var memoryPeakBytes: UInt64?

  package init(cpu: Duration? = nil, memoryPeakBytes: UInt64? = nil) {
    self.cpu = cpu
    self.memoryPeakBytes = memoryPeakBytes
  }
}
