internal import CLinux
internal import Glibc
internal import Model

/// Stream sockets that have a path. Paths longer than the kernel's 107 bytes work, through their directory's descriptor.
package enum UnixSocket {
  /// Connects; the socket is blocking and close-on-exec.
  ///
  /// A listener that does not accept is waited for until `timeout`, then the error is ETIMEDOUT. ENOENT and ECONNREFUSED
  /// both mean that nobody listens there.
  package static func connect(to path: String, timeout: Duration = .seconds(5)) throws(SystemError)
    -> Descriptor
  {
    let descriptor = try make(SOCK_CLOEXEC, for: "connect to", path)
    // The kernel bounds a Unix socket's connect by the time-out for sending.
    setSendTimeout(timeout, of: descriptor.number)
    unsafe try withAddress(of: path, "connect to") { address, length in
      while true {
        let result = unsafe Glibc.connect(descriptor.number, address, length)
        if result == 0 { return 0 }
        if errno == EINTR { continue }
        return errno == EAGAIN ? ETIMEDOUT : errno
      }
    }
    setSendTimeout(.zero, of: descriptor.number)
    return descriptor
  }

  static func make(
    _ flags: __socket_type, for operation: String, _ path: String
  ) throws(SystemError) -> Descriptor {
    let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | flags.rawValue), 0)
    if number < 0 { throw .last(operation, path) }
    return Descriptor(owning: number)
  }

  /// Calls `body` with the address of the path; it answers 0 or an errno.
  static func withAddress(
    of path: String, _ operation: String,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(SystemError) {
    var bytes = Array(path.utf8)
    if bytes.isEmpty || bytes.contains(0) { throw SystemError(EINVAL, operation, path) }
    let room = MemoryLayout<sockaddr_un>.size - MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! - 1
    guard bytes.count > room else { return unsafe try call(bytes, path, operation, body) }
    let name = path.split(separator: "/").last.map(String.init) ?? ""
    let directory = try Files.open(Files.parent(of: path), [.read, .directory])
    bytes = Array("/proc/self/fd/\(directory.number)/\(name)".utf8)
    if bytes.count > room { throw SystemError(ENAMETOOLONG, operation, path) }
    unsafe try call(bytes, path, operation, body)
    withExtendedLifetime(directory.number) {}
  }

  private static func call(
    _ bytes: [UInt8], _ path: String, _ operation: String,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws(SystemError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let number = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
    if number != 0 { throw SystemError(number, operation, path) }
  }

  private static func setSendTimeout(_ timeout: Duration, of socket: Int32) {
    let microseconds = max(0, timeout.wholeNanoseconds / 1000)
    var value = timeval(
      tv_sec: time_t(microseconds / 1_000_000), tv_usec: suseconds_t(microseconds % 1_000_000))
    // A failure leaves the connect unbounded; no kernel refuses this on a stream socket.
    _ = unsafe setsockopt(
      socket, SOL_SOCKET, SO_SNDTIMEO, &value, socklen_t(MemoryLayout<timeval>.size))
  }
}
