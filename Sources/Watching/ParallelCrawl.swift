internal import Platform
internal import Synchronization

/// Reads a whole tree with several threads and hands the directories over in an order in which each comes after the one above.
final class ParallelCrawl: Sendable {
  private struct State {
    var tasks: [DirectoryTask]
    var results: [DirectoryResult] = []
    /// Tasks that are queued or being worked on.
    var open = 1
    var nextToken = 1
  }

  /// Results that nobody has taken yet: beyond this the threads wait, for the sake of memory.
  private static let backlog = 1024

  private let state: Mutex<State>
  private let hasWork = Condition()
  private let hasResults = Condition()
  private let root: Int32
  private let inotify: Int32
  private let threads: Int

  init(_ first: DirectoryTask, root: Int32, inotify: Int32, threads: Int) {
    state = Mutex(State(tasks: [first]))
    self.root = root
    self.inotify = inotify
    self.threads = threads
  }

  func start() {
    for _ in 0..<threads { ThreadBody { [self] in run() }.start(named: "watch-crawl") }
  }

  /// The next results; nil when all have been taken. The root's descriptor may be closed then.
  func take() -> [DirectoryResult]? {
    hasResults.wait { state.withLock { !$0.results.isEmpty || $0.open == 0 } }
    let results = state.withLock { state in
      defer { state.results.removeAll() }
      return state.results
    }
    hasWork.signal()
    return results.isEmpty ? nil : results
  }

  private func run() {
    var reader = DirectoryReader()
    while true {
      hasWork.wait {
        state.withLock { $0.open == 0 || !$0.tasks.isEmpty && $0.results.count < Self.backlog }
      }
      guard let task = state.withLock({ state in state.tasks.popLast() }) else {
        if state.withLock({ $0.open == 0 }) { return }
        continue
      }
      finish(task.perform(root: root, inotify: inotify, &reader))
    }
  }

  /// Queues the directories below, and the result before any of theirs can come.
  private func finish(_ result: DirectoryResult) {
    var below: [DirectoryTask] = []
    if case .listed(let listing, _, _, let isRemote) = result.found {
      for item in listing.items where item.status.kind == .directory {
        below.append(
          result.task.below(listing.names[listing.name(item)], listing, isRemote, parent: FileTable.none))
      }
    }
    let isLast = state.withLock { state in
      var result = result
      for var task in below {
        task.token = state.nextToken
        task.parentToken = result.task.token
        state.nextToken += 1
        state.tasks.append(task)
      }
      result = DirectoryResult(
        task: result.task.numbered(last: below.isEmpty ? result.task.token : state.nextToken - 1),
        found: result.found)
      state.open += below.count - 1
      state.results.append(result)
      return state.open == 0
    }
    if !below.isEmpty || isLast { hasWork.signal() }
    hasResults.signal()
  }
}

extension DirectoryTask {
  fileprivate func numbered(last: Int) -> DirectoryTask {
    var copy = self
    copy.lastChildToken = last
    return copy
  }
}
