internal import Glibc
internal import Model
internal import Platform

/// Directories that the kernel does not tell about, and what else is amiss.
extension Watcher {
  /// Lists every polled directory again. Where a watch can be had by now, it is set on the way.
  func pollDirectories() {
    let begin = clock.now()
    for directory in polled
    where table.isLive(directory) && table.isDirectory(directory) && !isAdrift(directory) {
      if directory == FileTable.root {
        crawl([rootTask()], .compare)
      } else if let task = task(table.parent(directory), table.name(directory)) {
        crawl([task], .compare)
      }
    }
    dropAdrift()
    if !isResolved { note(FileTable.root, NameArena.empty, isFinished: true) }
    // A fiftieth of the time at most.
    let cost = clock.now() - begin
    pollAt = polled.isEmpty ? nil : clock.now() + max(.seconds(1), cost * 50)
  }

  func schedulePolling(_ now: Instant) {
    if polled.isEmpty { pollAt = nil } else if pollAt == nil { pollAt = now + .seconds(1) }
  }

  /// Everything that is not as it should be, complete.
  func complaints() -> [Diagnostic] {
    var list: [Diagnostic] = []
    let unwatched = polled.count - remote.count
    if unwatched > 0 {
      list.append(unwatchedComplaint(unwatched))
    }
    if !remote.isEmpty {
      list.append(
        Diagnostic(
          .note, code: "remote-file-system",
          "\(Self.count(remote.count)) polled: their file system does not tell of changes made elsewhere"))
    }
    if let first = unreadable.min() {
      list.append(
        Diagnostic(
          .warning, code: "unreadable-directory",
          "\(Self.count(unreadable.count)) unreadable, \(String(decoding: table.path(first), as: UTF8.self)) among them",
          hints: ["make them readable, or ignore them in .mcpdignore"]))
    }
    if let storeFailure { list.append(storeFailure.diagnostic(code: "watch-state-unwritable")) }
    return list
  }

  private func unwatchedComplaint(_ number: Int) -> Diagnostic {
    switch watchFailure?.number {
    case ENOSPC where options.watchLimit != nil:
      return Diagnostic(
        .warning, code: "watch-limit",
        "\(Self.count(number)) polled: the project's own limit on watches is used up")
    case ENOSPC:
      let limit = Self.watchLimit()
      let text = limit.map { " (\($0))" } ?? ""
      return Diagnostic(
        .warning, code: "watch-limit", "\(Self.count(number)) polled: the watch limit\(text) is used up",
        hints: ["sudo sysctl fs.inotify.max_user_watches=\(max(524_288, (limit ?? 0) * 2))"])
    case let failure:
      let reason = SystemError(failure ?? 0, "watch", "a directory").description
      return Diagnostic(.warning, code: "watch-failed", "\(Self.count(number)) polled: \(reason)")
    }
  }

  private static func count(_ number: Int) -> String {
    number == 1 ? "1 directory is" : "\(number) directories are"
  }

  private static func watchLimit() -> Int? {
    guard let content = IgnoreFiles.read(AT_FDCWD, Array("/proc/sys/fs/inotify/max_user_watches".utf8)) else {
      return nil
    }
    return Int(String(decoding: content.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
