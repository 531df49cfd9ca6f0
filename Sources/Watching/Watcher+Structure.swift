internal import CLinux
internal import Glibc
internal import Platform

/// Directories coming, going and moving.
extension Watcher {
  /// Finds or makes the entry of a directory that was just opened, watched and looked at; the answer's flag says that what is
  /// below it is not known (or may be visible by other rules). Nil when it cannot lie where it was found.
  ///
  /// The watch is the directory's identity: the kernel gives the same number for the same inode, and a deleted inode's number
  /// is not given again. So a number that is known in another place means that the directory was moved.
  func attach(_ task: DirectoryTask, _ name: UInt32, _ status: EntryStatus, _ watch: Int32) -> (Entry, Bool)?
  {
    if task.isRoot { return attachRoot(status, watch) }
    guard table.isLive(task.parent), table.isDirectory(task.parent),
      table.inode(task.parent) == task.aboveInode
    else {
      return nil
    }
    let occupant = table.child(of: task.parent, named: name)
    if watch >= 0, let known = directoryOfWatch[watch], known != occupant {
      if known == FileTable.root || table.isInside(task.parent, known) { return nil }
      if isStillThere(known, status) { return insert(task, name, status, -1, occupant) }
      return (known, move(known, task, name, status, occupant))
    }
    if let occupant, table.isDirectory(occupant), table.inode(occupant) == status.inode {
      let before = table.watch(occupant)
      table.update(occupant, status, keepingDigest: true)
      if before == watch { return (occupant, false) }
      setWatch(occupant, watch)
      return (occupant, true)
    }
    return insert(task, name, status, watch, occupant)
  }

  private func attachRoot(_ status: EntryStatus, _ watch: Int32) -> (Entry, Bool) {
    let isSame = table.inode(FileTable.root) == status.inode && table.watch(FileTable.root) == watch
    table.update(FileTable.root, status, keepingDigest: true)
    if watch >= 0, let known = directoryOfWatch[watch], known != FileTable.root { displace(known) }
    setWatch(FileTable.root, watch)
    return (FileTable.root, !isSame)
  }

  private func insert(
    _ task: DirectoryTask, _ name: UInt32, _ status: EntryStatus, _ watch: Int32, _ occupant: Entry?
  ) -> (Entry, Bool) {
    if let occupant { displace(occupant) }
    let entry = table.insert(status, in: task.parent, named: name)
    setWatch(entry, watch)
    return (entry, true)
  }

  private func setWatch(_ directory: Entry, _ watch: Int32) {
    let before = table.watch(directory)
    if before >= 0 && before != watch && directoryOfWatch[before] == directory {
      directoryOfWatch[before] = nil
      inotify.forget(before)
    }
    table.setWatch(directory, watch)
    if watch >= 0 { directoryOfWatch[watch] = directory }
  }

  /// One directory seen in two places at once (a bind mount) is watched in the first and polled in the other.
  private func isStillThere(_ known: Entry, _ status: EntryStatus) -> Bool {
    if table.has(known, .adrift) || isAdrift(known) { return false }
    guard let above = open(table.parent(known)) else { return false }
    defer { close(above) }
    guard case .success(let other) = EntryStatus.read(in: above, table.nameBytes(known)) else { return false }
    return other.inode == status.inode && other.device == status.device
  }

  /// Whether the entry, or a directory above it, is not part of the tree just now.
  func isAdrift(_ entry: Entry) -> Bool {
    var at = entry
    while at != FileTable.root {
      if table.has(at, .adrift) { return true }
      at = table.parent(at)
      if at == FileTable.none { return true }
    }
    return false
  }

