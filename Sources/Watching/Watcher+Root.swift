internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// The root itself: deleted, renamed, replaced, covered by a mount, and back again.
extension Watcher {
  /// Looks at what lies at the root's path now. Called when one of the directories on the way has moved, the mount table has
  /// changed, or the root could not be opened.
  func checkRoot() {
    isRootSuspect = false
    closeRoot()
    guard let number = openRoot() else { return loseRoot(errno) }
    guard case .success(let status) = EntryStatus.read(descriptor: number) else { return loseRoot(errno) }
    if lostAt == nil && isSame(FileTable.root, status) && table.watch(FileTable.root) >= 0 {
      return watchPlaces()
    }
    // Another directory, or the same one after an absence: everything is compared.
    let wasLost = lostAt != nil
    lostAt = nil
    if wasLost { tell(.rootFound) }
    isLayoutStale = true
    watchPlaces()
    rescan(at: clock.now())
  }

  /// Nothing can be seen any more: everything that was there counts as deleted until the root is back.
  func loseRoot(_ number: Int32) {
    if lostAt != nil { return }
    lostAt = clock.now()
    let path = String(decoding: options.root, as: UTF8.self)
    let (code, text) =
      switch number {
      case EACCES, EPERM: ("root-unreadable", "\(path) may not be read")
      case ENOTDIR: ("root-no-directory", "\(path) is no directory")
      case ENOENT: ("root-gone", "\(path) is gone")
      default: ("root-failed", SystemError(number, "open", path).description)
      }
    tell(
      .rootLost(Diagnostic(.error, code: code, text, hints: ["it is watched again as soon as it is back"])))
    var child = table.firstChild(FileTable.root)
    while child != FileTable.none {
      let next = table.next(child)
      displace(child)
      child = next
    }
    dropAdrift()
    marks.removeAll()
    structure.removeAll()
    postponed.removeAll()
    rescanAt = nil
    let watch = table.watch(FileTable.root)
    if watch >= 0 {
      directoryOfWatch[watch] = nil
      table.setWatch(FileTable.root, -1)
      inotify.forget(watch)
    }
    setPolled(FileTable.root, false)
    note(FileTable.root, NameArena.empty, isFinished: true)
    watchPlaces()
  }

  /// Watches every directory on the way to the root for being moved or deleted itself, and, while the root is away, the
  /// last one that exists for what comes into being in it.
  func watchPlaces() {
    for watch in placeWatches
    where directoryOfWatch[watch] == nil && ruleWatches[watch] == nil && watch != gitWatch
      && watch != cookies.watch
    {
      inotify.forget(watch)
    }
    placeWatches.removeAll()
    var path: [UInt8] = [UInt8(ascii: "/")]
    var last = path
    for component in options.root.split(separator: UInt8(ascii: "/")) {
      path = GitLayout.join(path, Array(component))
      // A link on the way can be replaced as well as the directory that it names.
      guard watchPlace(path, [.moveSelf, .deleteSelf, .doNotFollow, .add]) else { break }
      _ = watchPlace(path, [.moveSelf, .deleteSelf, .add])
      last = path
    }
    if lostAt != nil { _ = watchPlace(last, [.create, .movedTo, .attributes, .onlyDirectory, .add]) }
  }

  private func watchPlace(_ path: [UInt8], _ mask: Inotify.Mask) -> Bool {
    guard
      case .success(let watch) = unsafe Files.withPath(path, { unsafe Inotify.watch(notifyNumber, $0, mask) })
    else {
      return false
    }
    placeWatches.insert(watch)
    return true
  }

  /// A lost root is looked for when something happens where it was, and otherwise now and then: a mount tells nobody.
  var nextRootCheck: Instant? { lostAt.map { max($0, lastRootCheck ?? $0) + .seconds(2) } }

  // MARK: Mounts

  func watchMounts() {
    do throws(SystemError) {
      let file = try Files.open("/proc/self/mountinfo", .read)
      try poller.add(file.number, as: Token.mounts, priority: true)
      mountTable = consume file
    } catch {
      // Without it a mount over a watched directory is found by the next audit.
      mountTable = nil
    }
    mounts = Mounts.below(options.root)
  }

  /// What was mounted or unmounted below the root is listed again.
  func mountsChanged() {
    isRootSuspect = true
    let now = Mounts.below(options.root)
    for path in now.symmetricDifference(mounts) {
      let place = RelativePath(unchecked: path)
      guard let parent = place.parent, let directory = table.find(parent.bytes), table.isDirectory(directory)
      else {
        continue
      }
      let name = table.names.intern(place.name)
      note(directory, name, isFinished: true)
      markStructure(directory, name)
    }
    mounts = now
  }
}

/// The mount points of this process's world.
package enum Mounts {
  /// Those below a directory, relative to it.
  package static func below(_ root: [UInt8]) -> Set<[UInt8]> {
    guard let content = IgnoreFiles.read(AT_FDCWD, Array("/proc/self/mountinfo".utf8)) else { return [] }
    return parse(content, below: root)
  }

  package static func parse(_ content: [UInt8], below root: [UInt8]) -> Set<[UInt8]> {
    var prefix = root
    if prefix.last != UInt8(ascii: "/") { prefix.append(UInt8(ascii: "/")) }
    var found: Set<[UInt8]> = []
    for line in content.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard fields.count > 4 else { continue }
      let path = unescaped(fields[4])
      if path.count > prefix.count && path.starts(with: prefix) { found.insert(Array(path[prefix.count...])) }
    }
    return found
  }

  /// Spaces and their kind stand as a backslash and three octal digits.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var index = field.startIndex
    while index < field.endIndex {
      if field[index] == UInt8(ascii: "\\"), index + 3 < field.endIndex,
        let value = UInt8(String(decoding: field[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        index += 4
      } else {
        bytes.append(field[index])
        index += 1
      }
    }
    return bytes
  }
}
