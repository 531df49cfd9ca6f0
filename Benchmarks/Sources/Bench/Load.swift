import Glibc

/// A connected Unix socket.
public final class Connection {
  let descriptor: Int32

  public init(to path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Trouble("no socket to be had") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw Trouble("\(path) is too long")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw Trouble("cannot connect to \(path)")
    }
  }

  deinit {
    close(descriptor)
  }
}

/// What a load left behind.
public struct LoadResult {
  public var answers = 0
  public var seconds = 0.0
  /// Of each answer, in nanoseconds.
  public var latencies: [Int64] = []

  public var perSecond: Double { Double(answers) / seconds }
}

/// Keeps one request under way on each of some connections, from one thread.
public struct Load {
  public var socket: String
  public var request: String
  /// Looks at the beginning of an answer: how long the whole of it is, nil while that cannot be known, 0 for a wrong one.
  public var length: (UnsafeRawBufferPointer) -> Int?

  public static func http(_ path: String, on socket: String) -> Load {
    Load(
      socket: socket, request: "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n", length: Self.lengthOfHTTP)
  }

  public static func redisPing(on socket: String) -> Load {
    Load(socket: socket, request: "PING\r\n") { bytes in bytes.first == UInt8(ascii: "+") ? 7 : 0 }
  }

  private static func lengthOfHTTP(_ bytes: UnsafeRawBufferPointer) -> Int? {
    // Bytes of the name in lower case; the head is ASCII.
    let name = "content-length:".utf8
    var line = 0
    var content: Int?
    var index = 0
    while index + 1 < bytes.count {
      guard bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") else {
        index += 1
        continue
      }
      if line == index { return content.map { index + 2 + $0 } ?? 0 }
      if line == 0 {
        guard bytes.starts(with: "HTTP/1.1 200".utf8) else { return 0 }
      } else if index - line > name.count, zip(bytes[line...], name).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
        content = 0
        for byte in bytes[(line + name.count)..<index] where byte != UInt8(ascii: " ") {
          guard (0x30...0x39).contains(byte), content! < 1 << 30 else { return 0 }
          content = content! * 10 + Int(byte - 0x30)
        }
      }
      index += 2
      line = index
    }
    return nil
  }

  /// Runs for `seconds` with `count` connections; the first fifth warms up and does not count.
  public func run(connections count: Int, seconds: Double) throws -> LoadResult {
    let connections = try (0..<count).map { _ in try Connection(to: socket) }
    defer { withExtendedLifetime(connections) {} }
    let request = Array(request.utf8)
    var polled = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    var sent = [Int64](repeating: 0, count: count)
    let room = 256 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room * count, alignment: 16)
    defer { buffer.deallocate() }
    var filled = [Int](repeating: 0, count: count)
    var result = LoadResult()
    result.latencies.reserveCapacity(4_000_000)

    func send(_ index: Int) throws {
      sent[index] = now()
      guard write(polled[index].fd, request, request.count) == request.count else {
        throw Trouble("a request could not be sent: \(String(cString: strerror(errno)))")
      }
    }

    let start = now()
    let warm = start + Int64(seconds * 0.2e9)
    let end = start + Int64(seconds * 1e9)
    for index in 0..<count { try send(index) }
    while case let moment = now(), moment < end {
      guard poll(&polled, nfds_t(count), 5000) > 0 else { throw Trouble("no answer for 5 s") }
      for index in 0..<count where polled[index].revents != 0 {
        let base = buffer.baseAddress! + index * room
        let got = read(polled[index].fd, base + filled[index], room - filled[index])
        guard got > 0 else { throw Trouble("the connection was closed after \(result.answers) answers") }
        filled[index] += got
        guard let length = length(UnsafeRawBufferPointer(start: base, count: filled[index])) else { continue }
        guard length > 0, length < room else {
          let text = String(
            decoding: UnsafeRawBufferPointer(start: base, count: min(filled[index], 300)), as: UTF8.self)
          throw Trouble("a wrong answer: \(text)")
        }
        guard filled[index] >= length else { continue }
        guard filled[index] == length else { throw Trouble("more bytes than the answer should have") }
        filled[index] = 0
        let received = now()
        if received > warm {
          result.answers += 1
          result.latencies.append(received - sent[index])
        }
        try send(index)
      }
    }
    result.seconds = Double(now() - warm) / 1e9
    return result
  }
}

/// Keeps this process, and those that it starts from now on, on the first `count` cores that it may use; answers how
/// many those are.
public func limitCores(to count: Int) throws -> Int {
  let prefix = "Cpus_allowed_list:\t"
  let line = content(of: "/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix(prefix) }
  let allowed = (line?.dropFirst(prefix.count) ?? "").split(separator: ",").flatMap { range -> [Int] in
    let ends = range.split(separator: "-").compactMap { Int($0) }
    guard let first = ends.first, let last = ends.last, first <= last else { return [] }
    return Array(first...last)
  }
  let kept = allowed.prefix(count)
  try Program.run(["taskset", "-p", "-c", kept.map(String.init).joined(separator: ","), "\(getpid())"])
  return kept.count
}
