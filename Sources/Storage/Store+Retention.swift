internal import Model
internal import Platform
internal import Synchronization

extension Store {
  /// What is to be kept, and how far the present round of housekeeping has come.
  struct Keeping {
    enum Stage: Hashable {
      case resting
      /// Old runs and events, a slice at a time.
      case trimming
      /// Names and contents without a use, a table at a time.
      case sweeping(Int)
      /// Files without a row, a directory at a time.
      case collecting(Int)
    }

    var retention = Retention()
    var stage = Stage.resting
    var nextRound: Instant
    var nextCollection: Instant
    var waiting: [@Sendable () -> Void] = []
  }

  /// However little may be kept, this many of the newest events stay, so that whoever follows is not cut off at once.
  static let eventsAlwaysKept: Int64 = 10_000

  package func setRetention(_ retention: Retention) {
    keeping.withLock { keeping in
      if keeping.retention == retention { return }
      keeping.retention = retention
      keeping.nextRound = clock.now()
    }
  }

  /// Takes away now what is too old, too much, or without a use, oldest first.
  ///
  /// `done` comes on the journal's thread.
  package func trim(done: @escaping @Sendable () -> Void) {
    let isQueued = queue.perform { [self] in
      keeping.withLock { keeping in
        keeping.stage = .trimming
        keeping.nextCollection = clock.now()
        keeping.waiting.append(done)
      }
    }
    if !isQueued { done() }
  }

  /// One small step, on the journal's thread whenever that has nothing else to do; answers whether there is more.
  func keepHouse() -> Bool {
    let now = clock.now()
    let stage = keeping.withLock { keeping in
      if keeping.stage == .resting && now >= keeping.nextRound { keeping.stage = .trimming }
      return keeping.stage
    }
    let next: Keeping.Stage
    switch stage {
    case .resting: return false
    case .trimming: next = trimSome() ? .trimming : .sweeping(0)
    case .sweeping(let table):
      journal.withLock { journal in try? journal.sweep(table) }
      if table + 1 < Journal.sweeps.count {
        next = .sweeping(table + 1)
      } else {
        next = keeping.withLock { now >= $0.nextCollection } ? .collecting(0) : .resting
      }
    case .collecting(let shard):
      contents.collect(shard: UInt8(shard)) { digest in
        // What cannot be looked up stays.
        (try? journal.withLock { journal throws(StorageError) in try journal.knows(digest) }) ?? true
      }
      next = shard < 255 ? .collecting(shard + 1) : .resting
    }
    let done = keeping.withLock { keeping in
      keeping.stage = next
      guard next == .resting else { return [@Sendable () -> Void]() }
      keeping.nextRound = now + .seconds(600)
      if case .collecting = stage { keeping.nextCollection = now + .seconds(86_400) }
      defer { keeping.waiting.removeAll() }
      return keeping.waiting
    }
    for done in done { done() }
    return next != .resting
  }

  /// A transaction of its own, small enough to keep nobody waiting; a failure ends the round's trimming.
  private func trimSome() -> Bool {
    let retention = keeping.withLock { $0.retention }
    let oldest = Timestamp(milliseconds: clock.wall().milliseconds - retention.age.wholeMilliseconds)
    cache.trim(to: retention.bytes / 4)
    let slice = try? journal.withLock { journal throws(StorageError) in
      if journal.isStandIn { return Journal.Slice() }
      let slice = try journal.trimSlice(olderThan: oldest, isOver: size(journal) > retention.bytes)
      try journal.connection.execute("PRAGMA incremental_vacuum(1000)")
      return slice
    }
    guard let slice else { return false }
    contents.remove(slice.files)
    return slice.rows > 0
  }

  /// Bytes of all that is kept.
  private func size(_ journal: Journal) throws(StorageError) -> UInt64 {
    let connection = journal.connection
    let pages = try connection.integer("PRAGMA page_count") - connection.integer("PRAGMA freelist_count")
    let journalBytes = pages * (try connection.integer("PRAGMA page_size"))
    let files = try connection.integer("SELECT ifnull(sum(size), 0) FROM contents WHERE data IS NULL")
    return UInt64(clamping: journalBytes + files) + cache.bytes
  }

  /// Takes away damaged contents; answers how many there were.
  package func verifyContents() -> Int { contents.verify().count }
}

extension Journal {
  struct Slice {
    var rows = 0
    /// Contents that nothing refers to any more and that lie in files.
    var files: [Digest] = []
  }

