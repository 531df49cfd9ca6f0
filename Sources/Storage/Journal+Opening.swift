internal import Glibc
internal import Model
internal import Platform

extension Journal {
  /// Small files are looked at whole, large ones as far as this many seconds go.
  static let wholeCheckLimit = 8 << 20
  static let checkSeconds = 2

  struct Opened {
    var connection: Connection
    var diagnostics: [Diagnostic]
    /// Nothing of an earlier journal is in it.
    var isNew: Bool
  }

  /// Opens the journal or begins one.
  ///
  /// What is no sound journal is set aside, never overwritten and never a reason to stop; what a newer mcpd
  /// wrote is refused and left as it is.
  static func open(_ path: String, clock: any Clock) throws(StorageError) -> Opened {
    let wasThere = Files.kind(of: path, followLinks: false) != nil
    do throws(StorageError) {
      let isNew = wasThere ? try isBlank(path) : true
      let connection = try ready(path)
      try Schema.journal.compare(connection)
      var diagnostics: [Diagnostic] = []
      if wasThere, let note = try examine(connection) { diagnostics.append(note) }
      return Opened(connection: connection, diagnostics: diagnostics, isNew: isNew)
    } catch  where error.code == .corrupt {
      let aside = try setAside(path, clock: clock)
      let connection = try ready(path)
      let rescued = rescue(from: aside, into: connection)
      let complaint = complaint(path, error, aside: aside, rescued: rescued)
      return Opened(connection: connection, diagnostics: [complaint], isNew: true)
    }
  }

  static func complaint(_ path: String, _ damage: StorageError, aside: String, rescued: Int) -> Diagnostic {
    var text = "\(path) was damaged (\(damage.message)); it is kept as \(aside) and a new journal is begun"
    if rescued > 0 { text += "; \(rescued) settings were rescued" }
    return Diagnostic(
      .warning, code: StorageError.Code.corrupt.rawValue, text,
      hints: ["verdicts are earned again by running; remove \(aside) when you no longer want to look into it"]
    )
  }

  /// Whether the file has nothing in it yet; refuses what a newer mcpd or something else has written.
  private static func isBlank(_ path: String) throws(StorageError) -> Bool {
    // Read-only: this neither empties the write-ahead log nor touches the file.
    let connection = try Connection(path, .readOnly)
    let id = try connection.integer("PRAGMA application_id")
    let version = try connection.integer("PRAGMA user_version")
    if id == 0 && version == 0 {
      // An empty file that never got its first version; with tables in it, it is somebody else's.
      guard try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 else { throw foreign(path) }
      return true
    }
    guard id == Schema.journal.applicationID, version >= 1 else { throw foreign(path) }
    if version > Schema.journal.version {
      throw StorageError(
        .stateNewer,
        "\(path) was written by a newer mcpd (version \(version) of its layout; this one knows \(Schema.journal.version))",
        hint: "start that newer mcpd, or give this one a directory of its own with --state-dir")
    }
    return false
  }

  private static func foreign(_ path: String) -> StorageError {
    StorageError(.corrupt, "\(path) is no journal of mcpd's")
  }

  /// A writing connection at the newest version.
  private static func ready(_ path: String) throws(StorageError) -> Connection {
    do throws(SystemError) {
      // Made by us first, so that nobody else may read it and what SQLite puts beside it.
      _ = try Files.open(path, [.readWrite, .create, .noFollow, .nonBlocking]).number
    } catch {
      throw StorageError(error)
    }
    let connection = try Connection(path, .create)
    if try connection.integer("SELECT count(*) FROM sqlite_schema") == 0 {
      try connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    }
    try connection.execute("PRAGMA journal_mode=WAL")
    try connection.execute("PRAGMA synchronous=FULL")
    try connection.execute("PRAGMA journal_size_limit=\(16 << 20)")
    try connection.execute("PRAGMA cache_size=-2000")
    try Schema.journal.migrate(connection)
    // SQLite flushes the directory for its log, not for a file that was there already, empty.
    try StorageError.translating { () throws(SystemError) in try Files.flushDirectory(Files.parent(of: path))
    }
    return connection
  }

  /// Throws when it finds damage; a note when there was no time for all of it.
  @discardableResult
  static func examine(_ connection: Connection) throws(StorageError) -> Diagnostic? {
    let size = try connection.integer("PRAGMA page_count") * connection.integer("PRAGMA page_size")
    let deadline = Deadline(after: checkSeconds)
    connection.bound(by: deadline)
    defer { withExtendedLifetime(deadline) { connection.bound(by: nil) } }
    do throws(StorageError) {
      let answer = try connection.use(
        size <= wholeCheckLimit ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)"
      ) {
        statement throws(StorageError) in
        try statement.step() ? statement.text(0) : "no answer"
      }
      if answer != "ok" { throw StorageError(.corrupt, "\(connection.path) is damaged: \(answer)") }
      return nil
    } catch  where error.isInterrupted {
      return Diagnostic(
        .note, code: "journal-checked-in-part",
        "\(connection.path) is large (\(size >> 20) MiB): it was checked for \(checkSeconds) s, not to its end"
      )
    }
  }

  /// Renames the file and its write-ahead log; answers the new name.
  static func setAside(_ path: String, clock: any Clock) throws(StorageError) -> String {
    let moment = String(clock.wall().rfc3339.filter { $0.isNumber || $0 == "T" || $0 == "Z" })
    var aside = "\(path).corrupt-\(moment)"
    var number = 1
    while Files.kind(of: aside, followLinks: false) != nil {
      number += 1
      aside = "\(path).corrupt-\(moment)-\(number)"
    }
    do throws(SystemError) {
      try Files.rename(path, to: aside)
      if Files.kind(of: path + "-wal", followLinks: false) != nil {
        try Files.rename(path + "-wal", to: aside + "-wal")
      }
      // An index of the log in shared memory: made anew from the log, and wrong beside another file.
      try Files.remove(path + "-shm")
      try Files.flushDirectory(Files.parent(of: path))
    } catch {
      throw StorageError(error)
    }
    return aside
  }

  /// Copies the settings that can still be read; answers how many.
  static func rescue(from aside: String, into connection: Connection) -> Int {
    guard let damaged = try? Connection(aside, .readOnly) else { return 0 }
    defer { try? Files.remove(aside + "-shm") }
    var rescued: [(String, String)] = []
    try? damaged.use("SELECT key, value FROM settings") { statement throws(StorageError) in
      while try statement.step() { rescued.append((statement.text(0), statement.text(1))) }
    }
    try? connection.transaction { () throws(StorageError) in
      for (key, value) in rescued {
        try connection.use("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)") {
          statement throws(StorageError) in
          try statement.bind(key).bind(value).run()
        }
      }
    }
    return rescued.count
  }
}
