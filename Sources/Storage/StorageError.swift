internal import CSQLite
internal import Glibc
package import Model
internal import Platform

/// What could not be kept or read, why, and how to mend it.
package struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Stable and growable, in kebab case.
  package struct Code: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) {
      self.rawValue = rawValue
    }

    /// Another daemon has the state directory.
    package static let stateInUse = Code(rawValue: "state-in-use")
    /// The state directory cannot be used as it is: not a directory, another's, not writable.
    package static let stateUnusable = Code(rawValue: "state-unusable")
    /// Written by a newer mcpd.
    package static let stateNewer = Code(rawValue: "state-newer")
    package static let diskFull = Code(rawValue: "disk-full")
    package static let diskReadOnly = Code(rawValue: "disk-read-only")
    package static let diskFailing = Code(rawValue: "disk-failing")
    package static let corrupt = Code(rawValue: "journal-corrupt")
    /// More waits for the disk than memory may hold; this one was not kept.
    package static let overfull = Code(rawValue: "journal-overfull")
    package static let busy = Code(rawValue: "journal-busy")
    package static let closed = Code(rawValue: "storage-closed")
    package static let failed = Code(rawValue: "storage-failed")
  }

  package let code: Code
  /// One sentence without a full stop.
  package let message: String
  package let hint: String?
  /// SQLite's extended result code, where it was SQLite that said so.
  package let sqlite: Int32?
  /// The daemon that holds the state directory (`state-in-use`), where it could be read.
  package let pid: Int?

  package init(_ code: Code, _ message: String, hint: String? = nil, sqlite: Int32? = nil, pid: Int? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
    self.sqlite = sqlite
    self.pid = pid
  }

  package var description: String { message }

  package var diagnostic: Diagnostic {
    Diagnostic(.error, code: code.rawValue, message, hints: hint.map { [$0] } ?? [])
  }

  /// Whether a bound on time stopped it.
  var isInterrupted: Bool { sqlite.map { $0 & 0xff } == SQLITE_INTERRUPT }

  /// Whether the same write may succeed later without anything of it being changed.
  var passes: Bool {
    [.diskFull, .diskReadOnly, .diskFailing, .busy].contains(code)
  }
}

extension StorageError {
  /// From a system call.
  init(_ error: SystemError) {
    self.init(Self.code(ofErrno: error.number) ?? .failed, error.description, hint: error.hint)
  }

  /// Runs calls to the system and passes their failure on as this room's own.
  static func translating<Result: ~Copyable>(
    _ body: () throws(SystemError) -> Result
  ) throws(StorageError) -> Result {
    do throws(SystemError) { return try body() } catch { throw StorageError(error) }
  }

  private static func code(ofErrno number: Int32) -> Code? {
    switch number {
    case ENOSPC, EDQUOT, EFBIG: .diskFull
    case EROFS: .diskReadOnly
    case EIO: .diskFailing
    case EACCES, EPERM, ENOTDIR, ELOOP: .stateUnusable
    default: nil
    }
  }

  /// From an answer of SQLite's.
  ///
  /// `errno` is what the system said below it, or 0.
  static func sqlite(
    _ result: Int32, errno number: Int32, _ text: String, doing operation: String, on path: String
  ) -> StorageError {
    let code: Code
    switch result & 0xff {
    case SQLITE_FULL: code = .diskFull
    case SQLITE_CORRUPT, SQLITE_NOTADB: code = .corrupt
    case SQLITE_READONLY: code = Self.code(ofErrno: number) ?? .diskReadOnly
    case SQLITE_CANTOPEN, SQLITE_PERM: code = Self.code(ofErrno: number) ?? .stateUnusable
    case SQLITE_IOERR: code = Self.code(ofErrno: number) ?? .diskFailing
    case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: code = .busy
    default: code = .failed
    }
    let reason = number == 0 ? text : "\(text) (\(SystemError(number, operation, path).reason))"
    let hint: String? =
      switch code {
      case .diskFull: "free some space on that file system"
      case .diskReadOnly: "mount it writable, or choose another place with --state-dir"
      case .stateUnusable: "check who owns it and its permission bits"
      case .diskFailing:
        "check space and quota there (df, quota), and the kernel's log for the disk (journalctl -k)"
      default: nil
      }
    return StorageError(code, "cannot \(operation) \(path): \(reason)", hint: hint, sqlite: result)
  }
}
