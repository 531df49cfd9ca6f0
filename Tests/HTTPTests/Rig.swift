import Glibc
import HTTP
import Platform
import Synchronization

/// A server on a scratch socket whose answers show what it was asked.
final class Rig: Sendable {
  let directory: String
  let server: Server
  var path: String { directory + "/s.sock" }

  convenience init(limits: Limits = Limits()) throws {
    try self.init(limits: limits, handler: Rig.echo)
  }

  init(
    limits: Limits = Limits(), allow: (@Sendable (Peer?) -> Bool)? = nil, handler: @escaping Server.Handler
  ) throws {
    directory = "/tmp/mcpd-http-\(getpid())-\(UInt32.random(in: 0...(.max)))"
    let socket = try ListeningSocket.bind(directory + "/s.sock", directory: .own)
    server = try Server(
      listening: socket, limits: limits, allow: allow ?? { $0?.isSelfOrRoot ?? false }, handler: handler)
  }

  deinit {
    server.stop()
    try? Files.removeTree(directory)
  }

  /// `METHOD /path name=value… | body` in one line.
  static let echo: Server.Handler = { request, responder in
    let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    let body = String(decoding: request.body.prefix(100), as: UTF8.self)
    let text = "\(request.method) \(request.path) [\(query)] \(request.body.count):\(body)"
    responder.respond(.full(status: 200, headers: [Field("X-Rig", "echo")], body: Array(text.utf8)))
  }

  func client() throws -> Client { try Client(path) }

  /// What a client gets that sends these bytes, half-closes, and reads to the end.
  func answer(_ bytes: [UInt8], closing: Bool = true) throws -> String? {
    let client = try client()
    client.send(bytes)
    if closing { client.closeWriting() }
    return client.everything()
  }

  func answer(_ text: String, closing: Bool = true) throws -> String? {
    try answer(Array(text.utf8), closing: closing)
  }
}

/// Values that arrive from other threads, one after the other.
final class Inbox<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  private let changed = Condition()

  func put(_ value: Value) {
    values.withLock { $0.append(value) }
    changed.signal()
  }

  func take() -> Value {
    changed.wait { values.withLock { !$0.isEmpty } }
    return values.withLock { $0.removeFirst() }
  }

  var count: Int { values.withLock { $0.count } }
}

/// A body that is fed by the test.
final class FedSource: BodySource {
  private struct State {
    var parts: [BodyPart] = []
    var wake: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())
  let closed = Inbox<Bool>()
  let asked = Atomic<Int>(0)
  let heartbeat: [UInt8]

  init(heartbeat: String = "") {
    self.heartbeat = Array(heartbeat.utf8)
  }

  func feed(_ part: BodyPart) {
    let wake = state.withLock { state in
      state.parts.append(part)
      return state.wake
    }
    wake?()
  }

  func feed(_ text: String) { feed(.bytes(Array(text.utf8))) }

  func open(wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

  func next() -> BodyPart {
    asked.add(1, ordering: .relaxed)
    return state.withLock { $0.parts.isEmpty ? .wait : $0.parts.removeFirst() }
  }

  func close() { closed.put(true) }
}
