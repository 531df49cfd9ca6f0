internal import Glibc
package import Model
package import Platform
internal import Synchronization

/// All that the daemon keeps: the journal (flushed before anything is acknowledged), the cache (may vanish at any
/// time), the contents (logs, artefacts), and the clock's reserve.
///
/// Writing is one thread's work, and several transactions share one flush. Reading has connections of its own and may
/// be done from any thread; it sees what is flushed.
package final class Store: Sendable {
  package let directory: String
  /// Durable: see `TickReserve`.
  package var ticks: any TickSource { reserve }
  package let contents: ContentStore
  package let cache: CacheStore

  let clock: any Clock
  let reserve: TickReserve
  let queue: CommitQueue
  let journal: Mutex<Journal>
  // Two readers, so that a long page of events keeps no verdict waiting. Lock order: journal, reader, events.
  let reader: Mutex<Connection>
  let eventReader: Mutex<Connection>
  let complaints = Mutex(Complaints())
  let keeping: Mutex<Keeping>
  private let lock: Mutex<StateDirectory?>
  private let isClosed = Atomic(false)

  /// What is to be said of the store's health, and to whom.
  struct Complaints {
    var notes: [Diagnostic] = []
    var changed: (@Sendable () -> Void)?
    var readFailure: StorageError?
    /// Why and where the journal was set aside, until a new one is begun.
    var damage: (error: StorageError, aside: String)?
  }

  /// Opens or makes the state in `directory`.
  ///
  /// The diagnostics say what had to be set aside or could not be checked.
  package static func open(
    directory: String, clock: any Clock
  ) throws(StorageError) -> (store: Store, diagnostics: [Diagnostic]) {
    try open(directory: directory, clock: clock, pace: Pace())
  }

  /// How patient it is; tests are less so.
  struct Pace {
    /// Between tries at a disk that refuses.
    var retryAfter: Duration = .seconds(1)
    /// In seconds, of contents that are not yet collected.
    var youngContent = 3600
  }

  static func open(
    directory: String, clock: any Clock, pace: Pace
  ) throws(StorageError) -> (store: Store, diagnostics: [Diagnostic]) {
    let lock = try StateDirectory(directory)
    let path = directory + "/journal.db"
    let file = try ClockFile(directory + "/clock")
    let opened = try Journal.open(path, clock: clock)
    let contents = try ContentStore(directory + "/content", youngAge: pace.youngContent)
    let (cache, notes) = CacheStore.open(directory + "/cache.db", clock: clock)

    // The journal's own copy counts where the clock's file was lost: a whole block may have been handed out since.
    let known = try Self.newestTick(in: opened.connection)
    let isBehind = file.reserved < known
    let reserve = try TickReserve(file, above: isBehind ? known + TickReserve.block : 0)
    if opened.isNew && reserve.current > .zero {
      try Self.noteLost(upTo: reserve.current, in: opened.connection)
    }
    let diagnostics = opened.diagnostics + notes
    let store = Store(
      lock: lock, directory: directory, clock: clock, reserve: reserve, journal: Journal(opened.connection),
      reader: try Self.reader(path), eventReader: try Self.reader(path), contents: contents, cache: cache,
      queue: CommitQueue(retryAfter: pace.retryAfter))
    store.start()
    return (store, diagnostics)
  }

  private init(
    lock: consuming StateDirectory, directory: String, clock: any Clock, reserve: TickReserve,
    journal: consuming sending Journal, reader: consuming sending Connection,
    eventReader: consuming sending Connection, contents: ContentStore, cache: CacheStore, queue: CommitQueue
  ) {
    self.lock = Mutex(lock)
    // A start has better things to do than housekeeping.
    let now = clock.now()
    keeping = Mutex(Keeping(nextRound: now + .seconds(60), nextCollection: now + .seconds(3600)))
    self.directory = directory
    self.clock = clock
    self.reserve = reserve
    self.journal = Mutex(journal)
    self.reader = Mutex(reader)
    self.eventReader = Mutex(eventReader)
    self.contents = contents
    self.cache = cache
    self.queue = queue
  }

  static func reader(_ path: String) throws(StorageError) -> Connection {
    let connection = try Connection(path, .readOnly)
    try connection.execute("PRAGMA cache_size=-1000")
    return connection
  }

  private static func newestTick(in connection: Connection) throws(StorageError) -> UInt64 {
    let newest = try [
      "SELECT reserved FROM clock", "SELECT max(tick) FROM events", "SELECT max(id) FROM runs",
      "SELECT max(clock) FROM verdicts",
    ].map { sql throws(StorageError) in try connection.integer(sql) }.max()
    // A damaged number must not stop the clock at its end.
    return min(UInt64(clamping: newest ?? 0), UInt64(Int64.max) / 2)
  }

  static func noteLost(upTo tick: Tick, in connection: Connection) throws(StorageError) {
    try connection.use("UPDATE clock SET lost = max(lost, ?)") { statement throws(StorageError) in
      try statement.bind(Int64(clamping: tick.number)).run()
    }
  }

  private func start() {
    queue.start(
      CommitQueue.Hooks(
        commit: { [self] in commit($0) },
        idle: { [self] in keepHouse() },
        changed: { [self] in complaints.withLock { $0.changed }?() }))
  }

  /// Keeps the transaction.
  ///
  /// `done` is called once, on the journal's thread, and must not block: after success it is flushed; after a
  /// failure that the disk may get over (`health` says so) it is still kept in memory, in order, and written
  /// when the disk lets it.
  package func record(
    _ transaction: JournalTransaction, done: @escaping @Sendable (Result<Void, StorageError>) -> Void
  ) {
    queue.add(transaction, done: done)
  }

  /// Waits for all that was recorded so far: it is on disk, or this says why it is not.
  @discardableResult
  package func flush() -> Result<Void, StorageError> {
    let answer = Answer<Result<Void, StorageError>>()
    let isQueued = queue.perform { [self] in
      answer.put(queue.trouble.map { .failure($0.failure) } ?? .success(()))
    }
    return isQueued ? answer.take() : .failure(StorageError(.closed, "the journal is closed"))
  }

  /// Writes what waits, and lets go of the directory.
  ///
  /// Nothing may be asked of the store afterwards.
  package func close() {
    if isClosed.exchange(true, ordering: .acquiringAndReleasing) { return }
    queue.close()
    for done in keeping.withLock({ $0.waiting }) { done() }
    reserve.close()
    cache.close()
    journal.withLock { journal in
      let newest = reserve.current
      try? journal.connection.use("UPDATE clock SET reserved = ?") { statement throws(StorageError) in
        try statement.bind(Int64(clamping: newest.number)).run()
      }
      try? journal.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
    try? standAside()
    lock.withLock { $0 = nil }
  }
}
