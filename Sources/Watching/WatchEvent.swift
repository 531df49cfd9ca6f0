package import Model

/// What a watcher tells, in order, on its own thread.
package enum WatchEvent: Sendable {
  /// The first crawl is finished and every watch is set. The changes are those since the stored table of the previous life;
  /// nil when there is none, so that anything may have changed.
  case armed(WatchStatus, changedWhileDown: ChangeSet?)
  /// The first change after quiet: something is dirty. `settled` or `calm` follows.
  case noticed(Tick)
  /// Once for each settled set; only real differences, never none.
  case settled(ChangeSet)
  /// What was noticed turned out to be no change.
  case calm
  case gate(Gate)
  /// Counts or mode have moved notably.
  case status(WatchStatus)
  /// The kernel's queue overflowed, `total` times so far; what was lost is being found again.
  case overflow(total: Int)
  /// What is amiss now, complete; replaces the list before.
  case degraded([Diagnostic])
  case rootLost(Diagnostic)
  case rootFound
}
