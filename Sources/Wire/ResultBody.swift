package import Model

/// One result on the wire: a run's result, and whether it still holds.
package struct ResultBody: Hashable, Sendable {
  package var result: RunResult
  /// False when the unit's inputs moved since: then `verdict` on the wire is null (the unit is *unknown*) and the
  /// run's own verdict stands under `last`.
  package var holds: Bool
  /// Digest of the kept log in the content store; not on the wire.
  package var log: Digest?

  package init(result: RunResult, holds: Bool, log: Digest?) {
    self.result = result
    self.holds = holds
    self.log = log
  }
}
