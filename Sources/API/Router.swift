package import Engine
package import HTTP
internal import Wire

/// Finds the route of a request. What is at no route is 404; a route's path with another method is 405 with `Allow`.
package final class Router: Sendable {
  typealias Handler = @Sendable (Call, any Door) -> Void

  struct Route: Sendable {
    let method: String
    /// `*` takes any one part, and captures it.
    let parts: [String]
    let handler: Handler

    init(_ method: String, _ path: String, _ handler: @escaping Handler) {
      self.method = method
      parts = path.split(separator: "/").map(String.init)
      self.handler = handler
    }

    /// Nil when the path is another's.
    func captures(_ path: [String]) -> [String]? {
      guard path.count == parts.count else { return nil }
      var captures: [String] = []
      for (part, wanted) in zip(path, parts) {
        if wanted == "*" { captures.append(part) } else if wanted != part { return nil }
      }
      return captures
    }
  }

  private let door: any Door
  private let routes: [Route]
  private let status: StatusRoute

  package init(door: any Door) {
    self.door = door
    let jobs = Jobs()
    // Routes with names stand before those with a domain in the same place; the names are no domain's.
    routes =
      Self.reading + Self.sniffing(jobs) + Self.control + Self.later
    status = StatusRoute()
  }

  package func handle(_ request: Request, _ responder: Responder) {
    // The busiest question needs none of what the others do.
    if request.method == "GET", request.target.parts == StatusRoute.parts {
      responder.respond(status.response(request, door))
      return
    }
    dispatch(
      Call(
        request: request, answer: { responder.respond($0) }, onGone: { responder.onGone($0) }))
  }

  func dispatch(_ call: Call) {
    let request = call.request
    // A HEAD is a GET whose body the server leaves out.
    let method = request.method == "HEAD" ? "GET" : request.method
    if method == "GET", request.target.parts == StatusRoute.parts {
      return call.answer(status.response(request, door))
    }
    if method == "POST", request.target.parts == Batch.parts { return Batch.handle(call, self) }
    var allowed: [String] = []
    if request.target.parts == StatusRoute.parts { allowed = ["GET", "HEAD"] }
    if request.target.parts == Batch.parts { allowed = ["POST"] }
    for route in routes {
      guard let captures = route.captures(request.target.parts) else { continue }
      guard route.method == method else {
        allowed.append(route.method)
        if route.method == "GET" { allowed.append("HEAD") }
        continue
      }
      var call = call
      call.captures = captures
      return route.handler(call, door)
    }
    if allowed.isEmpty { return call.refuse(.notFound(request.path)) }
    let methods = Set(allowed).sorted()
    call.answer(
      .problem(
        .wrongMethod(request.method, request.path, allowed: methods),
        headers: [Field("Allow", methods.joined(separator: ", "))]))
  }
}
