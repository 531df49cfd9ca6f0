internal import CLinux
internal import Glibc

/// Signals as something to read: they are blocked for this thread (and those it starts) and arrive here instead.
package struct SignalDescriptor: ~Copyable, Sendable {
  package let descriptor: Descriptor

  /// Call it before any other thread is started.
  package init(_ signals: [Int32]) throws(SystemError) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    let number = unsafe signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    if number < 0 { throw .last("receive", "signals") }
    descriptor = Descriptor(owning: number)
  }

  /// The next signal that has arrived; nil when there is none.
  package borrowing func next() -> Int32? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    let count = unsafe read(descriptor.number, &info, size)
    return count == size ? Int32(info.ssi_signo) : nil
  }

  /// Ignores a signal for the whole process.
  package static func ignore(_ number: Int32) {
    signal(number, SIG_IGN)
  }
}
