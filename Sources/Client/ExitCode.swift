/// What the process leaves with; scripts and hooks rely on each of them.
package enum ExitCode: Int32, Sendable, CaseIterable {
  /// Done, and everything asked about passed.
  case done = 0
  /// A verdict says no.
  case red = 1
  /// Wrong usage or configuration.
  case usage = 2
  /// No daemon reachable.
  case noDaemon = 3
  /// No verdict in time, or none exists.
  case noVerdict = 4
  /// Permission, conflict, already running.
  case refused = 5
  /// A defect in mcpd.
  case defect = 70
  case interrupted = 130
}
