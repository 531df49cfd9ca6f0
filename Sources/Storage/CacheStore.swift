internal import Model
internal import Platform
internal import Synchronization

/// `cache.db`: values that only cost time when they are lost.
///
/// Every failure reads as "not there"; a damaged file is thrown away and begun anew.
package final class CacheStore: Sendable {
  private let path: String
  private let clock: any Clock
  private let connection: Mutex<Connection?>

  static func open(_ path: String, clock: any Clock) -> (store: CacheStore, notes: [Diagnostic]) {
    do throws(StorageError) {
      return (CacheStore(path, clock, try ready(path)), [])
    } catch {
      let fresh = remade(path)
      let text = fresh == nil ? "goes on without it" : "it is begun anew"
      let note = Diagnostic(
        .note, code: "cache-renewed", "\(path) could not be used (\(error.message)); \(text)")
      return (CacheStore(path, clock, fresh), [note])
    }
  }

  private init(_ path: String, _ clock: any Clock, _ connection: consuming sending Connection?) {
    self.path = path
    self.clock = clock
    self.connection = Mutex(connection)
  }

  private static func ready(_ path: String) throws(StorageError) -> Connection {
    do throws(SystemError) {
      _ = try Files.open(path, [.readWrite, .create, .noFollow, .nonBlocking]).number
    } catch {
      throw StorageError(error)
    }
    let connection = try Connection(path, .create)
    let id = try connection.integer("PRAGMA application_id")
    let version = try connection.integer("PRAGMA user_version")
    let isEmpty = try connection.integer("SELECT count(*) FROM sqlite_schema") == 0
    guard isEmpty || (id == Schema.cache.applicationID && (1...Schema.cache.version).contains(version)) else {
      throw StorageError(.corrupt, "\(path) is no cache of this mcpd's")
    }
    if isEmpty { try connection.execute("PRAGMA auto_vacuum=INCREMENTAL") }
    try connection.execute("PRAGMA journal_mode=WAL")
    try connection.execute("PRAGMA synchronous=NORMAL")
    try connection.execute("PRAGMA cache_size=-1000")
    try Schema.cache.migrate(connection)
    return connection
  }

  private static func remade(_ path: String) -> Connection? {
    for suffix in ["", "-wal", "-shm"] { try? Files.removeTree(path + suffix) }
    return try? ready(path)
  }

  /// Nil when it is not there, or was lost.
  package func value(_ space: String, _ key: [UInt8]) -> [UInt8]? {
    attempt { connection throws(StorageError) in
      try connection.use("SELECT value FROM entries WHERE space = ? AND key = ?") {
        statement throws(StorageError) in
        try statement.bind(space).bind(key).step() ? statement.bytes(0) : nil
      }
    } ?? nil
  }

  /// All entries of a space, for a start that loads them at once.
  package func values(_ space: String) -> [(key: [UInt8], value: [UInt8])] {
    attempt { connection throws(StorageError) in
      try connection.use("SELECT key, value FROM entries WHERE space = ? ORDER BY key") {
        statement throws(StorageError) in
        var values: [(key: [UInt8], value: [UInt8])] = []
        _ = statement.bind(space)
        while try statement.step() { values.append((statement.bytes(0), statement.bytes(1))) }
        return values
      }
    } ?? []
  }

  /// In one transaction; a nil value takes the key away.
  package func set(_ space: String, _ values: [(key: [UInt8], value: [UInt8]?)]) {
    let now = clock.wall().milliseconds
    attempt { connection throws(StorageError) in
      try connection.transaction { () throws(StorageError) in
        for (key, value) in values {
          guard let value else {
            try connection.use("DELETE FROM entries WHERE space = ? AND key = ?") {
              statement throws(StorageError) in
              try statement.bind(space).bind(key).run()
            }
            continue
          }
          try connection.use("INSERT OR REPLACE INTO entries (space, key, value, used) VALUES (?, ?, ?, ?)") {
            statement throws(StorageError) in
            try statement.bind(space).bind(key).bind(value).bind(now).run()
          }
        }
      }
    }
  }

  /// Takes away the oldest entries until the file has about `bytes`; answers its size.
  @discardableResult
  func trim(to bytes: UInt64) -> UInt64 {
    attempt { connection throws(StorageError) in
      var size = try Self.size(connection)
      while size > bytes {
        try connection.execute(
          "DELETE FROM entries WHERE (space, key) IN (SELECT space, key FROM entries ORDER BY used LIMIT 500)"
        )
        if connection.changes == 0 { break }
        try connection.execute("PRAGMA incremental_vacuum")
        size = try Self.size(connection)
      }
      return size
    } ?? 0
  }

  var bytes: UInt64 {
    attempt { connection throws(StorageError) in try Self.size(connection) } ?? 0
  }

  private static func size(_ connection: Connection) throws(StorageError) -> UInt64 {
    let pages = try connection.integer("PRAGMA page_count") - connection.integer("PRAGMA freelist_count")
    return UInt64(clamping: pages * (try connection.integer("PRAGMA page_size")))
  }

  func close() {
    connection.withLock { $0 = nil }
  }

  /// Nil when it failed; a damaged file is begun anew on the spot.
  @discardableResult
  private func attempt<Result: Sendable>(
    _ body: (Connection) throws(StorageError) -> Result
  ) -> Result? {
    connection.withLock { held in
      guard let connection = held else { return nil }
      do throws(StorageError) {
        return try body(connection)
      } catch {
        if error.code == .corrupt {
          held = nil
          held = Self.remade(path)
        }
        return nil
      }
    }
  }
}
