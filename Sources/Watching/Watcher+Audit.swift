internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// One audit under way.
struct AuditRun {
  var directories: [(path: [UInt8], full: [UInt8], outer: IgnoreScope)]
  var files = 0
  var directoryCount = 0
  /// Paths that looked different; looked at once more at the end, when everything that was queued has been taken in.
  var suspects: [[UInt8]] = []
  /// Whether contents are read and compared too.
  let readsContent: Bool
  let done: @Sendable (AuditAnswer) -> Void
}

/// Walking the tree and holding it against the table, a little at a time, so that nothing waits for it.
extension Watcher {
  /// Directories of one slice.
  private static let slice = 64
  private static let maximumDifferences = 10_000

  func beginAudit(readsContent: Bool, _ done: @escaping @Sendable (AuditAnswer) -> Void) {
    let task = rootTask()
    audits.append(
      AuditRun(directories: [(task.path, task.full, task.outer)], readsContent: readsContent, done: done))
  }

  var isAuditing: Bool { isArmed && !audits.isEmpty }

  /// Goes on with the oldest audit.
  func advanceAudit() {
    guard isArmed, !audits.isEmpty else { return }
    defer { closeRoot() }
    for _ in 0..<Self.slice {
      guard let next = audits[0].directories.popLast() else { return finishAudit() }
      auditDirectory(next.path, next.full, next.outer)
    }
  }

  private func auditDirectory(_ path: [UInt8], _ full: [UInt8], _ outer: IgnoreScope) {
    guard case .descriptor(let descriptor) = open(path) else {
      if table.find(path) != nil { audits[0].suspects.append(path) }
      return
    }
    defer { close(descriptor) }
    let listing = reader.read(descriptor, outer: outer, full: full, isRoot: path.isEmpty)
    audits[0].directoryCount += 1
    let directory = table.find(path).flatMap { table.isDirectory($0) ? $0 : nil }
    if directory == nil { audits[0].suspects.append(path) }
    for item in listing.items {
      let name = listing.names[listing.name(item)]
      let below = Self.join(path, name)
      let known = directory.flatMap { directory in
        table.names.find(name).flatMap { table.child(of: directory, named: $0) }
      }
      if let known { table.set(known, .seen) }
      if item.status.kind == .directory {
        audits[0].directories.append((below, Self.join(full, name), listing.scope))
        if known == nil { audits[0].suspects.append(below) }
        continue
      }
      audits[0].files += 1
      if !isAsRecorded(known, item.status, descriptor, reading: audits[0].readsContent) {
        audits[0].suspects.append(below)
      }
    }
    guard let directory, listing.failure == nil else { return }
    var child = table.firstChild(directory)
    while child != FileTable.none {
      if !table.has(child, .seen) { audits[0].suspects.append(Self.join(path, table.nameBytes(child))) }
      table.set(child, .seen, false)
      child = table.next(child)
    }
  }

  private func isAsRecorded(
    _ entry: Entry?, _ status: EntryStatus, _ directory: Int32, reading: Bool
  ) -> Bool {
    guard let entry, !table.isDirectory(entry) else { return false }
    var known = table.status(entry)
    let isSame = known.isSame(as: status)
    known.changed = status.changed
    // A moved change time alone is no difference if the content is the same: a second name may have come and gone.
    guard known.isSame(as: status) else { return false }
    if isSame && !reading { return true }
    guard let recorded = table.digest(entry), status.size <= Self.inlineLimit else { return isSame }
    guard
      case .digest(let found, _) = content.digest(in: directory, table.nameBytes(entry), expecting: status)
    else {
      return false
    }
    return found == recorded
  }

  /// What looked different is looked at again after everything queued has been taken in: what changed meanwhile is no difference.
  private func finishAudit() {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    drain(&buffer)
    if !keeper.holdsBack { settle() }
    let audit = audits.removeFirst()
    var differences: [AuditAnswer.Difference] = []
    for path in Set(audit.suspects).sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard differences.count < Self.maximumDifferences else { break }
      if let difference = difference(at: path, reading: audit.readsContent) { differences.append(difference) }
    }
    let answer = AuditAnswer(
      clock: ticks.current, files: audit.files, directories: audit.directoryCount, differences: differences)
    outputs.append(.call { audit.done(answer) })
  }

  private func difference(at path: [UInt8], reading: Bool) -> AuditAnswer.Difference? {
    let place = RelativePath(unchecked: path)
    guard let parent = place.parent else { return nil }
    let entry = table.find(path)
    if let entry, marks[key(table.parent(entry), table.name(entry))] != nil { return nil }
    var found: EntryStatus?
    var isEqual = false
    if case .descriptor(let descriptor) = open(parent.bytes) {
      defer { close(descriptor) }
      if case .success(let status) = EntryStatus.read(in: descriptor, place.name),
        !isIgnoredWithin(parent, Array(place.name), status.kind == .directory)
      {
        found = status
        isEqual =
          status.kind == .directory
          ? entry.map { table.isDirectory($0) && table.inode($0) == status.inode } ?? false
          : isAsRecorded(entry, status, descriptor, reading: reading)
      }
    }
    if isEqual || entry == nil && found == nil { return nil }
    return AuditAnswer.Difference(
      path: place, watched: entry.map { table.status($0).text }, found: found?.text)
  }

  private func isIgnoredWithin(_ parent: RelativePath, _ name: [UInt8], _ isDirectory: Bool) -> Bool {
    guard let directory = table.find(parent.bytes), table.isDirectory(directory) else { return false }
    return isIgnored(directory, table.names.intern(name), isDirectory: isDirectory)
  }
}
