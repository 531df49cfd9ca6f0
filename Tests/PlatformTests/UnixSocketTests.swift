import CLinux
import Glibc
import Platform
import Testing

@Suite struct UnixSocketTests {
  let directory = "/tmp/mcpd-sockets-\(getpid())-\(UInt32.random(in: 0...(.max)))"

  /// The errno of what fails; nil when nothing does.
  private func number(_ body: () throws(SystemError) -> Void) -> Int32? {
    do throws(SystemError) { try body() } catch { return error.number }
    return nil
  }

  private func mode(_ path: String) -> UInt32 {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  @Test func `nobody there is an error that names the path`() {
    do throws(SystemError) {
      _ = try UnixSocket.connect(to: directory + "/none")
      Issue.record("connected")
    } catch {
      #expect(error.description == "cannot connect to \(directory)/none: No such file or directory")
    }
  }

  @Test func `a bound socket is private, known by its peer, and gone with its claim`() throws {
    defer { try? Files.removeTree(directory) }
    let path = directory + "/a.sock"
    do {
      let socket = try ListeningSocket.bind(path, directory: .own)
      #expect(mode(directory) == 0o700)
      #expect(mode(path) == 0o600)
      let client = try UnixSocket.connect(to: path)
      let peer = try Peer.of(socket: client.number)
      #expect(peer == Peer(pid: getpid(), uid: geteuid(), gid: getegid()))
      #expect(peer.isSelfOrRoot)
      // A second daemon loses against the lock, and a copy of the name does not help it.
      #expect(number { () throws(SystemError) in _ = try ListeningSocket.bind(path) } == EADDRINUSE)
      #expect(Files.kind(of: path) == .other)
      _ = socket.descriptor.number
    }
    #expect(Files.kind(of: path) == nil)
    #expect(number { () throws(SystemError) in _ = try UnixSocket.connect(to: path) } == ENOENT)
  }

  @Test func `a stale socket is replaced, a live one and anything else are not`() throws {
    defer { try? Files.removeTree(directory) }
    let path = directory + "/a.sock"
    // Stale: its listener is closed and a name is left, as after a kill.
    do {
      let socket = try ListeningSocket.bind(path)
      #expect(unsafe link(path, path + ".kept") == 0)
      _ = socket.descriptor.number
    }
    try Files.rename(path + ".kept", to: path)
    #expect(number { () throws(SystemError) in _ = try UnixSocket.connect(to: path) } == ECONNREFUSED)
    let second = try ListeningSocket.bind(path)
    _ = try UnixSocket.connect(to: path)
    _ = second.descriptor.number

    // Live without our lock: another program's socket.
    let other = try ListeningSocket.bind(directory + "/b.sock")
    #expect(unsafe link(directory + "/b.sock", directory + "/c.sock") == 0)
    #expect(
      number { () throws(SystemError) in _ = try ListeningSocket.bind(directory + "/c.sock") } == EADDRINUSE)
    _ = other.descriptor.number

    // A file is nobody's socket and stays.
    try Files.replace(directory + "/d.sock", with: [1, 2, 3])
    #expect(
      number { () throws(SystemError) in _ = try ListeningSocket.bind(directory + "/d.sock") } == EEXIST)
    #expect(try Files.read(directory + "/d.sock") == [1, 2, 3])
  }

  @Test func `a path longer than the kernel's bound works`() throws {
    defer { try? Files.removeTree(directory) }
    let path = directory + "/" + String(repeating: "d", count: 150) + "/a.sock"
    let socket = try ListeningSocket.bind(path)
    let client = try UnixSocket.connect(to: path)
    #expect(client.number != socket.descriptor.number)
    let tooLong = directory + "/" + String(repeating: "n", count: 120)
    #expect(number { () throws(SystemError) in _ = try UnixSocket.connect(to: tooLong) } == ENAMETOOLONG)
    #expect(number { () throws(SystemError) in _ = try UnixSocket.connect(to: "") } == EINVAL)
  }

  @Test func `a directory that others can change is refused`() throws {
    defer { try? Files.removeTree(directory) }
    try Files.makeDirectory(directory)
    #expect(unsafe chmod(directory, 0o777) == 0)
    #expect(number { () throws(SystemError) in _ = try ListeningSocket.bind(directory + "/a") } == EPERM)
    // Our own directory is narrowed when it is meant for us alone.
    _ = try ListeningSocket.bind(directory + "/a", directory: .own)
    #expect(mode(directory) == 0o700)
  }

  @Test func `a listener that does not accept costs the time-out, not for ever`() throws {
    defer { try? Files.removeTree(directory) }
    let path = directory + "/a.sock"
    let socket = try ListeningSocket.bind(path, backlog: 0)
    let first = try UnixSocket.connect(to: path)
    #expect(
      number { () throws(SystemError) in _ = try UnixSocket.connect(to: path, timeout: .milliseconds(20)) }
        == ETIMEDOUT)
    #expect(first.number != socket.descriptor.number)
  }

  @Test func `only a listening stream socket is taken over`() throws {
    defer { try? Files.removeTree(directory) }
    #expect(
      number { () throws(SystemError) in
        _ = try ListeningSocket.adopt(try Files.open("/dev/null", [.read]))
      } == ENOTSOCK)
    let socket = try ListeningSocket.bind(directory + "/a.sock")
    #expect(
      number { () throws(SystemError) in
        _ = try ListeningSocket.adopt(try UnixSocket.connect(to: directory + "/a.sock"))
      } == EINVAL)
    let copy = try socket.descriptor.duplicate()
    #expect(try ListeningSocket.adopt(copy).descriptor.number >= 0)
  }
}
