internal import Glibc
internal import Platform

/// The daemon's own directory, held by this process alone while the value lives.
///
/// The lock is `flock` on a file in it: the kernel lets go of it when the process ends, however it ends, so a stale
/// lock cannot exist; the pid inside is only for the message.
struct StateDirectory: ~Copyable, Sendable {
  let path: String
  private let lock: Descriptor

  init(_ path: String) throws(StorageError) {
    try Self.prepare(path)
    let lock = try StorageError.translating { () throws(SystemError) in
      try Files.open(path + "/lock", [.readWrite, .create, .noFollow])
    }
    while flock(lock.number, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK:
        let pid = Self.pid(in: path + "/lock")
        throw StorageError(
          .stateInUse, "\(path) is in use by another mcpd\(pid.map { " (pid \($0))" } ?? "")",
          hint: "stop that one first, or give this one a directory of its own with --state-dir", pid: pid)
      default:
        throw StorageError(
          .stateUnusable, SystemError.last("lock", path + "/lock").description,
          hint: "the state directory needs a file system with file locks; choose another with --state-dir")
      }
    }
    // Only for people and messages: not being able to say it (a full disk) is no reason to stop.
    _ = ftruncate(lock.number, 0)
    try? Files.write("\(getpid())\n".utf8, to: lock, named: path + "/lock")
    self.path = path
    self.lock = lock
  }

  /// A directory that is open to others and holds other things was named by mistake: shutting it (`/tmp`, a project)
  /// would do harm.
  private static func refuseForeign(_ path: String, _ status: stat, _ elsewhere: String) throws(StorageError)
  {
    let names = (try? Files.names(in: path).map { String(decoding: $0, as: UTF8.self) }) ?? []
    if status.st_mode & S_ISVTX == 0 && (names.isEmpty || names.contains("journal.db")) { return }
    throw StorageError(
      .stateUnusable, "\(path) is open to others and holds other things than mcpd's state", hint: elsewhere)
  }

  private static func pid(in file: String) -> Int? {
    guard let bytes = try? Files.read(file, limit: 64) else { return nil }
    return Int(String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" })
  }

  /// Makes it if need be; refuses what is not a directory of this user's own; shuts it for everybody else.
  private static func prepare(_ path: String) throws(StorageError) {
    let elsewhere = "choose another place with --state-dir"
    do throws(SystemError) {
      try Files.makeDirectory(path)
    } catch {
      let mend = error.hint.map { "\($0), or \(elsewhere)" } ?? elsewhere
      let code = StorageError(error).code
      throw StorageError(code == .failed ? .stateUnusable : code, error.description, hint: mend)
    }
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw StorageError(.last("look at", path)) }
    guard status.st_uid == geteuid() else {
      throw StorageError(
        .stateUnusable, "\(path) belongs to another user (uid \(status.st_uid), not \(geteuid()))",
        hint: "run mcpd as that user, or \(elsewhere)")
    }
    if status.st_mode & 0o077 != 0 { try refuseForeign(path, status, elsewhere) }
    if status.st_mode & 0o077 != 0, unsafe chmod(path, status.st_mode & 0o700) != 0 {
      let error = SystemError.last("shut for others", path)
      throw StorageError(.stateUnusable, error.description, hint: error.hint ?? elsewhere)
    }
    guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
      let error = SystemError.last("write to", path)
      throw StorageError(
        error.number == EROFS ? .diskReadOnly : .stateUnusable, error.description,
        hint: error.hint.map { "\($0), or \(elsewhere)" } ?? elsewhere)
    }
  }
}
