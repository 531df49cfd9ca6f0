internal import CLinux
internal import Glibc
package import Model

/// Where time comes from; injected, so that tests drive it by hand.
package protocol Clock: Sendable {
  /// Monotonic; does not jump with the wall clock.
  func now() -> Instant
  func wall() -> Timestamp
}

/// The machine's clocks.
package struct SystemClock: Clock {
  package init() {}

  package func now() -> Instant {
    let time = Self.read(CLOCK_MONOTONIC)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package func wall() -> Timestamp {
    let time = Self.read(CLOCK_REALTIME)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return time
  }
}
