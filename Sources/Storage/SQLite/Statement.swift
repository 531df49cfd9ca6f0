internal import CSQLite

/// One prepared statement.
///
/// Values are bound from left to right; a value that cannot be bound makes `step` fail.
@safe final class Statement {
  private let handle: OpaquePointer
  private unowned let connection: Connection
  private var bound: Int32 = 0
  private var bindFailure: Int32 = SQLITE_OK
  var isInUse = false

  /// SQLite copies what is bound before the call returns.
  private static let copied = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)

  init(_ sql: String, on connection: Connection, handle database: OpaquePointer) throws(StorageError) {
    var prepared: OpaquePointer?
    let result = unsafe sqlite3_prepare_v3(
      database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard result == SQLITE_OK, let handle = unsafe prepared else {
      throw connection.error(result, doing: "prepare a statement for")
    }
    unsafe self.handle = handle
    self.connection = connection
  }

  deinit {
    unsafe sqlite3_finalize(handle)
  }

  func reset() {
    unsafe sqlite3_reset(handle)
    unsafe sqlite3_clear_bindings(handle)
    bound = 0
    bindFailure = SQLITE_OK
    isInUse = false
  }

  private func noting(_ result: Int32) -> Statement {
    if result != SQLITE_OK && bindFailure == SQLITE_OK { bindFailure = result }
    return self
  }

  private func nextIndex() -> Int32 {
    bound += 1
    return bound
  }

  @discardableResult
  func bind(_ value: Int64?) -> Statement {
    let index = nextIndex()
    guard let value else { return noting(unsafe sqlite3_bind_null(handle, index)) }
    return noting(unsafe sqlite3_bind_int64(handle, index, value))
  }

  @discardableResult
  func bind(_ value: String?) -> Statement {
    let index = nextIndex()
    guard let value else { return noting(unsafe sqlite3_bind_null(handle, index)) }
    return noting(
      unsafe sqlite3_bind_text64(
        handle, index, value, UInt64(value.utf8.count), Self.copied, UInt8(SQLITE_UTF8)))
  }

  @discardableResult
  func bind(_ value: [UInt8]?) -> Statement {
    let index = nextIndex()
    guard let value else { return noting(unsafe sqlite3_bind_null(handle, index)) }
    if value.isEmpty { return noting(unsafe sqlite3_bind_zeroblob(handle, index, 0)) }
    return noting(
      unsafe value.withUnsafeBytes { buffer in
        unsafe sqlite3_bind_blob64(handle, index, buffer.baseAddress, UInt64(buffer.count), Self.copied)
      })
  }

  /// True when there is a row to look at, false at the end.
  func step() throws(StorageError) -> Bool {
    if bindFailure != SQLITE_OK { throw connection.error(bindFailure, doing: "bind a value for") }
    let result = unsafe sqlite3_step(handle)
    switch result {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw connection.error(result, doing: "use")
    }
  }

  /// For statements that answer nothing.
  func run() throws(StorageError) {
    while try step() {}
  }

  // Columns, from 0. Whatever the file holds is converted the way SQLite does it; none of these can trap.

  func integer(_ column: Int32) -> Int64 { unsafe sqlite3_column_int64(handle, column) }

  func isNull(_ column: Int32) -> Bool { unsafe sqlite3_column_type(handle, column) == SQLITE_NULL }

  func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

  func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

  func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  func bytes(_ column: Int32) -> [UInt8] {
    guard let base = unsafe sqlite3_column_blob(handle, column) else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(handle, column))))
  }

  func optionalBytes(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : bytes(column) }
}
