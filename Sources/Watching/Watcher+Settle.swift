internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// From marks to a settled set of changes.
extension Watcher {
  /// Looks at everything marked and tells what differs from what was told last.
  func settle() {
    // Looking at files finds directories and rule files, and those find files; each turn uses up what the one before found.
    for _ in 0..<64 {
      structure.formUnion(postponed)
      postponed.removeAll()
      processStructure()
      processRules()
      if marks.isEmpty && structure.isEmpty { break }
      verify()
      if marks.isEmpty && structure.isEmpty && ruleMarks.isEmpty { break }
    }
    settler.clear()
    report()
    if !postponed.isEmpty { retryLater() }
    refreshStatus()
  }

  /// What could not be reached waits for the events that explain it, and not for ever.
  private func retryLater() {
    postponements += 1
    if postponements > 8 {
      postponed.removeAll()
      postponements = 0
      rescan()
    } else {
      settler.note(path: 0, finished: false, at: clock.now())
    }
  }

  /// Reads ignore files again and applies them to everything below.
  private func processRules() {
    let directories = ruleMarks
    ruleMarks.removeAll()
    for directory in directories where table.isLive(directory) && table.isDirectory(directory) {
      relist(directory)
    }
    dropAdrift()
  }

  /// Lists a directory and all below it again and marks what differs.
  func relist(_ directory: Entry) {
    if directory == FileTable.root { return crawl([rootTask()], .deep) }
    if let task = task(table.parent(directory), table.name(directory)) { crawl([task], .deep) }
  }

  /// Looks at every marked name, directory by directory.
  private func verify() {
    let keys = marks.sorted { $0.key < $1.key }
    marks.removeAll(keepingCapacity: true)
    var index = 0
    while index < keys.count {
      let directory = Entry(truncatingIfNeeded: keys[index].key >> 32)
      var end = index
      while end < keys.count && keys[end].key >> 32 == keys[index].key >> 32 { end += 1 }
      defer { index = end }
      guard table.isLive(directory), table.isDirectory(directory), !table.has(directory, .adrift) else {
        continue
      }
      guard let descriptor = open(directory) else {
        // The marks stay until it is known where the directory is now.
        if directory != FileTable.root {
          for place in index..<end {
            deferred[keys[place].key] = keys[place].value
          }
          postponed.insert(key(table.parent(directory), table.name(directory)))
        }
        continue
      }
      defer { close(descriptor) }
      for place in index..<end {
        look(descriptor, directory, UInt32(truncatingIfNeeded: keys[place].key), content: keys[place].value)
      }
    }
    for (key, content) in deferred {
      mark(Entry(truncatingIfNeeded: key >> 32), UInt32(truncatingIfNeeded: key), content: content)
    }
    deferred.removeAll()
  }

  /// Looks at one name and records what is there.
  private func look(_ descriptor: Int32, _ directory: Entry, _ name: UInt32, content isSuspect: Bool) {
    let entry = table.child(of: directory, named: name)
    let bytes = table.names.name(name)
    guard case .success(let status) = EntryStatus.read(in: descriptor, bytes) else {
      // Directories are taken away with their watches.
      if let entry { table.isDirectory(entry) ? markStructure(directory, name) : displace(entry) }
      return
    }
    if status.kind == .directory {
      if let entry, table.isDirectory(entry), table.inode(entry) == status.inode { return }
      if let entry, !table.isDirectory(entry) { displace(entry) }
      return markStructure(directory, name)
    }
    if isIgnored(directory, name, isDirectory: false) {
      if let entry { displace(entry) }
      return
    }
    if let entry, !table.isDirectory(entry) {
      if !isSuspect && table.status(entry).isSame(as: status) { return }
      remember(entry)
      record(descriptor, entry, status)
    } else {
      if let entry { displace(entry) }
      rememberAbsent(directory, name)
      record(descriptor, table.insert(status, in: directory, named: name), status)
    }
  }

  private func record(_ descriptor: Int32, _ entry: Entry, _ status: EntryStatus) {
    var seen = status
    switch content.digest(in: descriptor, table.nameBytes(entry), expecting: status) {
    case .digest(let digest, let after):
      seen = after
      table.update(entry, after, keepingDigest: false)
      table.setDigest(entry, digest)
    case .unstable, .unreadable:
      table.update(entry, status, keepingDigest: false)
    }
    table.set(entry, .racy, isRacy(seen, clock.wall().milliseconds))
  }

  /// Compares what was remembered with what is recorded now and tells the differences.
  private func report() {
    var differences: [(path: [UInt8], id: PathBook.PathID, kind: ChangeKind)] = []
    for (id, baseline) in pending {
      guard let kind = difference(baseline, paths.entry(id, in: table)) else { continue }
      differences.append((paths.bytes(id, names: table.names), id, kind))
    }
    pending.removeAll(keepingCapacity: true)
    if differences.isEmpty {
      if hasNoticed { tell(.calm) }
      hasNoticed = false
      return
    }
    differences.sort { $0.path.lexicographicallyPrecedes($1.path) }
    var changes: [Change] = []
    changes.reserveCapacity(differences.count)
    for (path, id, kind) in differences {
      let tick = ticks.next()
      history.append(ChangeHistory.Entry(tick: tick, path: id, kind: kind))
      changes.append(Change(path: RelativePath(unchecked: path), kind: kind, tick: tick))
    }
    hasNoticed = false
    tell(.settled(ChangeSet(tick: changes[changes.count - 1].tick, changes: changes)))
  }

  private func difference(_ baseline: Baseline, _ entry: Entry?) -> ChangeKind? {
    let entry = entry.flatMap { table.isDirectory($0) ? nil : $0 }
    guard let before = baseline.status else { return entry == nil ? nil : .created }
    guard let entry else { return .deleted }
    let now = table.status(entry)
    // Type and permission bits.
    if before.mode != now.mode { return .changed }
    switch now.kind {
    case .file, .link:
      if before.size != now.size { return .changed }
      if let old = baseline.digest, let new = table.digest(entry) { return old == new ? nil : .changed }
      return before.isSame(as: now) && baseline.digest == nil && table.digest(entry) == nil ? nil : .changed
    default:
      return before.size == now.size ? nil : .changed
    }
  }
}
