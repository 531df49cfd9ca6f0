/// How long and how much is kept.
package struct Retention: Hashable, Sendable {
  /// For all that lies in the state directory.
  package var bytes: UInt64
  /// Runs and events older than this go, but never the newest verdict of a unit.
  package var age: Duration

  package init(bytes: UInt64 = 20 << 30, age: Duration = .seconds(90 * 86_400)) {
    self.bytes = bytes
    self.age = age
  }
}
