internal import Glibc
internal import Model
internal import Platform

/// Ignore rules that lie outside the project, and the watches on them.
extension Watcher {
  func readLayout() { layout = GitLayout.find(root: options.root) }

  /// The scope above the root: the configuration, and what git reads from outside the project. The files' directories are
  /// watched first, so that an edit after the reading is heard of.
  func rootScope() -> IgnoreScope {
    forgetRuleWatches()
    let prefix = layout?.prefix ?? []
    let base = prefix.isEmpty ? 0 : prefix.count + 1
    let patterns = options.ignore.compactMap { IgnorePattern(line: Array($0.utf8)) }
    var above: [IgnoreList] = []
    var exclude: IgnoreList?
    if let layout {
      var directory = layout.top
      var depth = 0
      for component in layout.prefix.split(separator: UInt8(ascii: "/")) {
        watchRules(directory, IgnoreFiles.git)
        if let list = IgnoreFiles.list(AT_FDCWD, GitLayout.join(directory, IgnoreFiles.git), depth) {
          above.append(list)
        }
        directory = GitLayout.join(directory, Array(component))
        depth += component.count + 1
      }
      let info = GitLayout.join(layout.commonDirectory, Array("info".utf8))
      watchRules(info, Array("exclude".utf8))
      exclude = IgnoreFiles.list(AT_FDCWD, GitLayout.join(info, Array("exclude".utf8)), 0)
    }
    var global: IgnoreList?
    if let path = GlobalExcludes.path(layout: layout) {
      if let slash = path.lastIndex(of: UInt8(ascii: "/")) {
        watchRules(Array(path[..<slash]), Array(path[(slash + 1)...]))
      }
      global = IgnoreFiles.read(AT_FDCWD, path, followLinks: true).map { IgnoreList(content: $0, base: 0) }
    }
    return IgnoreScope(
      configured: IgnoreList(patterns: patterns, base: base), above: above, exclude: exclude, global: global)
  }

  func rootTask() -> DirectoryTask {
    DirectoryTask(
      parent: FileTable.none, aboveInode: 0, aboveDevice: 0, name: [], path: [], full: layout?.prefix ?? [],
      outer: rootScope(), isRemote: false)
  }

  private func watchRules(_ directory: [UInt8], _ name: [UInt8]) {
    let mask: Inotify.Mask = [.create, .delete, .movedFrom, .movedTo, .closeWrite, .modify, .add]
    if case .success(let number) = unsafe Files.withPath(
      directory, { unsafe Inotify.watch(notifyNumber, $0, mask) })
    {
      ruleWatches[number, default: []].append(name)
    }
  }

  private func forgetRuleWatches() {
    for watch in ruleWatches.keys where directoryOfWatch[watch] == nil && watch != gitWatch {
      inotify.forget(watch)
    }
    ruleWatches.removeAll()
  }

  /// An event in a directory outside the project in which a rule file lies, or may come to lie.
  func takeRules(_ names: [[UInt8]], _ event: Inotify.Event, _ buffer: [UInt8]) {
    if names.contains(where: { buffer[event.name].elementsEqual($0) }) {
      ruleMarks.insert(FileTable.root)
      note(FileTable.root, NameArena.empty, isFinished: true)
    }
  }
}
