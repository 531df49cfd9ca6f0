import API
import Glibc
import HTTP
import Platform
import Wire

/// The API over a fake door, served on a scratch socket.
final class Rig: Sendable {
  let door = FakeDoor()
  let api: API
  let server: Server
  private let directory = "/tmp/mcpd-api-\(getpid())-\(UInt32.random(in: 0...(.max)))"

  init(limits: Limits = Limits()) throws {
    let api = API(door: door)
    self.api = api
    let socket = try ListeningSocket.bind(directory + "/s.sock", directory: .own)
    server = try Server(listening: socket, limits: limits) { api.handle($0, $1) }
  }

  deinit {
    server.stop()
    try? Files.removeTree(directory)
  }

  struct Answer {
    let status: Int
    let head: String
    let body: String

    func json() throws -> JSON { try JSON(parsing: Array(body.utf8)) }
  }

  func ask(_ method: String, _ target: String, _ body: String = "", _ headers: String...) throws -> Answer {
    let client = try open(method, target, body, headers + ["Connection: close"])
    return try Self.parse(client.rest())
  }

  /// Sends a request and leaves its answer to be read.
  func open(_ method: String, _ target: String, _ body: String = "", _ headers: [String] = []) throws -> Line
  {
    let wire = Line(try UnixSocket.connect(to: directory + "/s.sock"))
    let lines =
      ["\(method) \(target) HTTP/1.1", "Host: mcpd"] + headers + ["Content-Length: \(body.utf8.count)"]
    try Files.write(
      (lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8, to: wire.descriptor, named: "socket")
    return wire
  }

  private static func parse(_ text: String) throws -> Answer {
    guard let end = text.firstRange(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else {
      throw SystemError(EPROTO, "read", "an answer: \(text)")
    }
    let head = String(text[..<end.lowerBound])
    let body = String(text[end.upperBound...])
    return Answer(status: status, head: head, body: head.contains("chunked") ? unchunked(body) : body)
  }

  static func unchunked(_ text: String) -> String {
    var rest = Array(text.utf8)[...]
    var body: [UInt8] = []
    while let line = rest.firstRange(of: [0x0d, 0x0a]),
      let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16), size > 0
    {
      body += rest[line.upperBound...].prefix(size)
      rest = rest[line.upperBound...].dropFirst(size + 2)
    }
    return String(decoding: body, as: UTF8.self)
  }
}

/// The client's end of a connection; reads wait no longer than a bound.
final class Line: Sendable {
  let descriptor: Descriptor

  init(_ descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  private func part(within milliseconds: Int32) throws -> [UInt8] {
    var entry = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, milliseconds) == 1 else {
      throw SystemError(ETIMEDOUT, "read", "the answer")
    }
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(descriptor.number, $0.baseAddress, $0.count, 0)
    }
    return Array(buffer.prefix(max(0, count)))
  }

  func rest(within milliseconds: Int32 = 10_000) throws -> String {
    var all: [UInt8] = []
    while true {
      let part = try part(within: milliseconds)
      if part.isEmpty { return String(decoding: all, as: UTF8.self) }
      all += part
    }
  }

  func read(until text: String, within milliseconds: Int32 = 10_000) throws -> String {
    var all = ""
    while !all.contains(text) {
      let part = try part(within: milliseconds)
      if part.isEmpty { throw SystemError(EPIPE, "read", "until \(text): \(all)") }
      all += String(decoding: part, as: UTF8.self)
    }
    return all
  }

  /// Whether nothing comes for that long.
  func isSilent(for milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, milliseconds) == 0
  }
}
