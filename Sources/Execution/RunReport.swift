package import Model

/// How one run ended, as the engine gets it: exactly one for each run that was started or adopted.
package struct RunReport: Hashable, Sendable {
  package enum End: String, Hashable, Sendable {
    /// It came to an end of its own (or never started): `judgement` holds.
    case judged
    /// It was stopped on request; there is no judgement.
    case stopped
    /// Its supervisor died or could not tell; the judgement is an error that is worth one more try.
    case supervisorDied
    /// Found at start with neither outcome nor supervisor: nothing is known of it, its unit has to run again.
    case lost
  }

  package let request: RunRequest
  package let end: End
  /// Nil for `lost`, and where the supervisor left none.
  package let outcome: RunOutcome?
  package let judgement: Judgement?
  /// The kept output.
  package let output: [UInt8]
  package let outputDropped: UInt64
  package let started: Timestamp
  /// From exec to exit.
  package let duration: Duration
  package let usage: Usage

  package init(
    request: RunRequest, end: End, outcome: RunOutcome?, judgement: Judgement?, output: [UInt8],
    started: Timestamp
  ) {
    self.request = request
    self.end = end
    self.outcome = outcome
    self.judgement = judgement
    self.output = output
    self.outputDropped = outcome?.outputDropped ?? 0
    self.started = outcome?.started ?? started
    self.duration = outcome?.duration ?? .zero
    self.usage = outcome?.usage ?? Usage()
  }

  /// How runs are isolated, traced and bounded by this room.
  package static let isolation = IsolationKind.none
  package static let tracing = TracingMode.none
  package static let budget = BudgetMode.soft
}
