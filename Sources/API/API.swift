package import Engine
package import HTTP
internal import Model
package import Platform
internal import Wire

/// The HTTP face of the engine: finds the route, reads what was asked, and writes what the door answers.
package final class API: Sendable {
  let door: any Door
  let clock: any Clock
  let jobs: JobTable
  let counters = RequestCounters()
  let keptStatus = KeptStatus()
  /// Encodes what may be long, so that neither the engine's thread nor the server's are held up.
  let writer = WorkerThread(named: "api-writer")
  private let router = Router(API.routes)

  package init(door: any Door, clock: any Clock = SystemClock()) {
    self.door = door
    self.clock = clock
    jobs = JobTable(clock: clock)
  }

  deinit {
    writer.close()
  }

  /// Answers one request; to be given to a server as its handler.
  package func handle(_ request: Request, _ responder: Responder) {
    let started = clock.now()
    route(
      Call(
        request: request, reply: { _ in }, onGone: { responder.onGone($0) }, isBatched: false)
    ) { [counters, clock] name, reply in
      counters.count(name, status: reply.status, took: clock.now() - started)
      responder.respond(reply.response)
    }
  }

  /// `finish` gets the route's pattern and the reply, once.
  func route(_ call: Call, finish: @escaping @Sendable (String, Reply) -> Void) {
    let request = call.request
    guard let (route, parameters) = router.find(request.target) else {
      return finish("none", Reply(unknownPath(request.path)))
    }
    guard let handle = route.handler(for: request.method) else {
      let problem = Problem(
        status: 405, code: "wrong-method", title: "Wrong method",
        detail: "\(route.pattern) takes \(route.allowed), not \(request.method)")
      return finish(route.pattern, Reply(problem, headers: [Field("Allow", route.allowed)]))
    }
    let routed = Call(
      request: request, parameters: parameters, reply: { finish(route.pattern, $0) }, onGone: call.onGone,
      isBatched: call.isBatched)
    do throws(Problem) { try handle(self)(routed) } catch { finish(route.pattern, Reply(error)) }
  }

  private func unknownPath(_ path: String) -> Problem {
    Problem(
      status: 404, code: "unknown-path", title: "No such path", detail: "nothing is served at \(path)",
      hint: Spelling.nearest(to: path, among: router.paths).map { "did you mean \($0)?" })
  }
}
