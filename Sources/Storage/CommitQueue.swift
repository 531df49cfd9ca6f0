internal import Model
internal import Platform
internal import Synchronization

/// What waits to be written, and the thread that writes it: everything queued while one commit runs goes into the next.
///
/// A disk that refuses (full, failing) keeps the queue: those who wait are told at once, what they wanted kept stays
/// in order at the head, and it is tried again every second and with each new arrival until memory's bound is reached.
final class CommitQueue: Sendable {
  typealias Done = @Sendable (Result<Void, StorageError>) -> Void

  struct Entry: Sendable {
    var transaction: JournalTransaction
    var weight: Int
    /// Nil once it was told of a failure.
    var done: Done?
  }

  /// Does the work; called on the queue's thread only.
  struct Hooks: Sendable {
    /// Writes the transactions in one commit; each has its own outcome, or the disk refused them all.
    var commit: @Sendable ([JournalTransaction]) -> Result<[Result<Void, StorageError>], StorageError>
    /// Called when the queue is empty, between commits: does a small piece of housekeeping, answers whether there is
    /// more of it.
    var idle: @Sendable () -> Bool
    /// Called when the disk begins to refuse, and when it takes writes again.
    var changed: @Sendable () -> Void
  }

  private struct State {
    var entries: [Entry] = []
    var weight = 0
    var jobs: [@Sendable () -> Void] = []
    var isClosed = false
    /// Why the last try failed; nil when it did not.
    var failure: StorageError?
    /// A new arrival, or somebody who waits: try again now.
    var isPressed = false
    /// The newest event that had to be dropped and is not yet written down as lost.
    var lost: Tick?
  }

  /// How much may wait in memory for a disk that refuses.
  static let bound = 64 << 20
  private static let batchWeight = 8 << 20
  private let retryAfter: Duration
  private let state = Mutex(State())
  private let changed = Condition()
  private let ended = Answer<Void>()

  init(retryAfter: Duration = .seconds(1)) {
    self.retryAfter = retryAfter
  }

  func start(_ hooks: Hooks) {
    ThreadBody { [self] in
      run(hooks)
      ended.put(())
    }.start(named: "mcpd-journal")
  }

  func add(_ transaction: JournalTransaction, done: @escaping Done) {
    let weight = transaction.weight
    let refusal = state.withLock { state -> StorageError? in
      if state.isClosed { return StorageError(.closed, "the journal is closed") }
      if let failure = state.failure, state.weight + weight > Self.bound {
        for event in transaction.events { state.lost = max(state.lost ?? .zero, event.tick) }
        return StorageError(
          .overfull, "too much waits for the disk; this was not kept (\(failure.message))", hint: failure.hint
        )
      }
      state.entries.append(Entry(transaction: transaction, weight: weight, done: done))
      state.weight += weight
      state.isPressed = true
      return nil
    }
    if let refusal { return done(.failure(refusal)) }
    changed.signal()
  }

  /// Runs on the queue's thread, after a try at all that was added before.
  ///
  /// False when the queue is closed.
  @discardableResult
  func perform(_ job: @escaping @Sendable () -> Void) -> Bool {
    let accepted = state.withLock { state in
      if state.isClosed { return false }
      state.jobs.append(job)
      state.isPressed = true
      return true
    }
    changed.signal()
    return accepted
  }

  /// Why the last try failed, and how many transactions wait.
  var trouble: (failure: StorageError, waiting: Int)? {
    state.withLock { state in state.failure.map { ($0, state.entries.count) } }
  }

  /// The newest event that was dropped; asked for by each commit, to be written down with it.
  var lost: Tick? { state.withLock { $0.lost } }

  func wroteLost(upTo tick: Tick) {
    state.withLock { state in
      if let lost = state.lost, lost <= tick { state.lost = nil }
    }
  }

  /// A last try at what waits, then the thread ends.
  ///
  /// Returns when it has.
  func close() {
    state.withLock { $0.isClosed = true }
    changed.signal()
    ended.take()
  }

  private func run(_ hooks: Hooks) {
    var hasMore = false
    while true {
      if !hasMore { waitForWork() }
      let (batch, jobs, isClosed) = state.withLock { state in
        state.isPressed = false
        var weight = 0
        let count = state.entries.firstIndex { entry in
          weight += entry.weight
          return weight > Self.batchWeight && weight > entry.weight
        }
        let batch = Array(state.entries[..<(count ?? state.entries.count)])
        // Jobs come after everything that was added before them.
        let jobs = batch.count == state.entries.count ? state.jobs : []
        if !jobs.isEmpty { state.jobs.removeAll() }
        return (batch, jobs, state.isClosed)
      }
      let succeeded = batch.isEmpty || commit(batch, hooks)
      // When the disk refuses, whoever waits for a try has had one.
      let late = succeeded ? jobs : jobs + takeJobs()
      for job in late { job() }
      let isEmpty = state.withLock { $0.entries.isEmpty && $0.jobs.isEmpty }
      if isClosed && (isEmpty || !succeeded) { return abandon() }
      hasMore = isEmpty && hooks.idle()
    }
  }

  private func waitForWork() {
    let isReady = { [self] () -> Bool in
      state.withLock { state in
        if state.isClosed || !state.jobs.isEmpty || state.isPressed { return true }
        return state.failure == nil && !state.entries.isEmpty
      }
    }
    if state.withLock({ $0.failure != nil }) {
      _ = changed.wait(atMost: retryAfter, until: isReady)
    } else {
      changed.wait(until: isReady)
    }
  }

  private func takeJobs() -> [@Sendable () -> Void] {
    state.withLock { state in
      defer { state.jobs.removeAll() }
      return state.jobs
    }
  }

  private func commit(_ batch: [Entry], _ hooks: Hooks) -> Bool {
    switch hooks.commit(batch.map(\.transaction)) {
    case .success(let outcomes):
      let wasFailing = state.withLock { state in
        state.entries.removeFirst(batch.count)
        for entry in batch { state.weight -= entry.weight }
        defer { state.failure = nil }
        return state.failure != nil
      }
      if wasFailing { hooks.changed() }
      for (entry, outcome) in zip(batch, outcomes) { entry.done?(outcome) }
      return true
    case .failure(let error):
      let isNew = state.withLock { state in
        defer { state.failure = error }
        for index in batch.indices { state.entries[index].done = nil }
        return state.failure?.code != error.code
      }
      if isNew { hooks.changed() }
      for entry in batch { entry.done?(.failure(error)) }
      return false
    }
  }

  /// At the end nobody is left waiting.
  private func abandon() {
    let (entries, failure) = state.withLock { state in
      defer { state.entries.removeAll() }
      return (state.entries, state.failure)
    }
    let error = failure ?? StorageError(.closed, "the journal is closed")
    for entry in entries { entry.done?(.failure(error)) }
    for job in takeJobs() { job() }
  }
}
