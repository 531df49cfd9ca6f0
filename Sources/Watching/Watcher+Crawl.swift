internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// A directory to be watched and listed.
struct DirectoryTask: Sendable {
  /// The entry of the directory above; `FileTable.none` for the root.
  let parent: FileTable.Entry
  let name: UInt32
  let path: [UInt8]
  let full: [UInt8]
  let outer: IgnoreScope
}

/// What came of a task.
struct DirectoryResult: Sendable {
  enum Found: Sendable {
    case listed(Listing, watch: Int32, watchFailure: ErrorNumber?)
    /// It lies under another directory than the one that was meant.
    case elsewhere
    case failed(ErrorNumber)
  }

  let task: DirectoryTask
  let found: Found
}

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
      merge(perform(task), mode, &tasks)
    }
  }

  func task(_ parent: Entry, _ name: UInt32) -> DirectoryTask? {
    guard table.isLive(parent), table.isDirectory(parent), let outer = table.scope(parent) else { return nil }
    let bytes = table.names.name(name)
    return DirectoryTask(
      parent: parent, name: name, path: Self.join(table.path(parent), bytes),
      full: Self.join(fullPath(parent), bytes), outer: outer)
  }

  static func join(_ path: [UInt8], _ name: ArraySlice<UInt8>) -> [UInt8] {
    path.isEmpty ? Array(name) : path + [UInt8(ascii: "/")] + name
  }

  /// Opens, watches, then lists: whatever happens after the watch is told, whatever happened before is found.
  private func perform(_ task: DirectoryTask) -> DirectoryResult {
    let directory: Int32
    switch open(task.path) {
    case .descriptor(let number): directory = number
    case .failed(let number): return DirectoryResult(task: task, found: .failed(ErrorNumber(number)))
    }
    defer { close(directory) }
    if task.parent != FileTable.none {
      // By its path anything might lie here by now: it counts only if the directory above is the one that was meant.
      guard case .success(let above) = EntryStatus.read(in: directory, Array("..".utf8)),
        isSame(task.parent, above)
      else { return DirectoryResult(task: task, found: .elsewhere) }
    }
    var watch: Int32 = -1
    var watchFailure: ErrorNumber?
    switch Inotify.watch(notifyNumber, open: directory, .directory) {
    case .success(let number): watch = number
    case .failure(let number): watchFailure = number
    }
    let listing = reader.read(
      directory, outer: task.outer, full: task.full, isRoot: task.parent == FileTable.none)
    return DirectoryResult(task: task, found: .listed(listing, watch: watch, watchFailure: watchFailure))
  }

  /// Brings what was found into the table. The tasks that follow from it are added.
  private func merge(_ result: DirectoryResult, _ mode: CrawlMode, _ tasks: inout [DirectoryTask]) {
    let task = result.task
    switch result.found {
    case .elsewhere:
      postpone(task.parent, task.name)
    case .failed(let failure):
      missed(task, failure)
    case .listed(let listing, let watch, _):
      guard let (directory, isUnknown) = attach(task, listing.status, watch) else {
        postpone(task.parent, task.name)
        return
      }
      table.set(directory, .polled, watch < 0)
      if listing.failure != nil {
        table.set(directory, .unreadable)
        table.setScope(directory, listing.scope)
        return
      }
      table.set(directory, .unreadable, false)
      let hadScope = table.scope(directory)
      table.setScope(directory, listing.scope)
      let enters = isUnknown || mode != .compare || hadScope !== listing.scope
      merge(listing, into: directory, adopting: mode == .adopt, entering: enters, task, &tasks)
    }
  }

  private func merge(
    _ listing: Listing, into directory: Entry, adopting: Bool, entering: Bool, _ task: DirectoryTask,
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
          tasks.append(
            DirectoryTask(
              parent: directory, name: name, path: Self.join(task.path, bytes),
              full: Self.join(task.full, bytes),
              outer: listing.scope))
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
  private func missed(_ task: DirectoryTask, _ failure: ErrorNumber) {
    if task.parent == FileTable.none { return }
    switch failure.number {
    case EACCES, EPERM:
      // It is there, and nothing in it can be seen.
      guard let above = open(task.parent) else { return postpone(task.parent, task.name) }
      defer { close(above) }
      guard case .success(let status) = EntryStatus.read(in: above, table.names.name(task.name)),
        status.kind == .directory
      else { return mark(task.parent, task.name, content: true) }
      if let child = table.child(of: task.parent, named: task.name) {
        if table.isDirectory(child) && table.inode(child) == status.inode {
          table.set(child, .unreadable)
          return
        }
        displace(child)
      }
      let entry = table.insert(status, in: task.parent, named: task.name)
      table.setScope(entry, task.outer)
      table.set(entry, .unreadable)
    default:
      // Gone, or not a directory any more (a link, a file): the name is looked at when the changes settle.
      if let above = open(task.parent) {
        close(above)
        if let child = table.child(of: task.parent, named: task.name), table.isDirectory(child) {
          displace(child)
        }
        mark(task.parent, task.name, content: true)
      } else {
        postpone(task.parent, task.name)
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
