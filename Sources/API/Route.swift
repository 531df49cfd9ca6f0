internal import HTTP
internal import Model
internal import Wire

/// A path that the API serves, and what each method does there.
struct Route: Sendable {
  /// A method of the API, not yet bound to one.
  typealias Handler = @Sendable (API) -> (Call) throws(Problem) -> Void

  /// As in the documents: `/api/v1/runs/{id}/log`.
  let pattern: String
  private let handlers: [(method: String, handle: Handler)]

  init(_ pattern: String, get: Handler? = nil, post: Handler? = nil, delete: Handler? = nil) {
    self.pattern = pattern
    handlers = [("GET", get), ("POST", post), ("DELETE", delete)].compactMap { method, handler in
      handler.map { (method, $0) }
    }
  }

  /// A route of a later room.
  init(_ pattern: String, _ method: String, isLater what: String) {
    let refuse: Handler = { _ in { (_) throws(Problem) in throw .notAvailable(what) } }
    self.pattern = pattern
    handlers = [(method, refuse)]
  }

  func handler(for method: String) -> Handler? {
    let wanted = method == "HEAD" ? "GET" : method
    return handlers.first { $0.method == wanted }?.handle
  }

  /// For the header of a 405.
  var allowed: String {
    handlers.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] }.joined(separator: ", ")
  }
}

/// Finds routes: fixed paths by one look-up, the few with names in them one after the other.
struct Router: Sendable {
  private let fixed: [String: Route]
  private let named: [(parts: [String], route: Route)]

  init(_ routes: [Route]) {
    fixed = Dictionary(
      routes.filter { !$0.pattern.contains("{") }.map { ($0.pattern, $0) },
      uniquingKeysWith: { first, _ in first })
    named = routes.filter { $0.pattern.contains("{") }.map { route in
      (route.pattern.split(separator: "/").map(String.init), route)
    }
  }

  var paths: [String] { fixed.keys.sorted() }

  func find(_ target: Target) -> (route: Route, parameters: [String])? {
    if let route = fixed[target.path] { return (route, []) }
    for (parts, route) in named {
      if let parameters = Self.match(parts, target.parts) { return (route, parameters) }
    }
    return nil
  }

  /// `{…}` takes one part, `{…*}` one or more: names of units have slashes, and not everybody escapes them.
  private static func match(_ pattern: [String], _ parts: [String]) -> [String]? {
    var parameters: [String] = []
    var rest = parts[...]
    for (index, piece) in pattern.enumerated() {
      guard let first = rest.first else { return nil }
      if piece.hasSuffix("*}") {
        let count = rest.count - (pattern.count - index - 1)
        guard count > 0 else { return nil }
        parameters.append(rest.prefix(count).joined(separator: "/"))
        rest = rest.dropFirst(count)
      } else if piece.hasPrefix("{") {
        parameters.append(first)
        rest = rest.dropFirst()
      } else {
        guard piece == first else { return nil }
        rest = rest.dropFirst()
      }
    }
    return rest.isEmpty ? parameters : nil
  }
}
