import Glibc
import Platform

/// A client that says exactly what it is told, and waits no longer than a bound.
final class Client: Sendable {
  let descriptor: Descriptor

  init(_ path: String) throws {
    descriptor = try UnixSocket.connect(to: path)
  }

  /// False when the other end is closed.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.send(descriptor.number, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      offset += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  func closeWriting() { shutdown(descriptor.number, Int32(SHUT_WR)) }

  /// The next bytes; empty at the end; nil after the bound.
  func receive(within milliseconds: Int32 = 5000, upTo size: Int = 65536) -> [UInt8]? {
    var entry = pollfd(fd: descriptor.number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, milliseconds) == 1 else { return nil }
    var buffer = [UInt8](repeating: 0, count: size)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(descriptor.number, $0.baseAddress, $0.count, 0)
    }
    return Array(buffer.prefix(max(0, count)))
  }

  /// All until the other end closes; nil when it does not.
  func everything(within milliseconds: Int32 = 5000) -> String? {
    var all: [UInt8] = []
    while let part = receive(within: milliseconds) {
      if part.isEmpty { return String(decoding: all, as: UTF8.self) }
      all += part
    }
    return nil
  }

  /// Reads until the text has come; what came, or nil when it does not come.
  func read(until text: String, within milliseconds: Int32 = 5000) -> String? {
    var all = ""
    while !all.contains(text) {
      guard let part = receive(within: milliseconds), !part.isEmpty else { return nil }
      all += String(decoding: part, as: UTF8.self)
    }
    return all
  }

  /// One response with a length, its connection left open.
  func response() -> (head: String, body: String)? {
    var all: [UInt8] = []
    while true {
      if let end = all.firstRange(of: Array("\r\n\r\n".utf8)) {
        let head = String(decoding: all[..<end.lowerBound], as: UTF8.self)
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
        if all.count >= end.upperBound + length {
          return (head, String(decoding: all[end.upperBound...], as: UTF8.self))
        }
      }
      guard let part = receive(), !part.isEmpty else { return nil }
      all += part
    }
  }
}

extension String {
  /// `200` of `HTTP/1.1 200 OK…`; `closed` of nothing.
  var status: String { isEmpty ? "closed" : String(dropFirst(9).prefix(3)) }
}
