internal import HTTP
internal import Wire

/// One request on its way through the API, and the one answer to it. A call of a batch has no connection of its own.
struct Call: Sendable {
  let request: Request
  /// Called once, from any thread.
  let answer: @Sendable (Response) -> Void
  /// Calls back when nobody waits for the answer any more.
  let onGone: @Sendable (@escaping @Sendable () -> Void) -> Void
  /// The parts of the path that the route leaves open, in order.
  var captures: [String] = []

  func refuse(_ problem: Problem) { answer(.problem(problem)) }

  func answer(status: Int = 200, json: [UInt8]) {
    answer(.full(status: status, headers: [.json], body: json))
  }

  func answer(status: Int = 200, _ value: some WireWritable) { answer(status: status, json: value.encoded) }

  func answer(_ result: Result<some WireWritable, Problem>) {
    switch result {
    case .success(let value): answer(value)
    case .failure(let problem): refuse(problem)
    }
  }

  /// The project that the query selects.
  var project: String? { request.target.value("project") }

  /// A query's value as a number; a problem that points at it when it is none.
  func number(_ name: String) -> Result<UInt64?, Problem> {
    guard let text = request.target.value(name) else { return .success(nil) }
    guard let number = UInt64(text), text == String(number) else {
      return .failure(
        Problem(
          status: 400, code: "bad-number", title: "Not a number",
          detail: "`\(name)` is to be a whole number, not `\(text)`",
          pointer: "/\(name)"))
    }
    return .success(number)
  }

  func flag(_ name: String) -> Bool? {
    switch request.target.value(name) {
    case "true", "1", "": true
    case "false", "0": false
    default: nil
    }
  }

  /// The body as JSON; an empty one is an empty object.
  func body() -> Result<JSONReader, Problem> {
    if request.body.isEmpty { return .success(JSONReader(.object([]))) }
    do throws(JSON.Malformed) {
      let json = try JSON(parsing: request.body)
      guard case .object = json else {
        return .failure(
          Problem(WireError(pointer: "", reason: "the body must be an object, not \(json.kind)")))
      }
      return .success(JSONReader(json))
    } catch {
      return .failure(Problem(error))
    }
  }
}

extension Field {
  static let json = Field("Content-Type", "application/json")
  static let text = Field("Content-Type", "text/plain; charset=utf-8")
}

extension Response {
  static func problem(_ problem: Problem, headers: [Field] = []) -> Response {
    .full(
      status: problem.status, headers: [Field("Content-Type", "application/problem+json")] + headers,
      body: problem.encoded)
  }
}

extension Problem {
  static func notFound(_ path: String) -> Problem {
    Problem(
      status: 404, code: "unknown-path", title: "No such path", detail: "nothing is at \(path)",
      hint: "Docs/ lists the API's paths; GET /api/v1/status is the first")
  }

  static func wrongMethod(_ method: String, _ path: String, allowed: [String]) -> Problem {
    Problem(
      status: 405, code: "wrong-method", title: "Wrong method", detail: "\(path) does not take \(method)",
      hint: "it takes \(allowed.joined(separator: ", "))")
  }

  static func notAvailable(_ what: String) -> Problem {
    Problem(
      status: 501, code: "not-available", title: "Not available",
      detail: "\(what) is not part of this build of mcpd")
  }
}
