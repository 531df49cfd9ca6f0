/// Ordered assignments for one clock: data that the engine only interprets.
package struct Plan: Hashable, Sendable {
  package struct Assignment: Hashable, Sendable {
    package let unit: UnitID
    /// The domain's priority, 0 to 100; the order of the assignments is the order to run them in.
    package let priority: Int
    package let reason: Reason

    package init(unit: UnitID, priority: Int, reason: Reason) {
      self.unit = unit
      self.priority = priority
      self.reason = reason
    }
  }

  package let clock: Tick
  package let assignments: [Assignment]
  /// How many units keep their verdict because their inputs stand.
  package let recalled: Int

  package init(clock: Tick, assignments: [Assignment], recalled: Int) {
    self.clock = clock
    self.assignments = assignments
    self.recalled = recalled
  }
}
