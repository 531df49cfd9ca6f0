internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// Start, the root, overflow, and what is to be done when.
extension Watcher {
  /// Reads the rules, crawls, and tells that the watch is set.
  func arm() {
    if let failure = cookies.arm(notifyNumber) { cookieFailure = failure }
    readLayout()
    watchGit()
    let isContinued = restore()
    crawl([rootTask()], isContinued ? .deep : .adopt)
    dropAdrift()
    settle()
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

  func rootMoved() {
    rescan()
  }

  func noteOverflow() {
    status.overflows += 1
    tell(.overflow(total: status.overflows))
    rescan()
  }

  /// Compares the whole tree with the table.
  func rescan() {
    needsRescan = true
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

  // MARK: Sync

  /// Puts a cookie behind everything that is queued; `done` is called when it was met and everything before it was told.
  func sync(passesGate: Bool, _ done: @escaping @Sendable (Tick) -> Void) {
    if cookies.watch < 0 { cookieFailure = cookies.arm(notifyNumber) }
    if cookies.watch >= 0, let cookie = try? cookies.bake() {
      waiters.append(Waiter(cookie: cookie, passesGate: passesGate, done: done))
    } else {
      // No place for a cookie (a full or read-only disk): the queue is read to its end instead, which proves the same.
      waiters.append(Waiter(cookie: 0, passesGate: passesGate, ready: clock.now(), done: done))
    }
  }

  /// What the loop calls after each reading of the queue.
  func advance() {
    defer { closeRoot() }
    if !isArmed { return }
    if !structure.isEmpty { processStructure() }
    let now = clock.now()
    collectDigests()
    advanceGate()
    let isHeld = keeper.holdsBack
    let isDue = !isHeld && (settler.deadline.map { $0 <= now } ?? false)
    let isAsked = waiters.contains(where: isAnswerable)
    if isAsked && !awaited.isEmpty, let patience, patience <= now { giveUpAwaited() }
    if isDue || isAsked && (!settler.isQuiet || awaited.isEmpty) && retryAt.map({ $0 <= now }) ?? true {
      if needsRescan {
        needsRescan = false
        status.rescans += 1
        crawl([rootTask()], .deep)
        dropAdrift()
      }
      if hasUnwatchedLinks { markUnwatchedLinks() }
      settle()
      // Short: who asked waits for the events that explain what could not be reached.
      retryAt = isResolved && !needsRescan ? nil : now + .milliseconds(2)
      if awaited.isEmpty && retryAt == nil {
        for waiter in waiters where isAnswerable(waiter) {
          let tick = ticks.current
          outputs.append(.call { waiter.done(tick) })
        }
        waiters.removeAll(where: isAnswerable)
      }
      if status != toldStatus {
        toldStatus = status
        tell(.status(status))
      }
    }
    if let storeAt, storeAt <= clock.now() {
      settler.isQuiet ? storeNow() : (self.storeAt = clock.now() + .milliseconds(500))
    }
  }

  /// When `advance` wants to be called again if nothing happens before.
  var nextDeadline: Instant? {
    if !isArmed { return nil }
    let settled = keeper.holdsBack ? nil : settler.deadline
    let retry = waiters.contains(where: isAnswerable) ? retryAt : nil
    return [settled, retry, storeAt, keeper.nextLook, awaited.isEmpty ? nil : patience].compactMap { $0 }
      .min()
  }

  /// Until when those who wait for a `sync` wait for the digests of large files.
  private var patience: Instant? {
    waiters.filter(isAnswerable).compactMap(\.ready).min().map { $0 + .seconds(1) }
  }

  /// Whether everything before a waiter's call was met, and the gate does not keep it waiting.
  private func isAnswerable(_ waiter: Waiter) -> Bool {
    waiter.ready != nil && (waiter.passesGate || !keeper.holdsBack)
  }

  // MARK: Questions

  func changes(since clock: Tick) -> ChangesAnswer {
    let now = ticks.current
    guard clock <= now, let touched = history.since(clock) else {
      let files = allFiles().map { Change(path: $0, kind: .created, tick: now) }
      return ChangesAnswer(clock: now, fresh: true, changes: files)
    }
    var changes: [Change] = []
    for (id, existed, tick) in touched {
      let exists = paths.entry(id, in: table).map { !table.isDirectory($0) } ?? false
      let kind: ChangeKind
      switch (existed, exists) {
      case (false, false): continue
      case (false, true): kind = .created
      case (true, true): kind = .changed
      case (true, false): kind = .deleted
      }
      changes.append(
        Change(path: RelativePath(unchecked: paths.bytes(id, names: table.names)), kind: kind, tick: tick))
    }
    changes.sort { $0.path < $1.path }
    return ChangesAnswer(clock: now, fresh: false, changes: changes)
  }

  /// Everything that is watched and no directory, as it is recorded.
  func view() -> [ViewedFile] {
    var found: [ViewedFile] = []
    forEachFile(below: FileTable.root) { entry in
      found.append(
        ViewedFile(
          path: RelativePath(unchecked: table.path(entry)), status: table.status(entry),
          digest: table.digest(entry)))
    }
    return found.sorted { $0.path < $1.path }
  }

  func allFiles() -> [RelativePath] { files { _ in true } }

  func files(matching patterns: [Wildmatch]) -> [RelativePath] {
    files { path in patterns.contains { $0.matches(path) } }
  }

  private func files(_ isWanted: ([UInt8]) -> Bool) -> [RelativePath] {
    var found: [RelativePath] = []
    var stack: [(Entry, [UInt8])] = [(FileTable.root, [])]
    while let (directory, path) = stack.popLast() {
      var child = table.firstChild(directory)
      while child != FileTable.none {
        let below = Self.join(path, table.nameBytes(child))
        if table.isDirectory(child) {
          stack.append((child, below))
        } else if isWanted(below) {
          found.append(RelativePath(unchecked: below))
        }
        child = table.next(child)
      }
    }
    return found.sorted()
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
