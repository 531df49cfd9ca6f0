package import Model
internal import Platform
internal import Synchronization

extension Store {
  /// One commit for all; on the journal's thread.
  func commit(_ transactions: [JournalTransaction]) -> Result<[Result<Void, StorageError>], StorageError> {
    let result = write(transactions)
    guard case .failure(let error) = result, error.code == .corrupt else { return result }
    beginAnew(because: error)
    return write(transactions)
  }

  private func write(_ transactions: [JournalTransaction]) -> Result<
    [Result<Void, StorageError>], StorageError
  > {
    do throws(StorageError) {
      let logs = transactions.map { $0.results.map { result in result.log.map { Digester.digest(of: $0) } } }
      // Contents first, then the rows that refer to them: a crash in between leaves a file too many, never one too few.
      var large: [(digest: Digest, bytes: [UInt8])] = []
      for (transaction, logs) in zip(transactions, logs) {
        for (result, digest) in zip(transaction.results, logs) {
          if let digest, let bytes = result.log, bytes.count > Journal.inlineLimit {
            large.append((digest, bytes))
          }
        }
      }
      try contents.put(large)
      let lost = queue.lost
      let reserved = reserve.end
      try returnIfAside()
      let outcomes = try journal.withLock { journal throws(StorageError) in
        do throws(StorageError) {
          return try journal.connection.transaction { () throws(StorageError) in
            var outcomes: [Result<Void, StorageError>] = []
            for (transaction, logs) in zip(transactions, logs) {
              outcomes.append(try journal.applyAlone(transaction, logs: logs))
            }
            try journal.keep(reserved: reserved, lost: lost)
            return outcomes
          }
        } catch {
          // Ids of rows that were taken back must not be believed.
          journal.forgetIDs()
          throw error
        }
      }
      if let lost { queue.wroteLost(upTo: lost) }
      return .success(outcomes)
    } catch {
      return .failure(error)
    }
  }

  /// Damage that shows while the daemon runs: the file is set aside, and the next write begins a new one.
  private func beginAnew(because damage: StorageError) {
    let path = directory + "/journal.db"
    do throws(StorageError) {
      try standAside()
      let aside = try Journal.setAside(path, clock: clock)
      complaints.withLock { $0.damage = (damage, aside) }
    } catch {
      // What keeps the file from being moved keeps it from being written too: the next try tells.
    }
  }

  /// Ends all connections to the file, so that it can be moved; empty databases in memory stand in for them.
  ///
  /// The last connection to end removes the write-ahead log by name: it must not be the new file's.
  func standAside() throws(StorageError) {
    try reader.withLock { reader throws(StorageError) in reader = try Connection(":memory:", .create) }
    try eventReader.withLock { reader throws(StorageError) in reader = try Connection(":memory:", .create) }
    try journal.withLock { journal throws(StorageError) in
      journal = Journal(try Connection(":memory:", .create), isStandIn: true)
    }
  }

  /// Opens the journal again after it was set aside; a disk that refuses this is asked again with the next write.
  private func returnIfAside() throws(StorageError) {
    guard journal.withLock({ $0.isStandIn }) else { return }
    let path = directory + "/journal.db"
    let lost = reserve.current
    let damage = complaints.withLock { $0.damage }
    let complaint = try journal.withLock { journal throws(StorageError) -> Diagnostic? in
      let opened = try Journal.open(path, clock: clock)
      try Self.noteLost(upTo: lost, in: opened.connection)
      let rescued = damage.map { Journal.rescue(from: $0.aside, into: opened.connection) } ?? 0
      journal = Journal(opened.connection)
      return damage.map { Journal.complaint(path, $0.error, aside: $0.aside, rescued: rescued) }
    }
    try reader.withLock { reader throws(StorageError) in reader = try Self.reader(path) }
    try eventReader.withLock { reader throws(StorageError) in reader = try Self.reader(path) }
    complaints.withLock { complaints in
      if let complaint { complaints.notes.append(complaint) }
      complaints.damage = nil
    }
    complaints.withLock { $0.changed }?()
  }

  /// A reader met damage: the writer looks for itself, and begins anew if it finds it too.
  func confirmDamage() {
    do throws(StorageError) {
      _ = try journal.withLock { journal throws(StorageError) in try Journal.examine(journal.connection) }
    } catch  where error.code == .corrupt {
      beginAnew(because: error)
      try? returnIfAside()
    } catch {}
  }

  /// What does not work as it should now; empty when all is well.
  package var health: [Diagnostic] {
    var found: [Diagnostic] = []
    if let (failure, waiting) = queue.trouble {
      found.append(
        Diagnostic(
          .error, code: failure.code.rawValue,
          "\(failure.message); \(waiting) transactions wait in memory for it",
          hints: failure.hint.map { [$0] } ?? []))
    } else if let complaint = reserve.complaint {
      found.append(complaint.diagnostic)
    }
    let (notes, failure) = complaints.withLock { ($0.notes, $0.readFailure) }
    if let failure { found.append(failure.diagnostic) }
    return found + notes
  }

  /// Calls `changed` whenever `health` says something else; it must not block.
  package func onHealthChange(_ changed: @escaping @Sendable () -> Void) {
    complaints.withLock { $0.changed = changed }
  }
}

extension Journal {
  /// Inside an open transaction: applies this one whole or not at all.
  ///
  /// Throws only what concerns them all.
  func applyAlone(
    _ transaction: JournalTransaction, logs: [Digest?]
  ) throws(StorageError) -> Result<Void, StorageError> {
    try connection.execute("SAVEPOINT one")
    do throws(StorageError) {
      try apply(transaction, logs: logs)
      try connection.execute("RELEASE one")
      return .success(())
    } catch {
      if error.passes || error.code == .corrupt || !connection.isInTransaction { throw error }
      try connection.execute("ROLLBACK TO one")
      try connection.execute("RELEASE one")
      forgetIDs()
      return .failure(error)
    }
  }

  func keep(reserved: UInt64, lost: Tick?) throws(StorageError) {
    if reserved != keptReserve {
      try connection.use("UPDATE clock SET reserved = ?") { statement throws(StorageError) in
        try statement.bind(Int64(clamping: reserved)).run()
      }
      keptReserve = reserved
    }
    if let lost { try Store.noteLost(upTo: lost, in: connection) }
  }
}
