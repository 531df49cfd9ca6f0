internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// From marks to a settled set of changes.
extension Watcher {
  /// Looks at everything marked and tells what differs from what was told last.
  func settle() {
    // Looking at files finds directories and rule files, and those find files; each turn uses up what the one before found.
    for _ in 0..<16 where !isResolved {
      structure.formUnion(postponed)
      postponed.removeAll()
      processStructure()
      processRules()
      expandLinkMarks()
      verify()
    }
    settler.clear()
    report()
    if isResolved { postponements = 0 } else { retryLater() }
    refreshStatus()
  }

  /// Whether nothing is left to look at.
  var isResolved: Bool {
    marks.isEmpty && structure.isEmpty && postponed.isEmpty && ruleMarks.isEmpty && linkMarks.isEmpty
  }

  /// What could not be reached waits for the events that explain it, and not for ever.
  private func retryLater() {
    postponements += 1
    if postponements > 8 {
      postponements = 0
      postponed.removeAll()
      marks.removeAll()
      rescan(at: clock.now())
    } else {
      note(FileTable.root, NameArena.empty, isFinished: false)
    }
  }

  /// Reads ignore files again and applies them to everything below.
  private func processRules() {
    let directories = ruleMarks
    ruleMarks.removeAll()
    // One listed before may have made others invisible.
    for directory in directories
    where table.isLive(directory) && table.isDirectory(directory) && !isAdrift(directory) {
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
    guard case .success(let status) = lookWatchingLinks(descriptor, bytes) else {
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
      // Attribute events do not excuse a look at the content: a lost event may hide behind the new times.
      if !isSuspect && !table.has(entry, .racy) && table.status(entry).isSame(as: status) { return }
      markOtherNames(entry, status)
      remember(entry)
      record(descriptor, entry, status)
    } else {
      if let entry { displace(entry) }
      rememberAbsent(directory, name)
      let new = table.insert(status, in: directory, named: name)
      markOtherNames(new, status)
      record(descriptor, new, status)
    }
  }

  private func record(_ descriptor: Int32, _ entry: Entry, _ status: EntryStatus) {
    var seen = status
    if status.kind == .file && status.size > Self.inlineLimit {
      let old = table.digest(entry) != nil && table.status(entry).size == status.size
      table.update(entry, status, keepingDigest: false)
      table.set(entry, .racy, isRacy(status, clock.wall().milliseconds))
      // Its size says nothing: only the digest tells whether it is another one.
      if old || awaited[entry] != nil { awaited[entry] = clock.now() }
      return requestDigest(entry, isUrgent: old)
    }
    awaited[entry] = nil
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
    var kept: [PathBook.PathID: Baseline] = [:]
    for (id, baseline) in pending {
      let entry = paths.entry(id, in: table)
      if let entry, awaited[entry] != nil {
        kept[id] = baseline
        continue
      }
      guard let kind = difference(baseline, entry) else { continue }
      differences.append((paths.bytes(id, names: table.names), id, kind))
    }
    pending = kept
    if differences.isEmpty {
      if hasNoticed && kept.isEmpty {
        tell(.calm)
        hasNoticed = false
      }
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
    hasNoticed = !kept.isEmpty
    let set = ChangeSet(tick: changes[changes.count - 1].tick, changes: changes)
    if isArmed {
      journalise(differences, changes)
      tell(.settled(set))
    } else {
      changedWhileDown = set
    }
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