  /// Brings a known directory with everything below it to another place; true when other rules may hold there.
  private func move(
    _ known: Entry, _ task: DirectoryTask, _ name: UInt32, _ status: EntryStatus, _ occupant: Entry?
  ) -> Bool {
    if let occupant { displace(occupant) }
    let before: IgnoreScope?
    if let scope = adrift.removeValue(forKey: known) {
      before = scope
      table.set(known, .adrift, false)
    } else {
      before = isAdrift(known) ? nil : table.scope(table.parent(known))
      if !isAdrift(known) { forEachFile(below: known) { remember($0) } }
      table.unlink(known)
    }
    table.link(known, in: task.parent, named: name)
    table.update(known, status, keepingDigest: true)
    forEachFile(below: known) { rememberAbsent(table.parent($0), table.name($0)) }
    return before !== task.outer || task.outer.isAboutPaths
  }

  /// Takes what is recorded under a name away: a file is gone, a directory may turn up elsewhere.
  func displace(_ entry: Entry) {
    if table.isDirectory(entry) {
      if table.has(entry, .adrift) { return }
      forEachFile(below: entry) { remember($0) }
      let scope = table.scope(table.parent(entry))
      table.unlink(entry)
      table.set(entry, .adrift)
      adrift[entry] = .some(scope)
    } else {
      remember(entry)
      if table.has(entry, .linked) { linkMarks.insert(table.inode(entry)) }
      awaited[entry] = nil
      table.remove(entry)
    }
  }

  /// Directories that have not turned up anywhere are gone, with their watches.
  func dropAdrift() {
    for (entry, _) in adrift { drop(entry) }
    adrift.removeAll()
  }

  private func drop(_ top: Entry) {
    var stack = [top]
    while let entry = stack.popLast() {
      if table.isDirectory(entry) {
        let watch = table.watch(entry)
        if watch >= 0 && directoryOfWatch[watch] == entry {
          directoryOfWatch[watch] = nil
          inotify.forget(watch)
        }
        polled.remove(entry)
        remote.remove(entry)
        unreadable.remove(entry)
        var child = table.firstChild(entry)
        while child != FileTable.none {
          stack.append(child)
          child = table.next(child)
        }
      }
    }
    release(top)
  }

  private func release(_ top: Entry) {
    var order: [Entry] = [top]
    var index = 0
    while index < order.count {
      if table.isDirectory(order[index]) {
        var child = table.firstChild(order[index])
        while child != FileTable.none {
          order.append(child)
          child = table.next(child)
        }
      }
      index += 1
    }
    for entry in order.reversed() where entry != top {
      if !table.isDirectory(entry) && table.has(entry, .linked) { linkMarks.insert(table.inode(entry)) }
      awaited[entry] = nil
      table.remove(entry)
    }
    table.release(top)
  }

  /// Looks at every directory that came, went or moved. Marks whose directory cannot be reached wait.
  func processStructure() {
    while true {
      processReachable()
      dropAdrift()
      // Marks below directories that were adrift and have turned up since.
      if below.isEmpty { break }
      structure = below
      below.removeAll()
    }
  }

  private func processReachable() {
    while !structure.isEmpty {
      let round = structure
      structure.removeAll(keepingCapacity: true)
      for key in round {
        let parent = Entry(truncatingIfNeeded: key >> 32)
        let name = UInt32(truncatingIfNeeded: key)
        guard table.isLive(parent), table.isDirectory(parent) else { continue }
        if isAdrift(parent) {
          below.insert(key)
          continue
        }
        if isIgnored(parent, name, isDirectory: true) {
          if let child = table.child(of: parent, named: name), table.isDirectory(child) { displace(child) }
          continue
        }
        guard let task = task(parent, name) else { continue }
        crawl([task], .compare)
      }
    }
  }

  func isIgnored(_ directory: Entry, _ name: UInt32, isDirectory: Bool) -> Bool {
    let bytes = table.names.name(name)
    if bytes.elementsEqual(IgnoreFiles.gitName) { return true }
    guard let scope = table.scope(directory) else { return false }
    let above = fullPath(directory)
    let path = Self.join(above, bytes)
    return scope.ignores(path, name: path.count - bytes.count, isDirectory: isDirectory)
  }
}
