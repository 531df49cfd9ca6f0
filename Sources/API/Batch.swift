internal import Engine
internal import HTTP
internal import Synchronization
internal import Wire

/// `POST /api/v1/batch`: several requests in one, their answers in an array, in order.
enum Batch {
  static let parts = ["api", "v1", "batch"]
  private static let longest = 100

  /// Collects the answers of one batch, whichever order they come in.
  private final class Answers: Sendable {
    private struct State {
      var bodies: [[UInt8]?]
      var missing: Int
    }

    private let state: Mutex<State>
    private let call: Call

    init(count: Int, call: Call) {
      state = Mutex(State(bodies: Array(repeating: nil, count: count), missing: count))
      self.call = call
    }

    func put(_ status: Int, _ body: [UInt8], at index: Int) {
      var writer = JSONWriter()
      writer.object {
        $0.field("status", status)
        $0.name("body")
        if body.isEmpty { $0.null() } else { $0.raw(body) }
      }
      let done = state.withLock { state -> [[UInt8]]? in
        guard state.bodies[index] == nil else { return nil }
        state.bodies[index] = writer.bytes
        state.missing -= 1
        return state.missing == 0 ? state.bodies.compactMap(\.self) : nil
      }
      guard let done else { return }
      var all = JSONWriter()
      all.array { writer in for body in done { writer.raw(body) } }
      call.answer(json: all.bytes)
    }
  }

  static func handle(_ call: Call, _ router: Router) {
    switch requests(call) {
    case .failure(let problem): call.refuse(problem)
    case .success(let requests):
      if requests.isEmpty { return call.answer(json: Array("[]".utf8)) }
      let answers = Answers(count: requests.count, call: call)
      for (index, request) in requests.enumerated() {
        router.dispatch(
          Call(
            request: request, answer: { put($0, answers, index) },
            onGone: { call.onGone($0) }))
      }
    }
  }

  private static func put(_ response: Response, _ answers: Answers, _ index: Int) {
    switch response {
    case .full(let status, let headers, let body):
      let isJSON = headers.contains { $0.value.contains("json") }
      answers.put(
        status, isJSON ? body : JSON.string(String(decoding: body, as: UTF8.self)).encoded, at: index)
    case .prepared(let prepared):
      answers.put(prepared.status, prepared.body, at: index)
    case .stream:
      let problem = Problem(
        status: 400, code: "not-in-a-batch", title: "Not in a batch",
        detail: "a stream cannot be part of a batch")
      answers.put(400, problem.encoded, at: index)
    }
  }

  private static func requests(_ call: Call) -> Result<[Request], Problem> {
    switch call.body() {
    case .failure(let problem): return .failure(problem)
    case .success(let reader):
      do throws(WireError) {
        let elements = try reader.member("requests").elements()
        guard elements.count <= longest else {
          throw WireError(pointer: "/requests", reason: "has more than \(longest) entries")
        }
        var requests: [Request] = []
        for element in elements {
          let path = try element.string("path")
          guard let target = Target(path), target.parts != parts else {
            throw WireError(pointer: element.pointer + "/path", reason: "is no path for a batch")
          }
          let body = try element.find("body").map { $0.json.isNull ? [] : $0.json.encoded } ?? []
          requests.append(
            Request(
              method: try element.optionalString("method") ?? "GET", target: target, body: body,
              peer: call.request.peer))
        }
        return .success(requests)
      } catch {
        return .failure(Problem(error))
      }
    }
  }
}
