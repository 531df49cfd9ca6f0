package import Model

/// Decides what runs, in which order, and says why. Pure: the engine hands it what stands, it answers with data.
package enum Planner {
  /// One unit that may have to run.
  package struct Candidate: Hashable, Sendable {
    package let unit: UnitID
    package let priority: Int
    /// Nil when its verdict holds: it is recalled, not run.
    package let reason: Reason?
    package let lastVerdict: Verdict?
    package let lastDuration: Duration?
    /// Whether the unit's own file is among the changes.
    package let isChangedItself: Bool

    package init(
      unit: UnitID, priority: Int, reason: Reason?, lastVerdict: Verdict?, lastDuration: Duration?,
      isChangedItself: Bool
    ) {
      self.unit = unit
      self.priority = priority
      self.reason = reason
      self.lastVerdict = lastVerdict
      self.lastDuration = lastDuration
      self.isChangedItself = isChangedItself
    }
  }

  /// By priority of the domain; then what failed before, what was itself edited, what has no verdict yet, and the
  /// quickest; at last by name, so that equal plans are equal.
  package static func plan(clock: Tick, candidates: [Candidate]) -> Plan {
    let due = candidates.filter { $0.reason != nil }.sorted(by: goesBefore)
    return Plan(
      clock: clock,
      assignments: due.map { Plan.Assignment(unit: $0.unit, priority: $0.priority, reason: $0.reason!) },
      recalled: candidates.count - due.count)
  }

  private static func goesBefore(_ left: Candidate, _ right: Candidate) -> Bool {
    let (a, b) = (rank(left), rank(right))
    return a == b ? left.unit < right.unit : a.lexicographicallyPrecedes(b)
  }

  private static func rank(_ candidate: Candidate) -> [Int64] {
    [
      Int64(-candidate.priority),
      candidate.lastVerdict?.isRed == true ? 0 : 1,
      candidate.isChangedItself ? 0 : 1,
      candidate.lastVerdict == nil ? 0 : 1,
      candidate.lastDuration?.wholeMilliseconds ?? 0,
    ]
  }
}
