internal import Glibc
internal import Model
internal import Platform

/// Events from the kernel to marks.
extension Watcher {
  /// Reads all that is queued now. True when there was something.
  @discardableResult
  func drain(_ buffer: inout [UInt8]) -> Bool {
    var hasRead = false
    while true {
      let count = inotify.read(into: &buffer)
      if count <= 0 { break }
      hasRead = true
      var offset = 0
      while let event = Inotify.next(in: buffer, count: count, &offset) { take(event, buffer) }
      // A buffer that is far from full was the end of the queue.
      if count < buffer.count / 2 { break }
    }
    return hasRead
  }

  private func take(_ event: Inotify.Event, _ buffer: [UInt8]) {
    let mask = event.mask
    if mask.contains(.overflow) { return noteOverflow() }
    if event.watch == cookies.watch { return takeCookie(event, buffer) }
    if placeWatches.contains(event.watch), event.name.isEmpty && mask != .attributes || lostAt != nil {
      isRootSuspect = true
    }
    if event.watch == gitWatch { takeGit(event, buffer) }
    if let names = ruleWatches[event.watch] { takeRules(names, event, buffer) }
    if let inode = inodeOfWatch[event.watch] { return takeLink(event, inode) }
    guard let directory = directoryOfWatch[event.watch] else {
      earlyWatches?.insert(event.watch)
      return
    }
    if mask.contains(.ignored) { return lost(event.watch, directory) }
    if event.name.isEmpty {
      if !mask.isDisjoint(with: [.deleteSelf, .moveSelf, .unmount]) { moved(directory) }
      return
    }
    let name = table.names.intern(buffer.span.extracting(event.name))
    if directory == FileTable.root && buffer[event.name].elementsEqual(IgnoreFiles.gitName) {
      isLayoutStale = true
      return
    }
    if mask.contains(.isDirectory) {
      if mask.isDisjoint(with: [.create, .delete, .movedFrom, .movedTo]) {
        // A directory that could not be listed may be open now.
        if let child = table.child(of: directory, named: name), table.has(child, .unreadable) {
          note(directory, name, isFinished: true)
          markStructure(directory, name)
        }
        return
      }
      if table.child(of: directory, named: name) == nil, isIgnored(directory, name, isDirectory: true) {
        return
      }
      note(directory, name, isFinished: false)
      markStructure(directory, name)
    } else {
      if IgnoreFiles.isRuleFile(buffer[event.name]) {
        ruleMarks.insert(directory)
        note(directory, name, isFinished: true)
      }
      if table.child(of: directory, named: name) == nil, isIgnored(directory, name, isDirectory: false) {
        return
      }
      note(
        directory, name, isFinished: !mask.isDisjoint(with: [.closeWrite, .movedTo, .delete, .attributes]))
      mark(directory, name, content: mask.rawValue & ~Inotify.Mask.attributes.rawValue != 0)
    }
  }

  func note(_ directory: Entry, _ name: UInt32, isFinished: Bool) {
    settler.note(path: key(directory, name), finished: isFinished, at: clock.now())
    if isArmed && !hasNoticed {
      hasNoticed = true
      tell(.noticed(ticks.next()))
    }
  }

  /// A watch has ended: its directory was deleted, or its file system is gone.
  private func lost(_ watch: Int32, _ directory: Entry) {
    directoryOfWatch[watch] = nil
    guard table.watch(directory) == watch else { return }
    table.setWatch(directory, -1)
    moved(directory)
  }

  /// Something happened to a directory itself: look at where it should be.
  private func moved(_ directory: Entry) {
    if directory == FileTable.root {
      isRootSuspect = true
      return
    }
    if table.has(directory, .adrift) { return }
    note(table.parent(directory), table.name(directory), isFinished: false)
    markStructure(table.parent(directory), table.name(directory))
  }

  private func takeCookie(_ event: Inotify.Event, _ buffer: [UInt8]) {
    if event.mask.contains(.ignored) {
      cookies.watch = -1
      return
    }
    guard let number = CookieJar.number(of: buffer[event.name]) else { return }
    for index in waiters.indices where waiters[index].cookie == number { waiters[index].ready = clock.now() }
  }
}
