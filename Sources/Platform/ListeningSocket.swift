internal import CLinux
internal import Glibc
internal import Model

/// A listening stream socket, and the right to its path.
///
/// Whoever binds a path holds an exclusive lock on `PATH.lock` until the end, so that of two daemons that start at once
/// exactly one finds the other's socket stale. The lock file stays: removing it would let two processes lock two files.
package struct ListeningSocket: ~Copyable, Sendable {
  package let descriptor: Descriptor
  /// Nil when the socket came from a service manager, which keeps the path.
  private let claim: Claim?

  /// Who may find the socket: `own` makes the directory 0700 and this user's, or refuses; `asFound` takes an existing
  /// directory as it is, so long as no other user can replace names in it.
  package enum Directory: Sendable {
    case own
    case asFound
  }

  /// Binds `path` with mode 0600 and listens. EADDRINUSE says that somebody listens there or is about to.
  package static func bind(
    _ path: String, directory: Directory = .asFound, backlog: Int = 4096
  ) throws(SystemError) -> ListeningSocket {
    try prepare(Files.parent(of: path), directory)
    let lock = try Files.open(path + ".lock", [.readWrite, .create, .noFollow])
    if flock(lock.number, LOCK_EX | LOCK_NB) != 0 {
      throw SystemError(errno == EWOULDBLOCK ? EADDRINUSE : errno, "listen on", path)
    }
    try clear(path)
    let descriptor = try UnixSocket.make(SOCK_CLOEXEC, for: "listen on", path)
    // The new name takes its mode from the socket's own, so it is never wider than this, not for a moment.
    if fchmod(descriptor.number, 0o600) != 0 { throw .last("restrict", path) }
    unsafe try UnixSocket.withAddress(of: path, "listen on") { address, length in
      unsafe Glibc.bind(descriptor.number, address, length) == 0 ? 0 : errno
    }
    let identity = try Identity(of: path)
    let narrowed = unsafe Files.withPath(Array(path.utf8)) { unsafe chmod($0, 0o600) }
    if narrowed != 0 { throw .last("restrict", path) }
    if Glibc.listen(descriptor.number, Int32(clamping: backlog)) != 0 { throw .last("listen on", path) }
    return ListeningSocket(
      descriptor: descriptor, claim: Claim(path: path, identity: identity, lock: lock))
  }

  /// Takes over a socket that a service manager listens on; refuses what is no listening stream socket.
  package static func adopt(_ descriptor: consuming Descriptor) throws(SystemError) -> ListeningSocket {
    let subject = "descriptor \(descriptor.number)"
    for (option, wanted) in [(SO_ACCEPTCONN, Int32(1)), (SO_TYPE, Int32(SOCK_STREAM.rawValue))] {
      var value: Int32 = 0
      var length = socklen_t(MemoryLayout<Int32>.size)
      if unsafe getsockopt(descriptor.number, SOL_SOCKET, option, &value, &length) != 0 {
        throw .last("take over", subject)
      }
      if value != wanted { throw SystemError(EINVAL, "take over", subject) }
    }
    return ListeningSocket(descriptor: descriptor, claim: nil)
  }

  /// Splits off what must outlive the socket: the descriptor goes to whoever accepts on it, the claim is held until that
  /// has ended, and then removes the name.
  package consuming func split() -> (descriptor: Int32, claim: Claim?) {
    let claim = claim
    return (descriptor.release(), claim)
  }

  /// The right to the path. Letting go of it removes the name if it still is this socket.
  package final class Claim: Sendable {
    package let path: String
    private let identity: Identity
    private let lock: Descriptor

    fileprivate init(path: String, identity: Identity, lock: consuming Descriptor) {
      self.path = path
      self.identity = identity
      self.lock = lock
    }

    deinit {
      if (try? Identity(of: path)) == identity { try? Files.remove(path) }
    }
  }

  fileprivate struct Identity: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64

    init(of path: String) throws(SystemError) {
      let status = try ListeningSocket.look(at: path)
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
    }
  }

  private static func look(at path: String) throws(SystemError) -> stat {
    var status = stat()
    let result = unsafe Files.withPath(Array(path.utf8)) { unsafe lstat($0, &status) }
    if result != 0 { throw .last("look at", path) }
    return status
  }

  private static func prepare(_ path: String, _ directory: Directory) throws(SystemError) {
    try Files.makeDirectory(path, permissions: 0o700)
    let opened = try Files.open(path, [.read, .directory])
    var status = stat()
    if unsafe fstat(opened.number, &status) != 0 { throw .last("look at", path) }
    let isOurs = status.st_uid == geteuid()
    switch directory {
    case .own:
      guard isOurs else { throw SystemError(EPERM, "put a private socket into", path) }
      if status.st_mode & 0o777 != 0o700, fchmod(opened.number, 0o700) != 0 { throw .last("restrict", path) }
    case .asFound:
      // With the sticky bit others can add names, but not replace ours.
      let canBeReplaced = status.st_mode & 0o022 != 0 && status.st_mode & 0o1000 == 0
      guard isOurs || status.st_uid == 0, !canBeReplaced else {
        throw SystemError(EPERM, "put a private socket into", path)
      }
    }
  }

  /// Removes a socket that nobody listens on. The lock is held, so no other daemon binds between probe and removal.
  private static func clear(_ path: String) throws(SystemError) {
    let status: stat
    do throws(SystemError) { status = try look(at: path) } catch {
      if error.number == ENOENT { return }
      throw error
    }
    guard cl_is_socket(status.st_mode) != 0 else { throw SystemError(EEXIST, "listen on", path) }
    do throws(SystemError) {
      _ = try UnixSocket.connect(to: path, timeout: .milliseconds(500))
    } catch {
      guard error.number == ECONNREFUSED || error.number == ENOENT else {
        throw SystemError(EADDRINUSE, "listen on", path)
      }
      return try Files.remove(path)
    }
    throw SystemError(EADDRINUSE, "listen on", path)
  }
}
