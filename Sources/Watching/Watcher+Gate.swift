internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// The gate: git's directory is watched, and its processes are looked at when something happens there.
extension Watcher {
  func watchGit() {
    if gitWatch >= 0 && directoryOfWatch[gitWatch] == nil { inotify.forget(gitWatch) }
    gitWatch = -1
    guard options.usesGates, let layout else { return }
    let mask: Inotify.Mask = [.create, .delete, .movedFrom, .movedTo, .deleteSelf, .onlyDirectory, .add]
    if case .success(let number) = unsafe Files.withPath(
      layout.gitDirectory, { unsafe Inotify.watch(notifyNumber, $0, mask) })
    {
      gitWatch = number
    }
    readMarkers()
  }

  /// Something came or went in git's directory.
  func takeGit(_ event: Inotify.Event, _ buffer: [UInt8]) {
    if event.mask.contains(.isDirectory) && buffer[event.name].elementsEqual(Array("info".utf8)) {
      ruleMarks.insert(FileTable.root)
      note(FileTable.root, NameArena.empty, isFinished: true)
    }
    if event.mask.contains(.ignored) {
      gitWatch = -1
      isLayoutStale = true
    }
    isGitStale = true
  }

  /// After each reading of the queue, once for all its events.
  func advanceGate() {
    if isLayoutStale {
      isLayoutStale = false
      let before = layout
      readLayout()
      if layout != before || gitWatch < 0 { watchGit() }
      if layout != before {
        ruleMarks.insert(FileTable.root)
        note(FileTable.root, NameArena.empty, isFinished: true)
      }
    }
    if isGitStale { readMarkers() }
    let now = clock.now()
    if let look = keeper.nextLook, look <= now, let layout {
      let seen = GitProcesses.look(layout)
      keeper.looked(working: !seen.working.isEmpty, waiting: !seen.waiting.isEmpty, at: now)
      follow(seen.working)
    }
    let gate = keeper.gate
    if gate != toldGate {
      toldGate = gate
      tell(.gate(gate))
    }
  }

  private func readMarkers() {
    isGitStale = false
    var markers = GitMarkers()
    if let layout {
      func exists(_ name: String) -> Bool {
        if case .success = EntryStatus.read(
          in: AT_FDCWD, GitLayout.join(layout.gitDirectory, Array(name.utf8)))
        {
          return true
        }
        return false
      }
      markers.isLocked = exists("index.lock")
      markers.operation = GitMarkers.operations.first { exists($0.file) }?.operation
    }
    keeper.saw(markers, at: clock.now())
  }

  /// The end of a process is waited for, not asked about again and again.
  func follow(_ pids: [Int32]) {
    let wanted = Set(pids)
    for (pid, descriptor) in followed where !wanted.contains(pid) {
      poller.remove(descriptor)
      close(descriptor)
      followed[pid] = nil
    }
    for pid in pids where followed[pid] == nil {
      let descriptor = cl_pidfd_open(pid, 0)
      if descriptor < 0 { continue }
      do throws(SystemError) {
        try poller.add(descriptor, as: Token.process)
        followed[pid] = descriptor
      } catch {
        close(descriptor)
      }
    }
  }

  /// One of the processes that are waited for has ended.
  func processEnded() {
    follow([])
    keeper.ended(at: clock.now())
  }
}
