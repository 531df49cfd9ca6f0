internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// Start and end, overflow, and new settings.
extension Watcher {
  /// Reads the rules, crawls, and tells that the watch is set.
  func arm() {
    if let failure = cookies.arm(notifyNumber) { cookieFailure = failure }
    readLayout()
    watchGit()
    let isContinued = restore()
    watchPlaces()
    watchMounts()
    if openRoot() == nil { loseRoot(errno) } else { crawlAll(isContinued ? .deep : .adopt) }
    dropAdrift()
    settle()
    closeRoot()
    isArmed = true
    refreshStatus()
    toldStatus = status
    storeFirst()
    tell(.armed(status, changedWhileDown: isContinued ? missedChanges() : nil))
    feedWorker()
  }

  /// What changed since the caller last kept a tick: with what was told to a caller that did not live to keep it.
  private func missedChanges() -> ChangeSet? {
    guard let kept = options.resumeAfter else {
      return changedWhileDown ?? ChangeSet(tick: ticks.current, changes: [])
    }
    let answer = changes(since: kept)
    return answer.fresh ? nil : ChangeSet(tick: answer.clock, changes: answer.changes)
  }

  /// Events were lost: everything is compared, at once the first time and with growing pauses while it goes on.
  func noteOverflow() {
    status.overflows += 1
    tell(.overflow(total: status.overflows))
    let now = clock.now()
    let isAgain = lastOverflow.map { now - $0 < .seconds(10) } ?? false
    lastOverflow = now
    overflowPause = isAgain ? min(max(overflowPause * 2, .milliseconds(50)), .seconds(5)) : .zero
    rescan(at: now + overflowPause)
  }

  /// Compares the whole tree with the table when the time has come, or when somebody asks.
  func rescan(at time: Instant) {
    rescanAt = min(rescanAt ?? time, time)
    note(FileTable.root, NameArena.empty, isFinished: false)
  }

  func reconfigure(ignore: [String], settle: SettleSettings) {
    settler.settings = settle
    options.settle = settle
    if ignore == options.ignore { return }
    options.ignore = ignore
    if isArmed {
      ruleMarks.insert(FileTable.root)
      note(FileTable.root, NameArena.empty, isFinished: true)
    }
  }
}

extension Watcher {
  /// Answers those who still wait, with what is known.
  func stop() {
    if isArmed { settle() }
    storeFinally()
    for waiter in waiters {
      let tick = ticks.current
      outputs.append(.call { waiter.done(tick) })
    }
    waiters.removeAll()
    for audit in audits {
      let answer = AuditAnswer(clock: ticks.current, files: 0, directories: 0, differences: [])
      outputs.append(.call { audit.done(answer) })
    }
    audits.removeAll()
    digestWorker.stop()
    closeRoot()
  }
}
