internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// Ends and reaps every process that a run left below its supervisor.
///
/// The supervisor is the sub-reaper, so whoever double-forked or made a session of its own is still its descendant.
struct LeftOvers {
  private(set) var killed: Set<ProcessIdentity> = []

  /// Reaps what has ended; true when nothing is left below us.
  static func reap() -> Bool {
    while true {
      var end = cl_end()
      let result = unsafe cl_reap_any(&end)
      if result == -ECHILD { return true }
      if result == 0 && end.pid == 0 { return false }
    }
  }

  /// Reaps orphans that came to us while the run's own process lives, so that a long run collects no zombies.
  static func reapOrphans(except own: Int32) {
    while true {
      let pid = cl_peek_ended()
      if pid <= 0 || pid == own { return }
      var end = cl_end()
      _ = unsafe cl_reap_child(pid, &end)
    }
  }

  /// One round: everything is stopped first, again and again until nobody new shows up, and only then killed, so that a
  /// process that forks faster than we look cannot stay ahead. Signals go to whole groups: against that a fork in the
  /// same group cannot race. The groups are the run's own, since it was started in a session of its own.
  mutating func killAll() {
    let own = getpgrp()
    var known: Set<ProcessIdentity> = []
    var groups: Set<Int32> = []
    for _ in 0..<20 {
      let found = ProcessTable.descendants(of: getpid()).filter { $0.state != UInt8(ascii: "Z") }
      let new = found.filter { !known.contains($0.identity) }
      if new.isEmpty { break }
      for entry in new {
        known.insert(entry.identity)
        if entry.group > 1 && entry.group != own {
          groups.insert(entry.group)
        } else {
          entry.identity.signal(SIGSTOP)
        }
      }
      for group in groups { _ = kill(-group, SIGSTOP) }
    }
    for group in groups { _ = kill(-group, SIGKILL) }
    for identity in known { identity.signal(SIGKILL) }
    killed.formUnion(known)
  }
}