  private static let sliceOfEvents: Int64 = 2000
  private static let sliceOfRuns: Int64 = 200

  /// Takes away some of the oldest events and runs that are older than `moment`, or whatever is oldest when
  /// `isOver`.
  ///
  /// Runs and events share the clock's ticks, so both are cut at the same tick.
  func trimSlice(olderThan moment: Timestamp, isOver: Bool) throws(StorageError) -> Slice {
    try connection.transaction { () throws(StorageError) in
      var slice = Slice()
      let limit = isOver ? Int64.max : moment.milliseconds
      let kept = try connection.integer(
        "SELECT ifnull((SELECT tick FROM events ORDER BY tick DESC LIMIT 1 OFFSET \(Store.eventsAlwaysKept - 1)), 0)"
      )
      let lastEvent = try connection.use(
        """
        SELECT max(tick) FROM (SELECT tick, time FROM events WHERE tick < ? ORDER BY tick LIMIT \(Self.sliceOfEvents))
        WHERE time < ?
        """
      ) { statement throws(StorageError) in
        try statement.bind(isOver ? kept : Int64.max).bind(limit).step() ? statement.optionalInteger(0) : nil
      }
      if let lastEvent {
        try connection.use("DELETE FROM events WHERE tick <= ?") { statement throws(StorageError) in
          try statement.bind(lastEvent).run()
        }
        slice.rows += connection.changes
        try Store.noteLost(upTo: Tick(UInt64(clamping: lastEvent)), in: connection)
      }
      // Up to the events' cut when it is size that counts, so that both age alike.
      let runs = try connection.use(
        """
        SELECT id FROM runs WHERE started < ? AND id <= ? AND NOT EXISTS (SELECT 1 FROM verdicts WHERE run = runs.id)
        ORDER BY id LIMIT \(Self.sliceOfRuns)
        """
      ) { statement throws(StorageError) in
        var runs: [Int64] = []
        _ = statement.bind(limit).bind(isOver ? lastEvent ?? Int64.max : Int64.max)
        while try statement.step() { runs.append(statement.integer(0)) }
        return runs
      }
      for run in runs { try remove(run: run, &slice) }
      return slice
    }
  }

  private func remove(run: Int64, _ slice: inout Slice) throws(StorageError) {
    let contents = try connection.use("SELECT content FROM content_references WHERE run = ?") {
      statement throws(StorageError) in
      var contents: [Int64] = []
      _ = statement.bind(run)
      while try statement.step() { contents.append(statement.integer(0)) }
      return contents
    }
    try connection.use("DELETE FROM runs WHERE id = ?") { statement throws(StorageError) in
      try statement.bind(run).run()
    }
    slice.rows += 1
    for content in contents { try removeIfUnreferenced(content: content, &slice) }
  }

  private func removeIfUnreferenced(content: Int64, _ slice: inout Slice) throws(StorageError) {
    let file = try connection.use(
      """
      DELETE FROM contents WHERE id = ? AND NOT EXISTS (SELECT 1 FROM content_references WHERE content = contents.id)
      RETURNING digest, data IS NULL
      """
    ) { statement throws(StorageError) -> Digest? in
      var file: Digest?
      _ = statement.bind(content)
      while try statement.step() {
        if statement.integer(1) == 1 { file = Digest(bytes: statement.bytes(0)) }
      }
      return file
    }
    if let file { slice.files.append(file) }
  }

  /// Rows that nothing uses any more.
  static let sweeps = [
    "DELETE FROM contents WHERE id NOT IN (SELECT content FROM content_references)",
    "DELETE FROM cases WHERE id NOT IN (SELECT \"case\" FROM run_cases) AND id NOT IN (SELECT \"case\" FROM verdicts)",
    "DELETE FROM units WHERE id NOT IN (SELECT unit FROM runs) AND id NOT IN (SELECT unit FROM verdicts)",
    "DELETE FROM paths WHERE id NOT IN (SELECT path FROM reason_paths)",
  ]

  func sweep(_ table: Int) throws(StorageError) {
    if isStandIn { return }
    try connection.execute(Self.sweeps[table])
    forgetIDs()
  }

  func knows(_ digest: Digest) throws(StorageError) -> Bool {
    try connection.use("SELECT 1 FROM contents WHERE digest = ?") { statement throws(StorageError) in
      try statement.bind(digest.bytes).step()
    }
  }
}
