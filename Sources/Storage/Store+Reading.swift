internal import Glibc
package import Model
internal import Platform
internal import Synchronization

extension Store {
  /// Events after a tick, oldest first, at most `limit`, read from what is flushed.
  ///
  /// With a project: its own and those that concern the whole daemon. Empty `kinds` means all.
  package func events(
    after: Tick, project: ProjectName?, kinds: Set<Event.Kind>, limit: Int
  ) throws(StorageError) -> EventsPage {
    try reading(eventReader) { connection throws(StorageError) in
      // One snapshot for both questions: a trim in between must not make a gap that nobody sees.
      try connection.snapshot { () throws(StorageError) in
        let lost = UInt64(clamping: try connection.integer("SELECT lost FROM clock"))
        guard after.number >= lost else { return .expired(oldest: Tick(lost + 1)) }
        return .events(
          try connection.events(
            after: Int64(clamping: after.number), project: project, kinds: kinds, limit: limit))
      }
    }
  }

  /// The newest verdict-bearing result of each unit, in the order of their runs.
  ///
  /// Empty when it cannot be read (`health` says so): what is unknown runs again.
  package func latestResults(project: ProjectName) -> [StoredResult] {
    attempt { connection throws(StorageError) in
      try connection.snapshot { () throws(StorageError) in
        var results = try connection.results(
          where: "units.project = ?", order: "runs.id", from: .verdicts, bind: { $0.bind(project.text) })
        for index in results.indices where results[index].result.verdict?.isRed == true {
          results[index].redSince = try connection.redSince(results[index].result.run)
        }
        return results
      }
    } ?? []
  }

  package func run(_ id: RunID) -> StoredResult? {
    attempt { connection throws(StorageError) in
      try connection.results(
        where: "runs.id = ?", order: "runs.id", from: .runs,
        bind: { $0.bind(Int64(clamping: id.tick.number)) }
      ).first
    } ?? nil
  }

  /// Runs of a unit, newest first; discarded ones too.
  package func history(unit: UnitID, limit: Int) -> [StoredResult] {
    history(unit: unit.unit, project: unit.project, domain: unit.domain, limit: limit)
  }

  /// The same for whatever units have that name.
  package func history(
    unit: String, project: ProjectName?, domain: DomainName?, limit: Int
  ) -> [StoredResult] {
    attempt { connection throws(StorageError) in
      try connection.results(
        where: """
          units.name = ? AND (?2 IS NULL OR units.project = ?2) AND (?3 IS NULL OR units.domain = ?3)
          """,
        order: "runs.id DESC LIMIT ?4", from: .runs,
        bind: { $0.bind(unit).bind(project?.text).bind(domain?.text).bind(Int64(max(0, limit))) })
    } ?? []
  }

  /// The kept output; nil when there is none, or it was lost.
  package func log(of run: RunID) -> [UInt8]? {
    let found = attempt { connection throws(StorageError) in
      try connection.use(
        """
        SELECT digest, data FROM content_references JOIN contents ON contents.id = content
        WHERE run = ? AND role = 'log'
        """
      ) { statement throws(StorageError) -> (digest: Digest?, data: [UInt8]?)? in
        guard try statement.bind(Int64(clamping: run.tick.number)).step() else { return nil }
        return (Digest(bytes: statement.bytes(0)), statement.optionalBytes(1))
      }
    }
    guard let (digest, data) = found ?? nil else { return nil }
    return data ?? digest.flatMap { contents.bytes(of: $0) }
  }

  package func setting(_ key: String) -> String? {
    attempt { connection throws(StorageError) in
      try connection.use("SELECT value FROM settings WHERE key = ?") { statement throws(StorageError) in
        try statement.bind(key).step() ? statement.text(0) : nil
      }
    } ?? nil
  }

  /// All settings whose key begins with `prefix`, sorted by key.
  package func settings(prefix: String) -> [(key: String, value: String)] {
    attempt { connection throws(StorageError) in
      try connection.use("SELECT key, value FROM settings WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key")
      {
        statement throws(StorageError) in
        var settings: [(key: String, value: String)] = []
        _ = statement.bind(prefix)
        while try statement.step() { settings.append((statement.text(0), statement.text(1))) }
        return settings
      }
    } ?? []
  }

  /// The projects of which verdicts or runs are kept, sorted.
  package func projects() -> [ProjectName] {
    attempt { connection throws(StorageError) in
      try connection.use("SELECT DISTINCT project FROM units ORDER BY project") {
        statement throws(StorageError) in
        var projects: [ProjectName] = []
        while try statement.step() { projects.append(ProjectName(statement.text(0))) }
        return projects
      }
    } ?? []
  }

  /// A consistent copy of the journal, made while it is in use; it appears whole or not at all.
  package func backUp(to file: String) throws(StorageError) {
    let aside = file + ".new"
    do throws(SystemError) {
      try Files.remove(aside)
      _ = try Files.open(aside, [.readWrite, .create, .exclusive, .noFollow]).number
    } catch {
      throw StorageError(error)
    }
    do throws(StorageError) {
      let connection = try Self.reader(directory + "/journal.db")
      try connection.use("VACUUM INTO ?") { statement throws(StorageError) in try statement.bind(aside).run()
      }
    } catch {
      try? Files.remove(aside)
      throw error
    }
    do throws(SystemError) {
      let descriptor = try Files.open(aside, .readWrite)
      if fsync(descriptor.number) != 0 { throw .last("flush", aside) }
      try Files.rename(aside, to: file)
      try Files.flushDirectory(Files.parent(of: file))
    } catch {
      try? Files.remove(aside)
      throw StorageError(error)
    }
  }

  private func attempt<Result: Sendable>(
    _ body: (Connection) throws(StorageError) -> Result
  ) -> Result? {
    try? reading(reader, body)
  }

  /// Damage seen by a reader is the writer's to mend, on its own thread.
  private func reading<Result: Sendable>(
    _ mutex: borrowing Mutex<Connection>, _ body: (Connection) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    do throws(StorageError) {
      let result = try mutex.withLock { connection throws(StorageError) in try body(connection) }
      let isOver = complaints.withLock { complaints in
        defer { complaints.readFailure = nil }
        return complaints.readFailure != nil
      }
      if isOver { complaints.withLock { $0.changed }?() }
      return result
    } catch {
      let isNew = complaints.withLock { complaints in
        defer { complaints.readFailure = error }
        return complaints.readFailure?.code != error.code
      }
      // One look for a series of such reads: it takes seconds.
      if isNew && error.code == .corrupt { queue.perform { [self] in confirmDamage() } }
      if isNew { complaints.withLock { $0.changed }?() }
      throw error
    }
  }
}
