internal import Engine
internal import HTTP
internal import Model
internal import Wire

// Requests for testing, in their long and short forms.
extension Router {
  static func sniffing(_ jobs: Jobs) -> [Route] {
    let sniff: Handler = { call, door in Self.sniff(call, door, jobs) { .success($0) } }
    let files: Handler = { call, door in
      Self.sniff(call, door, jobs) { request in
        request.files == nil ? .failure(.missing("files")) : .success(request)
      }
    }
    let domains: Handler = { call, door in
      Self.sniff(call, door, jobs) { request in
        request.domains == nil ? .failure(.missing("domains")) : .success(request)
      }
    }
    return [
      Route("POST", "/api/v1/sniff", sniff),
      Route("POST", "/api/v1/files/sniff", files), Route("POST", "/sniff/file", files),
      Route("POST", "/sniff/files", files), Route("POST", "/sniff/domain", domains),
      Route("POST", "/sniff/domains", domains),
      Route("POST", "/api/v1/sync") { call, door in sync(call, door) },
      Route("GET", "/api/v1/jobs") { call, door in jobs.list(call, door) },
      Route("GET", "/api/v1/jobs/*") { call, door in jobs.show(call, door) },
      Route("DELETE", "/api/v1/jobs/*") { call, door in jobs.remove(call, door) },
      Route("POST", "/api/v1/*/sniff") { call, door in
        // In the path an unknown domain is a path that is not there.
        switch door.results(ResultsQuery(project: call.project, domain: call.captures[0])) {
        case .failure(let problem): call.refuse(problem)
        case .success:
          Self.sniff(call, door, jobs) { request in
            var request = request
            request.domains = [call.captures[0]]
            return .success(request)
          }
        }
      },
    ]
  }

  private static func sniff(
    _ call: Call, _ door: any Door, _ jobs: Jobs, _ complete: (SniffRequest) -> Result<SniffRequest, Problem>
  ) {
    switch SniffRequest.decode(call.request.body).flatMap(complete) {
    case .failure(let problem): call.refuse(problem)
    case .success(var request):
      request.project = request.project ?? call.project
      if request.wait {
        let giveUp = door.sniff(request, accepted: { _ in }, done: { call.answer($0) })
        call.onGone(giveUp)
      } else {
        jobs.start(request, call, door)
      }
    }
  }

  private static func sync(_ call: Call, _ door: any Door) {
    let body: JSONReader
    switch call.body() {
    case .failure(let problem): return call.refuse(problem)
    case .success(let reader): body = reader
    }
    do throws(WireError) {
      let seenOnly = try body.optionalBool("seen") ?? false
      let project = try body.optionalString("project") ?? call.project
      let giveUp = door.sync(project: project, seenOnly: seenOnly) { call.answer($0) }
      call.onGone(giveUp)
    } catch {
      call.refuse(Problem(error))
    }
  }
}

extension ResultsQuery {
  init(project: String?, domain: String) {
    self.init()
    self.project = project
    self.domain = domain
    limit = 1
  }
}
