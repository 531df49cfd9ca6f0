internal import HTTP
internal import Model
internal import Wire

/// One request on its way through the API; alone, or one of a batch.
struct Call: Sendable {
  let request: Request
  /// What stood in the path where the route has a name: `{domain}`, `{id}`.
  var parameters: [String] = []
  /// Takes the reply, once, from any thread.
  let reply: @Sendable (Reply) -> Void
  /// Calls back if the client goes away before the reply.
  let onGone: @Sendable (@escaping @Sendable () -> Void) -> Void
  let isBatched: Bool

  func reply<Value: WireWritable>(_ result: Result<Value, Problem>) {
    switch result {
    case .success(let value): reply(Reply(value))
    case .failure(let problem): reply(Reply(problem))
    }
  }

  // MARK: The query

  func text(_ name: String) -> String? {
    request.target.value(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  var project: String? { text("project") }

  func required(_ name: String) throws(Problem) -> String {
    guard let text = text(name) else { throw .badQuery(name, "`\(name)` is missing") }
    return text
  }

  func flag(_ name: String) throws(Problem) -> Bool? {
    switch request.target.value(name) {
    case nil: return nil
    case "true", "1", "yes", "": return true
    case "false", "0", "no": return false
    case let text?: throw .badQuery(name, "`\(name)` is true or false, not \(text)")
    }
  }

  func limit(default value: Int) throws(Problem) -> Int {
    guard let text = text("limit") else { return value }
    guard let limit = Int(text), (1...10_000).contains(limit) else {
      throw .badQuery("limit", "`limit` is a whole number from 1 to 10000, not \(text)")
    }
    return limit
  }

  func clock(_ name: String) throws(Problem) -> Tick? {
    guard let text = text(name) else { return nil }
    guard let number = UInt64(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw .badQuery(name, "`\(name)` is a clock, a whole number from 0 on, not \(text)")
    }
    return Tick(number)
  }

  // MARK: The body

  /// The body as an object; an empty one has no members.
  func body() throws(Problem) -> JSONReader {
    if request.body.isEmpty { return JSONReader(.object([])) }
    let json: JSON
    do throws(JSON.Malformed) { json = try JSON(parsing: request.body) } catch { throw Problem(error) }
    guard case .object = json else {
      throw Problem(WireError(pointer: "", reason: "must be an object, not \(json.kind)"))
    }
    return JSONReader(json)
  }

  /// Named in the body or in the query.
  func projectOfBody() throws(Problem) -> String? {
    let reader = try body()
    do throws(WireError) { return try reader.optionalString("project") ?? project } catch {
      throw Problem(error)
    }
  }
}

extension Problem {
  static func badQuery(_ name: String, _ detail: String) -> Problem {
    Problem(
      status: 400, code: "bad-request", title: "A wrong query", detail: detail, pointer: "/" + name)
  }

  static func missing(_ pointer: String, _ detail: String) -> Problem {
    Problem(status: 400, code: "bad-request", title: "Something is missing", detail: detail, pointer: pointer)
  }

  static func notAvailable(_ what: String) -> Problem {
    Problem(
      status: 501, code: "not-available", title: "Not available",
      detail: "\(what) not part of this version")
  }

  static func unknownDomain(_ name: String, known: [String] = []) -> Problem {
    Problem(
      status: 404, code: "unknown-domain", title: "No such domain", detail: "no domain is named \(name)",
      hint: known.isEmpty ? nil : "domains are: \(known.joined(separator: ", "))")
  }
}
