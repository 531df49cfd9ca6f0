internal import Engine
internal import HTTP
internal import Model
internal import Wire

// Orders, and what comes with later rooms.
extension Router {
  static let control: [Route] = [
    steer("start") { .startSniffing(project: $0) }, steer("stop") { .stopSniffing(project: $0) },
    steer("pause") { .pause(project: $0) }, steer("resume") { .resume(project: $0) },
    Route("DELETE", "/api/v1/runs/*") { call, door in perform(.cancel(run: call.captures[0]), call, door) },
    Route("POST", "/api/v1/projects") { call, door in addProject(call, door) },
    Route("DELETE", "/api/v1/projects/*") { call, door in
      perform(.removeProject(name: call.captures[0]), call, door)
    },
  ]

  static let later: [Route] =
    [
      ("POST", "/api/v1/fix", "mending failures"), ("POST", "/api/v1/analyze", "analysis"),
      ("GET", "/api/v1/patterns", "finding patterns"), ("GET", "/api/v1/suggestions", "suggestions"),
      ("POST", "/api/v1/plan", "planning without running"), ("GET", "/api/v1/why", "explaining a run"),
      ("GET", "/api/v1/cache", "the result cache"), ("GET", "/api/v1/audit", "the audit"),
      ("GET", "/api/v1/events/ws", "events by WebSocket"), ("POST", "/mcp", "the assistants' door"),
      ("GET", "/metrics", "metrics"), ("GET", "/openapi.json", "the OpenAPI document"),
      ("GET", "/", "the web page"),
    ].map { method, path, what in
      Route(method, path) { call, _ in call.refuse(.notAvailable(what)) }
    }

  private static func steer(_ word: String, _ command: @escaping @Sendable (String?) -> Command) -> Route {
    Route("POST", "/sniffing/\(word)") { call, door in
      switch call.body() {
      case .failure(let problem): call.refuse(problem)
      case .success(let body):
        do throws(WireError) {
          perform(command(try body.optionalString("project") ?? call.project), call, door)
        } catch {
          call.refuse(Problem(error))
        }
      }
    }
  }

  private static func addProject(_ call: Call, _ door: any Door) {
    switch call.body() {
    case .failure(let problem): call.refuse(problem)
    case .success(let body):
      do throws(WireError) {
        let directory = try body.string("directory")
        guard directory.hasPrefix("/") else {
          throw WireError(pointer: "/directory", reason: "must be absolute")
        }
        perform(.addProject(directory: directory), call, door)
      } catch {
        call.refuse(Problem(error))
      }
    }
  }

  private static func perform(_ command: Command, _ call: Call, _ door: any Door) {
    door.command(command) { result in
      switch result {
      case .failure(let problem): call.refuse(problem)
      case .success: call.answer(json: Array(#"{"clock":\#(door.clock)}"#.utf8))
      }
    }
  }
}
