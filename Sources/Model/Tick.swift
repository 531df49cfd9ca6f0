/// One tick of the daemon's clock: every event takes the next one, across restarts.
package struct Tick: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let number: UInt64

  package init(_ number: UInt64) {
    self.number = number
  }

  /// Before anything has happened.
  package static let zero = Tick(0)

  package static func < (left: Tick, right: Tick) -> Bool { left.number < right.number }

  package var description: String { String(number) }
}

/// Where ticks come from: one source for the whole daemon, so that every change and every event has its own.
package protocol TickSource: Sendable {
  /// Takes the next tick. Cheap: it may be called for every event on a hot path.
  func next() -> Tick
  /// The newest tick taken.
  var current: Tick { get }
}
