package import Model

/// One result on the wire: a run's result, and whether it still holds.
package struct ResultBody: Hashable, Sendable {
  package var result: RunResult
  /// False when the unit's inputs moved since: then `verdict` on the wire is null (the unit is *unknown*) and the
  /// run's own verdict stands under `last`.
  package var holds: Bool
  /// Digest of the kept log in the content store; not on the wire.
  package var log: Digest?
  /// How many cases there were, where `result.cases` does not list them (the wire lists them only when asked).
  package var counts: CaseCounts?

  package init(result: RunResult, holds: Bool, log: Digest?, counts: CaseCounts? = nil) {
    self.result = result
    self.holds = holds
    self.log = log
    self.counts = counts
  }

  package var caseCounts: CaseCounts { counts ?? CaseCounts(of: result.cases) }

  /// What counts now: nil is *unknown*.
  package var verdict: Verdict? { holds ? result.verdict : nil }
}

/// The cases of a unit by outcome; everything red is failed.
package struct CaseCounts: Hashable, Sendable {
  package var passed: Int
  package var failed: Int
  package var skipped: Int

  package init(passed: Int, failed: Int, skipped: Int) {
    self.passed = passed
    self.failed = failed
    self.skipped = skipped
  }

  package init(of cases: [CaseResult]) {
    self.init(passed: 0, failed: 0, skipped: 0)
    for one in cases {
      switch one.verdict {
      case .passed: passed += 1
      case .skipped: skipped += 1
      case .failed, .error, .timedOut, .flaky: failed += 1
      }
    }
  }
}
