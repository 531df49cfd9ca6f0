internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// Crawling: from directories as they are found to the table.
extension Watcher {
  enum CrawlMode {
    /// The first crawl: what is found is the beginning.
    case adopt
    /// What differs from the table is marked; known directories are not entered.
    case compare
    /// As `compare`, with all directories below.
    case deep
  }

  /// Watches and lists directories, and those found in them, until none is left.
  func crawl(_ tasks: [DirectoryTask], _ mode: CrawlMode) {
    var tasks = tasks
    while let task = tasks.popLast() {
      guard let root = openRoot() else {
        merge(DirectoryResult(task: task, found: .failed(ErrorNumber(ENOENT))), mode, &tasks)
        continue
      }
      merge(task.perform(root: root, inotify: notifyNumber, &reader), mode, &tasks)
    }
  }

  /// The whole tree, with several threads. The queue is read meanwhile, so that it does not overflow for that reason.
  func crawlAll(_ mode: CrawlMode) {
    guard let root = openRoot() else { return }
    let crawl = ParallelCrawl(
      rootTask(), root: root, inotify: notifyNumber, threads: options.crawlThreads)
    crawl.start()
    earlyWatches = []
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    // Tokens of tasks to the entries that they became.
    var entries: [Entry] = [FileTable.root]
    var ignored: [DirectoryTask] = []
    while let results = crawl.take() {
      for result in results {
        var task = result.task
        if task.parentToken >= 0 { task.parent = entries[task.parentToken] }
        while entries.count <= task.lastChildToken { entries.append(FileTable.none) }
        // What lies below a directory that did not turn out to be there is found when that is found.
        if task.parentToken >= 0 && task.parent == FileTable.none { continue }
        ignored.removeAll(keepingCapacity: true)
        let entry = merge(DirectoryResult(task: task, found: result.found), mode, &ignored)
        entries[task.token] = entry ?? FileTable.none
      }
      drain(&buffer)
    }
    earlyWatches = nil
  }

  func task(_ parent: Entry, _ name: UInt32) -> DirectoryTask? {
    guard table.isLive(parent), table.isDirectory(parent), let outer = table.scope(parent) else { return nil }
    let bytes = table.names.name(name)
    return DirectoryTask(
      parent: parent, aboveInode: table.inode(parent), aboveDevice: table.device(parent), name: Array(bytes),
      path: Self.join(table.path(parent), bytes), full: Self.join(fullPath(parent), bytes), outer: outer,
      isRemote: remote.contains(parent))
  }

  static func join(_ path: [UInt8], _ name: ArraySlice<UInt8>) -> [UInt8] {
    path.isEmpty ? Array(name) : path + [UInt8(ascii: "/")] + name
  }

  /// Brings what was found into the table; the entry that the directory has there. The tasks that follow from it are added.
  @discardableResult
  private func merge(_ result: DirectoryResult, _ mode: CrawlMode, _ tasks: inout [DirectoryTask]) -> Entry? {
    let task = result.task
    let name = table.names.intern(task.name)
    switch result.found {
    case .elsewhere:
      postpone(task.parent, name)
      return nil
    case .failed(let failure):
      missed(task, name, failure)
      return nil
    case .listed(let listing, let found, let failure, let isRemote):
      let watch = admitted(found, failure)
      guard let (directory, isUnknown) = attach(task, name, listing.status, watch) else {
        postpone(task.parent, name)
        return nil
      }
      // Told of before it was known: whatever that was lies in the listing, or comes after it.
      if earlyWatches?.remove(watch) != nil && directory != FileTable.root {
        markStructure(table.parent(directory), table.name(directory))
      }
      setPolled(directory, watch < 0 || isRemote)
      if isRemote { remote.insert(directory) } else { remote.remove(directory) }
      if listing.failure != nil {
        setUnreadable(directory, true)
        table.setScope(directory, listing.scope)
        return directory
      }
      setUnreadable(directory, false)
      let hadScope = table.scope(directory)
      table.setScope(directory, listing.scope)
      let enters = isUnknown || mode != .compare || hadScope !== listing.scope
      merge(listing, into: directory, adopting: mode == .adopt, entering: enters, task, isRemote, &tasks)
      return directory
    }
  }

