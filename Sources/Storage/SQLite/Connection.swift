internal import CSQLite
internal import Glibc

/// One connection to one SQLite file.
///
/// Whoever owns it uses it from one thread at a time; statements are prepared once and kept.
@safe final class Connection {
  enum Mode {
    case create
    case readOnly
  }

  let path: String
  private let handle: OpaquePointer
  private var statements: [String: Statement] = [:]

  init(_ path: String, _ mode: Mode) throws(StorageError) {
    let access = mode == .create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
    var opened: OpaquePointer?
    let result = unsafe sqlite3_open_v2(
      path, &opened, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE, nil)
    guard let handle = unsafe opened else {
      throw StorageError(.failed, "cannot open \(path): out of memory", sqlite: result)
    }
    guard result == SQLITE_OK else {
      let error = unsafe Self.error(result, handle, doing: "open", on: path)
      unsafe sqlite3_close_v2(handle)
      throw error
    }
    self.path = path
    unsafe self.handle = handle
    unsafe sqlite3_busy_timeout(handle, 5000)
    // A file from outside gets no say in what runs when it is read.
    try execute("PRAGMA trusted_schema=OFF")
    try execute("PRAGMA cell_size_check=ON")
    try execute("PRAGMA mmap_size=0")
    try execute("PRAGMA foreign_keys=ON")
  }

  deinit {
    statements.removeAll()
    unsafe sqlite3_close_v2(handle)
  }

  private static func error(
    _ result: Int32, _ handle: OpaquePointer, doing operation: String, on path: String
  ) -> StorageError {
    let text = unsafe String(cString: sqlite3_errmsg(handle))
    // The system's own number is only meaningful for failures of input and output.
    let number: Int32 =
      switch result & 0xff {
      case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_READONLY: unsafe sqlite3_system_errno(handle)
      default: 0
      }
    return .sqlite(result, errno: number, text, doing: operation, on: path)
  }

  func error(_ result: Int32, doing operation: String) -> StorageError {
    unsafe Self.error(result, handle, doing: operation, on: path)
  }

  /// Whether a transaction is open; SQLite rolls back by itself after some failures.
  var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

  /// Runs statements without values and without answers.
  func execute(_ sql: String) throws(StorageError) {
    let result = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
    if result != SQLITE_OK { throw error(result, doing: "use") }
  }

  /// Hands `body` the prepared statement, fresh and without values, and takes it back clean.
  func use<Result>(
    _ sql: String, _ body: (Statement) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    if let kept = statements[sql], !kept.isInUse {
      defer { kept.reset() }
      kept.isInUse = true
      return try body(kept)
    }
    let statement = try unsafe Statement(sql, on: self, handle: handle)
    if statements[sql] == nil {
      if statements.count >= 200 { statements.removeAll() }
      statements[sql] = statement
    }
    defer { statement.reset() }
    statement.isInUse = true
    return try body(statement)
  }

  /// All of `body` or nothing of it.
  func transaction<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result {
    if isInTransaction { try execute("ROLLBACK") }
    try execute("BEGIN IMMEDIATE")
    do throws(StorageError) {
      let result = try body()
      try execute("COMMIT")
      return result
    } catch {
      if isInTransaction { try? execute("ROLLBACK") }
      throw error
    }
  }

  /// The same for reading: one state of the file for all of `body`.
  func snapshot<Result>(_ body: () throws(StorageError) -> Result) throws(StorageError) -> Result {
    if isInTransaction { try execute("ROLLBACK") }
    try execute("BEGIN")
    defer { try? execute("ROLLBACK") }
    return try body()
  }

  /// A whole number that a pragma or an aggregate answers; 0 when it answers nothing.
  func integer(_ sql: String) throws(StorageError) -> Int64 {
    try use(sql) { statement throws(StorageError) in
      try statement.step() ? statement.integer(0) : 0
    }
  }

  var changes: Int { Int(unsafe sqlite3_changes64(handle)) }
  var lastRowID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

  /// Lets statements stop with `SQLITE_INTERRUPT` once `deadline` has passed; nil takes the bound away.
  func bound(by deadline: Deadline?) {
    guard let deadline else { return unsafe sqlite3_progress_handler(handle, 0, nil, nil) }
    unsafe sqlite3_progress_handler(
      handle, 10_000,
      { context in
        guard let context = unsafe context else { return 0 }
        return unsafe Unmanaged<Deadline>.fromOpaque(context).takeUnretainedValue().hasPassed ? 1 : 0
      }, Unmanaged.passUnretained(deadline).toOpaque())
  }
}

/// The moment after which a long look at a file gives up.
///
/// The connection that it bounds does not retain it.
final class Deadline {
  private let end: timespec

  init(after seconds: Int) {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    end = timespec(tv_sec: now.tv_sec + seconds, tv_nsec: now.tv_nsec)
  }

  var hasPassed: Bool {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return (now.tv_sec, now.tv_nsec) >= (end.tv_sec, end.tv_nsec)
  }
}
