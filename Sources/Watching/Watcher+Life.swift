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
    crawl([rootTask()], .adopt)
    dropAdrift()
    isArmed = true
    refreshStatus()
    toldStatus = status
    tell(.armed(status, changedWhileDown: nil))
  }

  func readLayout() {
    layout = options.root.isEmpty ? nil : GitLayout.find(root: options.root)
  }

  /// The scope above the root: the configuration, and what git reads from outside the project.
  func rootScope() -> IgnoreScope {
    let prefix = layout?.prefix ?? []
    let base = prefix.isEmpty ? 0 : prefix.count + 1
    let patterns = options.ignore.compactMap { IgnorePattern(line: Array($0.utf8)) }
    var above: [IgnoreList] = []
    var exclude: IgnoreList?
    if let layout {
      var directory = layout.top
      var depth = 0
      for component in layout.prefix.split(separator: UInt8(ascii: "/")) {
        if let list = IgnoreFiles.list(AT_FDCWD, GitLayout.join(directory, IgnoreFiles.git), depth) {
          above.append(list)
        }
        directory = GitLayout.join(directory, Array(component))
        depth += component.count + 1
      }
      exclude = IgnoreFiles.list(
        AT_FDCWD, GitLayout.join(layout.commonDirectory, Array("info/exclude".utf8)), 0)
    }
    return IgnoreScope(
      configured: IgnoreList(patterns: patterns, base: base), above: above, exclude: exclude,
      global: GlobalExcludes.list())
  }

  func rootTask() -> DirectoryTask {
    DirectoryTask(
      parent: FileTable.none, name: NameArena.empty, path: [], full: layout?.prefix ?? [], outer: rootScope())
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
      waiters.append(Waiter(cookie: 0, passesGate: passesGate, isReady: true, done: done))
    }
  }

  /// What the loop calls after each reading of the queue.
  func advance() {
    defer { closeRoot() }
    if !isArmed { return }
    if !structure.isEmpty { processStructure() }
    let now = clock.now()
    let isDue = settler.deadline.map { $0 <= now } ?? false
    if isDue || waiters.contains(where: { $0.isReady }) {
      if needsRescan {
        needsRescan = false
        status.rescans += 1
        crawl([rootTask()], .deep)
        dropAdrift()
      }
      settle()
      for waiter in waiters where waiter.isReady {
        let tick = ticks.current
        outputs.append(.call { waiter.done(tick) })
      }
      waiters.removeAll { $0.isReady }
      if status != toldStatus {
        toldStatus = status
        tell(.status(status))
      }
    }
  }

  /// When `advance` wants to be called again if nothing happens before.
  var nextDeadline: Instant? { isArmed ? settler.deadline : nil }

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
    settle()
    for waiter in waiters {
      let tick = ticks.current
      outputs.append(.call { waiter.done(tick) })
    }
    waiters.removeAll()
    closeRoot()
  }
}
