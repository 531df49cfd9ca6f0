package import Model
internal import Platform
internal import Synchronization

extension Store {
  /// One commit for all; on the journal's thread.
  func commit(_ transactions: [JournalTransaction]) -> Result<[Result<Void, StorageError>], StorageError> {
    let before = queue.trouble != nil
    var result = write(transactions)
    if case .failure(let error) = result, error.code == .corrupt {
      if beginAnew(because: error) { result = write(transactions) }
    }
    let isFailing = if case .failure = result { true } else { false }
    if isFailing != before { complaints.withLock { $0.changed }?() }
    return result
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

  /// Damage that shows while the daemon runs: the file is set aside and a new one begun, as at a start.
  func beginAnew(because damage: StorageError) -> Bool {
    let path = directory + "/journal.db"
    let lost = reserve.current
    do throws(StorageError) {
      // All old connections end before the file moves: the last one to end removes the write-ahead log by name.
      try reader.withLock { reader throws(StorageError) in reader = try Connection(":memory:", .create) }
      try eventReader.withLock { reader throws(StorageError) in reader = try Connection(":memory:", .create) }
      let complaint = try journal.withLock { journal throws(StorageError) in
        journal = Journal(try Connection(":memory:", .create))
        let aside = try Journal.setAside(path, clock: clock)
        let opened = try Journal.open(path, clock: clock)
        try Self.noteLost(upTo: lost, in: opened.connection)
        let rescued = Journal.rescue(from: aside, into: opened.connection)
        journal = Journal(opened.connection)
        return Journal.complaint(path, damage, aside: aside, rescued: rescued)
      }
      try reader.withLock { reader throws(StorageError) in reader = try Self.reader(path) }
      try eventReader.withLock { reader throws(StorageError) in reader = try Self.reader(path) }
      complaints.withLock { $0.notes.append(complaint) }
      complaints.withLock { $0.changed }?()
      return true
    } catch {
      return false
    }
  }

  /// A reader met damage: the writer looks for itself, and begins anew if it finds it too.
  func confirmDamage() {
    do throws(StorageError) {
      _ = try journal.withLock { journal throws(StorageError) in try Journal.examine(journal.connection) }
    } catch  where error.code == .corrupt {
      _ = beginAnew(because: error)
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
