internal import Glibc
internal import Model

/// Questions about the view and its history.
extension Watcher {
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

  /// Everything that is watched and no directory, as it is recorded.
  func view() -> [ViewedFile] {
    var found: [ViewedFile] = []
    forEachFile(below: FileTable.root) { entry in
      found.append(
        ViewedFile(
          path: RelativePath(unchecked: table.path(entry)), status: table.status(entry),
          digest: table.digest(entry)))
    }
    return found.sorted { $0.path < $1.path }
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
