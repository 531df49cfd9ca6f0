internal import CSystemd
internal import Platform

/// What systemd gives and wants to know, where it is there.
enum ServiceManager {
  /// The control socket, if the service manager listens on it.
  static func takeSocket() throws(SystemError) -> ListeningSocket? {
    guard sd_listen_fds(1) >= 1 else { return nil }
    return try ListeningSocket.adopt(Descriptor(owning: 3))
  }

  static func tell(_ state: String) {
    _ = unsafe sd_notify(0, state)
  }

  /// How often to show a sign of life; nil when nobody wants one.
  static var watchdogPeriod: Duration? {
    var microseconds: UInt64 = 0
    return unsafe sd_watchdog_enabled(0, &microseconds) > 0 ? .microseconds(microseconds / 2) : nil
  }
}
