internal import Glibc
internal import Model
internal import Platform

/// The stored view: read at the start, continued by a journal, written anew when the journal has grown and at the end.
///
/// `view` carries a generation; `journal-N` continues the view of generation N, and where the next view was not finished,
/// `journal-N+1` continues that. So a new journal may begin before its view is on the disk.
extension Watcher {
  private var viewPath: String { options.stateDirectory + "/view" }
  private func journalPath(_ generation: UInt64) -> String {
    options.stateDirectory + "/journal-\(generation)"
  }

  /// Takes over what the previous watcher left; false when that is nothing, or not whole.
  func restore() -> Bool {
    do {
      try Files.makeDirectory(options.stateDirectory)
      let bytes = try Files.read(viewPath, limit: 4 << 30)
      var stored = try StoredView(decoding: bytes)
      generation = stored.generation
      while let bytes = try? Files.read(journalPath(generation), limit: 1 << 30) {
        stored.apply(ChangeJournal.records(in: bytes))
        generation += 1
      }
      table = stored.table
      paths = stored.paths
      history = stored.history
      if let newest = history.newestTick, newest > ticks.current {
        // The daemon's clock was lost: the ticks mean nothing any more, the files still do.
        history = ChangeHistory(floor: ticks.current)
      }
      return true
    } catch {
      generation = 0
      return false
    }
  }

  /// Appends a settled set before it is told.
  func journalise(
    _ differences: [(path: [UInt8], id: PathBook.PathID, kind: ChangeKind)], _ changes: [Change]
  ) {
    guard journal != nil else { return }
    var records: [ChangeJournal.Record] = []
    records.reserveCapacity(changes.count)
    for (difference, change) in zip(differences, changes) {
      let entry = paths.entry(difference.id, in: table).flatMap { table.isDirectory($0) ? nil : $0 }
      records.append(
        ChangeJournal.Record(
          change: change, status: entry.map { table.status($0) }, digest: entry.flatMap { table.digest($0) }))
    }
    do throws(SystemError) {
      try journal?.append(records)
      storeFailure = nil
    } catch {
      storeFailure = error
    }
    if let length = journal?.length, length > max(1 << 20, viewLength / 2) { storeSoon() }
  }

  /// Has the view written when nothing else is going on.
  func storeSoon() {
    if storeAt == nil { storeAt = clock.now() + .milliseconds(500) }
  }

  /// Writes the view in the background; the next journal begins at once.
  func storeNow() {
    storeAt = nil
    if isStoring.exchange(true) {
      // The one before is still being written.
      storeAt = clock.now() + .seconds(1)
      return
    }
    let bytes = beginGeneration()
    let (path, kept) = (viewPath, generation)
    let old = (kept > 32 ? kept - 32 : 0)..<kept
    let journals = old.map { journalPath($0) }
    let isStoring = isStoring
    ThreadBody {
      defer { isStoring.clear() }
      do throws(SystemError) {
        try Files.replace(path, with: bytes)
        for journal in journals { try Files.remove(journal) }
      } catch {
        // The journals before are still there and continue the view before.
      }
    }.start(named: "watch-store")
  }

  /// Before the watch is said to be armed: from its first answer on, a killed watcher's successor can answer for that clock.
  /// Not flushed; the next writing in the background is.
  func storeFirst() {
    let bytes = beginGeneration()
    do throws(SystemError) {
      try Files.replace(viewPath, with: bytes, durable: false)
      removeJournals(before: generation)
    } catch {
      storeFailure = error
    }
    storeSoon()
  }

  private func removeJournals(before end: UInt64) {
    for old in (end > 32 ? end - 32 : 0)..<end { try? Files.remove(journalPath(old)) }
  }

  private func beginGeneration() -> [UInt8] {
    generation += 1
    let stored = StoredView(generation: generation, table: table, paths: paths, history: history)
    let bytes = stored.encoded()
    viewLength = bytes.count
    do throws(SystemError) {
      journal = try ChangeJournal(creating: journalPath(generation))
      storeFailure = nil
    } catch {
      journal = nil
      storeFailure = error
    }
    return bytes
  }

  /// The last act: the view as it stands, on the disk for good.
  func storeFinally() {
    // A view that is still being written is older; it must not come after this one.
    while isStoring.isSet { usleep(1000) }
    guard isArmed else { return }
    let bytes = beginGeneration()
    journal = nil
    do throws(SystemError) {
      try Files.replace(viewPath, with: bytes)
      removeJournals(before: generation + 1)
    } catch {
      storeFailure = error
    }
  }
}
