internal import CLinux
internal import Glibc
import Platform
import Synchronization
import Testing

/// A listener that answers as a script says, well or badly. Each connection has a thread.
final class FakeDaemon: Sendable {
  struct Request: Sendable {
    let method: String
    let target: String
    let body: String
  }

  enum Step: Sendable {
    case send([UInt8])
    /// Waits until the other side closes: the client must not wait for that.
    case hold
    case close
  }

  private let listener: Int32
  /// Holds the path; it goes with the scratch directory.
  private let claim: ListeningSocket.Claim?
  private let heard = Mutex<[Request]>([])

  var requests: [Request] { heard.withLock { $0 } }

  init(at path: String, _ answer: @escaping @Sendable (Request) -> [Step]) throws {
    (listener, claim) = try ListeningSocket.bind(path).split()
    let listener = listener
    ThreadBody { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        ThreadBody { [self] in
          serve(connection, answer)
          close(connection)
        }.start(named: "fake connection")
      }
    }.start(named: "fake daemon")
  }

  func end() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private func serve(_ connection: Int32, _ answer: @Sendable (Request) -> [Step]) {
    var bytes: [UInt8] = []
    while true {
      guard let request = read(connection, &bytes) else { return }
      heard.withLock { $0.append(request) }
      for step in answer(request) {
        switch step {
        case .send(let reply):
          var offset = 0
          while offset < reply.count {
            let count = unsafe reply.withUnsafeBytes {
              unsafe send(connection, $0.baseAddress! + offset, $0.count - offset, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            offset += count
          }
        case .hold:
          var one: UInt8 = 0
          while unsafe recv(connection, &one, 1, 0) > 0 {}
          return
        case .close: return
        }
      }
    }
  }

  private func read(_ connection: Int32, _ bytes: inout [UInt8]) -> Request? {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let head = (0..<max(0, bytes.count - 3)).first(where: { bytes[$0..<($0 + 4)].elementsEqual(end) }) {
        let lines = String(decoding: bytes[..<head], as: UTF8.self).split(separator: "\r\n")
        let length =
          lines.first { $0.lowercased().hasPrefix("content-length: ") }
          .flatMap { Int($0.dropFirst("content-length: ".count)) } ?? 0
        if bytes.count >= head + 4 + length {
          let words = lines[0].split(separator: " ").map(String.init)
          let body = String(decoding: bytes[(head + 4)..<(head + 4 + length)], as: UTF8.self)
          bytes.removeFirst(head + 4 + length)
          return Request(method: words[0], target: words[1], body: body)
        }
      }
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = unsafe chunk.withUnsafeMutableBytes {
        unsafe recv(connection, $0.baseAddress!, $0.count, 0)
      }
      if count <= 0 { return nil }
      bytes += chunk[..<count]
    }
  }
}

extension FakeDaemon {
  static func answer(_ status: Int, _ body: String, type: String = "application/json") -> [Step] {
    [
      .send(
        Array(
          "HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            .utf8))
    ]
  }

  static func problem(_ status: Int, _ code: String, _ detail: String, hint: String) -> [Step] {
    answer(
      status,
      #"{"type":"about:blank","title":"No","status":\#(status),"detail":"\#(detail)","code":"\#(code)","hint":"\#(hint)"}"#,
      type: "application/problem+json")
  }
}