  /// The watch, or none where the limit is reached: the kernel's, or the one that the options set.
  private func admitted(_ watch: Int32, _ failure: ErrorNumber?) -> Int32 {
    if watch < 0 {
      if let failure { watchFailure = failure }
      return -1
    }
    if let limit = options.watchLimit, directoryOfWatch[watch] == nil, directoryOfWatch.count >= limit {
      watchFailure = ErrorNumber(ENOSPC)
      inotify.forget(watch)
      return -1
    }
    return watch
  }

  func setPolled(_ directory: Entry, _ isOn: Bool) {
    table.set(directory, .polled, isOn)
    if isOn { polled.insert(directory) } else { polled.remove(directory) }
  }

  func setUnreadable(_ directory: Entry, _ isOn: Bool) {
    table.set(directory, .unreadable, isOn)
    if isOn { unreadable.insert(directory) } else { unreadable.remove(directory) }
  }

  private func merge(
    _ listing: Listing, into directory: Entry, adopting: Bool, entering: Bool, _ task: DirectoryTask,
    _ isRemote: Bool,
    _ tasks: inout [DirectoryTask]
  ) {
    let now = clock.wall().milliseconds
    for item in listing.items {
      let name = table.names.intern(listing.names.span.extracting(listing.name(item)))
      let child = table.child(of: directory, named: name)
      if let child { table.set(child, .seen) }
      if item.status.kind == .directory {
        let isKnown = child.map { table.isDirectory($0) && table.inode($0) == item.status.inode } ?? false
        if !isKnown || entering {
          let bytes = listing.names[listing.name(item)]
          tasks.append(task.below(bytes, listing, isRemote, parent: directory))
        }
      } else if let child {
        if table.isDirectory(child) {
          displace(child)
          mark(directory, name, content: true)
        } else if !table.status(child).isSame(as: item.status) || table.has(child, .racy) {
          mark(directory, name, content: true)
        }
      } else if adopting {
        let entry = table.insert(item.status, in: directory, named: name)
        // Looked at once more with a watch of its own.
        if item.status.links > 1 { mark(directory, name, content: false) }
        if isRacy(item.status, now) { table.set(entry, .racy) }
      } else {
        mark(directory, name, content: true)
      }
    }
    var child = table.firstChild(directory)
    while child != FileTable.none {
      let next = table.next(child)
      if table.has(child, .seen) {
        table.set(child, .seen, false)
      } else if table.isDirectory(child) {
        // New ones are attached by their own tasks, after this.
        displace(child)
      } else if !adopting {
        mark(directory, table.name(child), content: true)
      }
      child = next
    }
  }

  /// Whether a change right after this look could leave the status as it is: the clock behind a file's times moves in steps.
  func isRacy(_ status: EntryStatus, _ nowMilliseconds: Int64) -> Bool {
    let age = nowMilliseconds - status.changed / 1_000_000
    // Times without a fraction come from file systems that count in (up to two) whole seconds.
    return age < (status.changed % 1_000_000_000 == 0 ? 2_100 : 50)
  }

  /// A directory could not be opened.
  private func missed(_ task: DirectoryTask, _ name: UInt32, _ failure: ErrorNumber) {
    if task.parent == FileTable.none { return }
    switch failure.number {
    case EACCES, EPERM:
      // It is there, and nothing in it can be seen.
      guard let above = open(task.parent) else { return postpone(task.parent, name) }
      defer { close(above) }
      guard case .success(let status) = EntryStatus.read(in: above, table.names.name(name)),
        status.kind == .directory
      else { return mark(task.parent, name, content: true) }
      if let child = table.child(of: task.parent, named: name) {
        if table.isDirectory(child) && table.inode(child) == status.inode {
          setUnreadable(child, true)
          return
        }
        displace(child)
      }
      let entry = table.insert(status, in: task.parent, named: name)
      table.setScope(entry, task.outer)
      setUnreadable(entry, true)
    default:
      // Gone, or not a directory any more (a link, a file): the name is looked at when the changes settle.
      if let above = open(task.parent) {
        close(above)
        if let child = table.child(of: task.parent, named: name), table.isDirectory(child) {
          displace(child)
        }
        mark(task.parent, name, content: true)
      } else {
        postpone(task.parent, name)
      }
    }
  }

  func postpone(_ parent: Entry, _ name: UInt32) {
    if parent == FileTable.none || !table.isLive(parent) { return }
    postponed.insert(key(parent, name))
    // What explains it happened to the directory above.
    if parent != FileTable.root && !table.has(parent, .adrift) {
      postponed.insert(key(table.parent(parent), table.name(parent)))
    }
  }
}
