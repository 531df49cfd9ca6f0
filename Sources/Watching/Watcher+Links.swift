internal import CLinux
internal import Glibc
internal import Platform

/// Files with several names: a write through one is a change of all, and a name outside the project tells no directory here.
///
/// So each such file has a watch of its own, as far as `linkWatchLimit` goes; beyond it they are looked at whenever changes
/// settle. A file that has one name when it is crawled and gets a second one outside the project afterwards, without being touched
/// inside, is not noticed before an audit: the kernel tells nobody.
extension Watcher {
  private static let linkWatchLimit = 4096

  /// Looks at a name; a file with several names gets its watch first, so that nothing falls between.
  func lookWatchingLinks(_ directory: Int32, _ name: ArraySlice<UInt8>) -> Result<EntryStatus, ErrorNumber> {
    let first = EntryStatus.read(in: directory, name)
    guard case .success(let status) = first, status.links > 1, status.kind != .directory,
      watchOfInode[status.inode] == nil
    else { return first }
    guard watchOfInode.count < Self.linkWatchLimit else {
      hasUnwatchedLinks = true
      return first
    }
    let path = Array("/proc/self/fd/\(directory)/".utf8) + name
    let mask = Inotify.Mask.file.union(.doNotFollow)
    guard
      case .success(let watch) = unsafe Files.withPath(path, { unsafe Inotify.watch(notifyNumber, $0, mask) })
    else {
      hasUnwatchedLinks = true
      return first
    }
    let second = EntryStatus.read(in: directory, name)
    // Another file may have taken the name in between; the watch belongs to the one that stands there only if both looks agree.
    if case .success(let again) = second, again.inode == status.inode, directoryOfWatch[watch] == nil {
      inodeOfWatch[watch] = status.inode
      watchOfInode[status.inode] = watch
    } else if directoryOfWatch[watch] == nil && inodeOfWatch[watch] == nil {
      inotify.forget(watch)
    }
    return second
  }

  /// What happened to this entry may have happened to others of the same inode.
  func markOtherNames(_ entry: Entry, _ status: EntryStatus) {
    if status.kind != .directory && (status.links > 1 || table.has(entry, .linked)) {
      linkMarks.insert(status.inode)
    }
    // An entry that was one of several names of another file leaves those behind.
    if table.has(entry, .linked) && table.inode(entry) != status.inode {
      linkMarks.insert(table.inode(entry))
    }
  }

  func takeLink(_ event: Inotify.Event, _ inode: UInt64) {
    if event.mask.contains(.ignored) {
      inodeOfWatch[event.watch] = nil
      if watchOfInode[inode] == event.watch { watchOfInode[inode] = nil }
    }
    linkMarks.insert(inode)
    note(FileTable.root, UInt32(truncatingIfNeeded: inode), isFinished: true)
  }

  /// Marks every name of the marked inodes; a watch that nobody needs any more is given back.
  func expandLinkMarks() {
    if linkMarks.isEmpty { return }
    let wanted = linkMarks
    linkMarks.removeAll()
    var counts: [UInt64: Int] = [:]
    table.forEachFile(ofInodes: wanted) { entry, inode in
      counts[inode, default: 0] += 1
      mark(table.parent(entry), table.name(entry), content: false)
    }
    for inode in wanted where counts[inode] == nil {
      if let watch = watchOfInode.removeValue(forKey: inode) {
        inodeOfWatch[watch] = nil
        inotify.forget(watch)
      }
    }
  }

  func markUnwatchedLinks() {
    for entry in 0..<Entry(table.capacity)
    where table.isLive(entry) && !table.isDirectory(entry) && table.has(entry, .linked)
      && watchOfInode[table.inode(entry)] == nil && table.parent(entry) != FileTable.none
    {
      mark(table.parent(entry), table.name(entry), content: false)
    }
  }
}
