internal import HTTP
internal import Platform
internal import Synchronization
internal import Wire

extension API {
  private static let longestBatch = 100

  /// Does the requests one after the other and replies with all answers, in order. A batch that is wrong anywhere does
  /// nothing.
  func batch(_ call: Call) throws(Problem) {
    if call.isBatched { throw Self.notInBatch }
    let requests: [Request]
    let body = try call.body()
    do throws(WireError) { requests = try Self.read(body, call.request) } catch { throw Problem(error) }
    Batch(self, requests, call).next()
  }

  static let notInBatch = Problem(
    status: 400, code: "bad-request", title: "Not in a batch",
    detail: "a batch holds no batches and no streams")

  private static func read(_ body: JSONReader, _ outer: Request) throws(WireError) -> [Request] {
    let elements = try body.member("requests").elements()
    if elements.count > longestBatch {
      throw WireError(pointer: "/requests", reason: "has more than \(longestBatch) entries")
    }
    var requests: [Request] = []
    for element in elements {
      let path = try element.string("path")
      guard path.hasPrefix("/"), let target = Target(path) else {
        throw WireError(pointer: element.pointer + "/path", reason: "is no path")
      }
      let method = try element.optionalString("method") ?? "GET"
      let content = try element.find("body")?.json.encoded ?? []
      requests.append(
        Request(method: method, target: target, headers: outer.headers, body: content, peer: outer.peer))
    }
    return requests
  }
}

/// A batch under way.
private final class Batch: Sendable {
  private let api: API
  private let requests: [Request]
  private let call: Call

  private struct State {
    var replies: [Reply] = []
    var isGone = false
    var onGone: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  init(_ api: API, _ requests: [Request], _ call: Call) {
    self.api = api
    self.requests = requests
    self.call = call
    call.onGone { [self] in
      let gone = state.withLock { state in
        state.isGone = true
        return state.onGone
      }
      gone?()
    }
  }

  /// Starts the next request. On the writer's thread, so that a hundred replies in a row do not nest a hundred calls.
  func next() {
    api.writer.enqueue { [self] in
      let (index, isGone) = state.withLock { state in
        state.onGone = nil
        return (state.replies.count, state.isGone)
      }
      if isGone { return }
      guard index < requests.count else { return finish() }
      let inner = Call(
        request: requests[index], reply: { _ in },
        onGone: { [self] body in
          let isGone = state.withLock { state in
            state.onGone = body
            return state.isGone
          }
          if isGone { body() }
        }, isBatched: true)
      api.route(inner) { [self] _, reply in
        state.withLock { $0.replies.append(reply) }
        next()
      }
    }
  }

  private func finish() {
    let replies = state.withLock { $0.replies }
    var writer = JSONWriter(reserving: 4096)
    writer.array { writer in
      for reply in replies {
        writer.object { writer in
          writer.field("status", reply.status)
          guard case .bytes(let bytes) = reply.content else { return writer.field("body", String?.none) }
          if reply.type.hasSuffix("json") {
            writer.name("body")
            writer.raw(bytes)
          } else {
            writer.field("body", String(decoding: bytes, as: UTF8.self))
          }
        }
      }
    }
    call.reply(Reply(writer.bytes))
  }
}
