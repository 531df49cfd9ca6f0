internal import Engine
internal import Model
internal import Platform
internal import Synchronization

/// Shows systemd a sign of life as often as it wants one, through the dispatcher: if that hangs, the signs end.
final class Watchdog: Sendable {
  private let alarm = Mutex<Alarm?>(nil)
  private let period: Duration
  private let engine: Engine

  static func start(_ engine: Engine) -> Watchdog? {
    guard let period = ServiceManager.watchdogPeriod else { return nil }
    let watchdog = Watchdog(engine, period)
    guard let alarm = try? Alarm(named: "watchdog", ring: { watchdog.ring() }) else { return nil }
    watchdog.alarm.withLock { $0 = alarm }
    watchdog.ring()
    return watchdog
  }

  private init(_ engine: Engine, _ period: Duration) {
    self.engine = engine
    self.period = period
  }

  private func ring() {
    engine.afterNextMessage { ServiceManager.tell("WATCHDOG=1") }
    alarm.withLock { $0 }?.set(at: SystemClock().now() + period)
  }

  func stop() {
    alarm.withLock { $0 }?.stop()
  }
}
