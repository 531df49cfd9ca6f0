internal import CLinux
internal import Glibc
internal import Platform

/// Holds `lock` for as long as this supervisor lives, and says in it who that is.
///
/// It is never let go of by hand: the kernel does it, after everything else, so whoever gets it finds the outcome.
enum RunLock {
  /// `inherited` is the daemon's descriptor, locked before we were started, so that there is no moment between.
  /// False when another process holds the lock.
  static func take(in place: String, inherited: Int32?) throws(SystemError) -> Bool {
    let path = place + "/lock"
    let descriptor: Descriptor
    if let inherited, inherited > 2, cl_fcntl(inherited, F_GETFD, 0) >= 0 {
      // The run must not inherit it in turn: a left-over would keep us looking alive.
      _ = cl_fcntl(inherited, F_SETFD, Int(FD_CLOEXEC))
      descriptor = Descriptor(owning: inherited)
    } else {
      descriptor = try Files.open(path, [.readWrite, .create])
    }
    if flock(descriptor.number, LOCK_EX | LOCK_NB) != 0 {
      if errno == EWOULDBLOCK { return false }
      throw .last("lock", path)
    }
    let startTime = ProcessIdentity(pid: getpid())?.startTime ?? 0
    _ = ftruncate(descriptor.number, 0)
    try Files.write("\(getpid()) \(startTime)\n".utf8, to: descriptor, named: path)
    _ = descriptor.release()
    return true
  }
}
