internal import CLinux
internal import Glibc
package import Model
internal import Synchronization

/// Calls back once at a moment of the monotonic clock; a newer moment replaces an older one. Sleeps in the kernel in between.
package final class Alarm: Sendable {
  private let timer: Descriptor
  private let isStopped = Atomic(false)

  /// `ring` is called on a thread of the alarm's own.
  package init(named name: String, ring: @escaping @Sendable () -> Void) throws(SystemError) {
    let number = timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC))
    if number < 0 { throw .last("make a timer", name) }
    timer = Descriptor(owning: number)
    ThreadBody { [self] in
      while true {
        var count: UInt64 = 0
        let size = unsafe read(timer.number, &count, 8)
        if isStopped.load(ordering: .acquiring) { return }
        if size == 8 { ring() } else if errno != EINTR && errno != ECANCELED { return }
      }
    }.start(named: name)
  }

  package func set(at moment: Instant) {
    // A moment of zero would disarm the timer; one in the past rings at once.
    let nanoseconds = max(1, moment.nanoseconds)
    var time = itimerspec()
    time.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
    time.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
    unsafe timerfd_settime(timer.number, Int32(TFD_TIMER_ABSTIME), &time, nil)
  }

  /// After this it does not ring again (a ring under way may still end).
  package func stop() {
    isStopped.store(true, ordering: .releasing)
    set(at: Instant(nanoseconds: 1))
  }
}
