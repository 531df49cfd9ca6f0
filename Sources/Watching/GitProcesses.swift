internal import CLinux
internal import Glibc
internal import Platform

/// A look at the git processes of this machine, taken from `/proc`.
///
/// What cannot be seen there (another user's processes, a container's, another host's) is out of sight, and the gate has a
/// rule of its own for that.
package struct GitProcesses: Sendable {
  package struct Process: Hashable, Sendable {
    package var pid: Int32
    package var parent: Int32
    /// The kernel's name of it, cut at 15 bytes.
    package var name: [UInt8]
    package var directory: [UInt8]
    package var arguments: [[UInt8]]

    package init(pid: Int32, parent: Int32, name: String, directory: String, arguments: [String]) {
      self.pid = pid
      self.parent = parent
      self.name = Array(name.utf8)
      self.directory = Array(directory.utf8)
      self.arguments = arguments.map { Array($0.utf8) }
    }

    init(pid: Int32, parent: Int32, name: [UInt8]) {
      self.pid = pid
      self.parent = parent
      self.name = name
      directory = []
      arguments = []
    }

    var isGit: Bool { name.elementsEqual(Array("git".utf8)) || name.starts(with: Array("git-".utf8)) }

    /// Git's verb: the first argument that is no option (and no value of one).
    var verb: String {
      if name.starts(with: Array("git-".utf8)) { return String(decoding: name.dropFirst(4), as: UTF8.self) }
      var rest = arguments.dropFirst()
      while let argument = rest.first, argument.first == UInt8(ascii: "-") {
        let text = String(decoding: argument, as: UTF8.self)
        rest = rest.dropFirst(["-C", "-c", "--git-dir", "--work-tree", "--namespace"].contains(text) ? 2 : 1)
      }
      return rest.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
  }

  /// Those that work in the tree, and those that wait for a person's hand there.
  package private(set) var working: [Int32] = []
  package private(set) var waiting: [Int32] = []

  /// Verbs that change no file of the work tree, however long they run.
  private static let onlooking: Set<String> = [
    "log", "diff", "show", "blame", "annotate", "grep", "status", "shortlog", "help", "version", "config",
    "daemon",
    "fsmonitor--daemon", "credential-cache--daemon", "credential-cache", "gc", "maintenance", "repack",
    "prune", "gui",
    "citool", "difftool", "mergetool", "instaweb", "cat-file", "rev-list", "rev-parse", "ls-files",
    "ls-remote",
    "ls-tree", "for-each-ref", "describe", "reflog", "fetch", "push", "remote-https", "remote-http", "remote",
    "upload-pack", "receive-pack", "pack-objects", "index-pack", "fsck", "bundle", "archive", "range-diff",
    "whatchanged",
    "check-ignore", "check-attr", "merge-base", "name-rev", "var", "web--browse", "send-pack", "fetch-pack",
  ]

  /// What git has a person edit.
  private static let editorFiles: Set<String> = [
    "COMMIT_EDITMSG", "MERGE_MSG", "SQUASH_MSG", "TAG_EDITMSG", "NOTES_EDITMSG", "EDIT_DESCRIPTION",
    "BRANCH_DESCRIPTION", "git-rebase-todo", "addp-hunk-edit.diff", "ADD_EDIT.patch",
  ]

  /// Judges a list of all processes. Those of git have a directory and arguments, and so have their children.
  package init(_ processes: [Process], layout: GitLayout) {
    let workers = processes.filter { process in
      process.isGit && !Self.onlooking.contains(process.verb) && Self.isInside(process, layout)
    }
    var parents: [Int32: Int32] = [:]
    for process in processes where process.isGit { parents[process.pid] = process.parent }
    var waitingPids: Set<Int32> = []
    for process in processes where !process.isGit {
      guard parents[process.parent] != nil, process.arguments.dropFirst().contains(where: Self.isEditorFile)
      else {
        continue
      }
      // The git process whose editor this is waits, and so do those that wait for it.
      var pid = process.parent
      while let parent = parents[pid], waitingPids.insert(pid).inserted { pid = parent }
    }
    for worker in workers {
      if waitingPids.contains(worker.pid) { waiting.append(worker.pid) } else { working.append(worker.pid) }
    }
  }

  /// Looks at the machine.
  package static func look(_ layout: GitLayout) -> GitProcesses {
    var processes: [Process] = []
    guard let names = try? Files.names(in: "/proc") else { return GitProcesses([], layout: layout) }
    for name in names {
      guard let pid = Int32(String(decoding: name, as: UTF8.self)), let process = read(pid) else { continue }
      processes.append(process)
    }
    let git = Set(processes.filter(\.isGit).map(\.pid))
    if git.isEmpty { return GitProcesses([], layout: layout) }
    let relevant = processes.filter { $0.isGit || git.contains($0.parent) }.map(detailed)
    return GitProcesses(relevant, layout: layout)
  }

  /// Whether a process was started, directly or not, by a git command that works in the tree.
  package static func isBelowGit(_ pid: Int32, _ layout: GitLayout) -> Bool {
    var at = pid
    for _ in 0..<256 {
      guard at > 1, let process = read(at) else { return false }
      if process.isGit && isInside(detailed(process), layout) { return true }
      at = process.parent
    }
    return false
  }

  private static func isInside(_ process: Process, _ layout: GitLayout) -> Bool {
    for place in [layout.top, layout.gitDirectory, layout.commonDirectory] {
      if process.directory.starts(with: place)
        && (process.directory.count == place.count || process.directory[place.count] == UInt8(ascii: "/"))
      {
        return true
      }
      // `git --work-tree=DIR` from elsewhere.
      if process.arguments.contains(where: { argument in
        argument.count >= place.count && argument.suffix(place.count).elementsEqual(place)
      }) {
        return true
      }
    }
    return false
  }

  private static func isEditorFile(_ argument: [UInt8]) -> Bool {
    let name = argument.suffix(while: { $0 != UInt8(ascii: "/") })
    return editorFiles.contains(String(decoding: name, as: UTF8.self))
  }

  /// The name and parent of a process; nil when it has gone.
  private static func read(_ pid: Int32) -> Process? {
    guard let stat = IgnoreFiles.read(AT_FDCWD, Array("/proc/\(pid)/stat".utf8)),
      let open = stat.firstIndex(of: UInt8(ascii: "(")), let close = stat.lastIndex(of: UInt8(ascii: ")")),
      open < close
    else { return nil }
    let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 2)
    guard fields.count >= 2, fields[0].first != UInt8(ascii: "Z"),
      let parent = Int32(String(decoding: fields[1].prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self))
    else { return nil }
    return Process(pid: pid, parent: parent, name: Array(stat[(open + 1)..<close]))
  }

  private static func detailed(_ process: Process) -> Process {
    var process = process
    process.arguments =
      (IgnoreFiles.read(AT_FDCWD, Array("/proc/\(process.pid)/cmdline".utf8)) ?? [])
      .split(separator: 0).map(Array.init)
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Files.withPath(Array("/proc/\(process.pid)/cwd".utf8)) { path in
      unsafe buffer.withUnsafeMutableBytes {
        unsafe readlink(path, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
    }
    process.directory = count > 0 ? Array(buffer[..<count]) : []
    return process
  }
}

extension Array where Element == UInt8 {
  fileprivate func suffix(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    var start = count
    while start > 0 && isWanted(self[start - 1]) { start -= 1 }
    return self[start...]
  }
}
