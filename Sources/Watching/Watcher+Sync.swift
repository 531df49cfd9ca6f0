internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// What is done after each reading of the queue, and when to come back.
extension Watcher {
  /// Puts a cookie behind everything that is queued; `done` is called when it was met and everything before it was told.
  func sync(passesGate: Bool, _ done: @escaping @Sendable (Tick) -> Void) {
    waiters.append(Waiter(cookie: bakeCookie(), passesGate: passesGate, done: done))
    if waiters[waiters.count - 1].cookie == 0 { waiters[waiters.count - 1].ready = clock.now() }
  }

  /// A cookie's number; 0 where there is no place for one (a full or read-only disk). Then the queue is read to its end instead,
  /// which proves the same, as the kernel queues an event before the call that caused it returns.
  private func bakeCookie() -> UInt64 {
    if cookies.watch < 0 { cookieFailure = cookies.arm(notifyNumber) }
    if cookies.watch < 0 { return 0 }
    return (try? cookies.bake()) ?? 0
  }

  func advance() {
    defer { closeRoot() }
    if !isArmed { return }
    let now = clock.now()
    if isRootSuspect || nextRootCheck.map({ $0 <= now }) ?? false {
      lastRootCheck = now
      checkRoot()
    }
    if !structure.isEmpty { processStructure() }
    if let pollAt, pollAt <= now { pollDirectories() }
    collectDigests()
    advanceGate()
    let isDue = !keeper.holdsBack && [settler.deadline, rescanAt].contains { $0.map { $0 <= now } ?? false }
    let isAsked = waiters.contains(where: isAnswerable) && retryAt.map { $0 <= now } ?? true
    if isAsked && !awaited.isEmpty, let patience, patience <= now { giveUpAwaited() }
    if isDue || isAsked && (!settler.isQuiet || awaited.isEmpty) { settleAndAnswer(isAsked: isAsked, now) }
    if let storeAt, storeAt <= now {
      if settler.isQuiet { storeNow() } else { self.storeAt = now + .milliseconds(500) }
    }
    schedulePolling(now)
    tellCondition()
  }

  private func settleAndAnswer(isAsked: Bool, _ now: Instant) {
    if lostAt == nil && openRoot() == nil { checkRoot() }
    if let due = rescanAt, due <= now || isAsked, lostAt == nil {
      rescanAt = nil
      status.rescans += 1
      // Whatever was done before this is found now, though its cookie may have been lost with the rest.
      for index in waiters.indices where waiters[index].ready == nil { waiters[index].ready = now }
      crawlAll(.deep)
      dropAdrift()
    }
    if hasUnwatchedLinks { markUnwatchedLinks() }
    settle()
    // Short: who asked waits for the events that explain what could not be reached.
    retryAt = isResolved && rescanAt == nil || lostAt != nil ? nil : now + .milliseconds(2)
    guard awaited.isEmpty && retryAt == nil else { return }
    for waiter in waiters where isAnswerable(waiter) {
      let tick = ticks.current
      outputs.append(.call { waiter.done(tick) })
    }
    waiters.removeAll(where: isAnswerable)
  }

  private func tellCondition() {
    refreshStatus()
    if status != toldStatus && settler.isQuiet {
      toldStatus = status
      tell(.status(status))
    }
    let list = complaints()
    if list != toldComplaints {
      toldComplaints = list
      tell(.degraded(list))
    }
  }

  /// When `advance` wants to be called again if nothing happens before.
  var nextDeadline: Instant? {
    if !isArmed { return nil }
    let settled = keeper.holdsBack ? nil : [settler.deadline, rescanAt].compactMap { $0 }.min()
    let retry = waiters.contains(where: isAnswerable) ? retryAt : nil
    let patience = awaited.isEmpty ? nil : patience
    return [settled, retry, storeAt, pollAt, nextRootCheck, keeper.nextLook, patience].compactMap { $0 }.min()
  }

  /// Until when those who wait for a `sync` wait for the digests of large files.
  private var patience: Instant? {
    waiters.filter(isAnswerable).compactMap(\.ready).min().map { $0 + .seconds(1) }
  }

  /// Whether everything before a waiter's call was met, and the gate does not keep it waiting.
  private func isAnswerable(_ waiter: Waiter) -> Bool {
    waiter.ready != nil && (waiter.passesGate || !keeper.holdsBack)
  }
}
