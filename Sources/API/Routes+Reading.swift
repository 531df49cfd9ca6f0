internal import Engine
internal import HTTP
internal import Model
internal import Wire

// Questions that change nothing.
extension Router {
  static let reading: [Route] = [
    Route("GET", "/health") { call, _ in call.answer(json: Array(#"{"status":"alive"}"#.utf8)) },
    Route("GET", "/ready") { call, door in
      let isReady = door.isReady
      call.answer(status: isReady ? 200 : 503, json: Array(#"{"ready":\#(isReady)}"#.utf8))
    },
    Route("GET", "/api/v1/results") { call, door in results(call, door, ResultsQuery()) },
    Route("GET", "/api/v1/files/results") { call, door in fileResults(call, door) },
    Route("GET", "/api/v1/files/status") { call, door in fileResults(call, door) },
    Route("GET", "/api/v1/changes") { call, door in changes(call, door) },
    Route("GET", "/api/v1/events") { call, door in EventsRoute.handle(call, door) },
    Route("GET", "/api/v1/history") { call, door in history(call, door) },
    Route("GET", "/api/v1/queues") { call, door in call.answer(door.queues(project: call.project)) },
    Route("GET", "/api/v1/domains") { call, door in domains(call, door) },
    Route("GET", "/api/v1/projects") { call, door in projects(call, door) },
    Route("GET", "/api/v1/runs/*") { call, door in call.answer(door.run(call.captures[0])) },
    Route("GET", "/api/v1/runs/*/log") { call, door in log(call, door) },
    Route("GET", "/api/v1/*/results") { call, door in
      var query = ResultsQuery()
      query.domain = call.captures[0]
      results(call, door, query)
    },
    Route("GET", "/api/v1/*/status") { call, door in domainStatus(call, door) },
  ]

  private static func results(_ call: Call, _ door: any Door, _ base: ResultsQuery) {
    var query = base
    query.project = call.project
    query.domain = base.domain ?? call.request.target.value("domain")
    query.unit = base.unit ?? call.request.target.value("unit")
    query.verdict = call.request.target.value("verdict")
    query.cursor = call.request.target.value("cursor")
    switch call.number("limit") {
    case .failure(let problem): return call.refuse(problem)
    case .success(let limit): if let limit { query.limit = Int(clamping: limit) }
    }
    switch door.results(query) {
    case .failure(let problem): call.refuse(problem)
    case .success(let page): answer(page, call)
    }
  }

  private static func answer(_ page: ResultsPage, _ call: Call) {
    var writer = JSONWriter()
    page.write(to: &writer, withCases: call.flag("cases") ?? false)
    call.answer(json: writer.bytes)
  }

  private static func fileResults(_ call: Call, _ door: any Door) {
    guard let file = call.request.target.value("file") else { return call.refuse(.missing("file")) }
    var query = ResultsQuery()
    query.unit = file
    results(call, door, query)
  }

  private static func changes(_ call: Call, _ door: any Door) {
    switch call.number("since") {
    case .failure(let problem): call.refuse(problem)
    case .success(nil): call.refuse(.missing("since"))
    case .success(let since?):
      door.changes(project: call.project, since: Tick(since)) { call.answer($0) }
    }
  }

  private static func history(_ call: Call, _ door: any Door) {
    guard let unit = call.request.target.value("unit") else { return call.refuse(.missing("unit")) }
    let limit: Int
    switch call.number("limit") {
    case .failure(let problem): return call.refuse(problem)
    case .success(let number): limit = number.map { Int(clamping: $0) } ?? 50
    }
    let runs = door.history(
      unit: unit, project: call.project, domain: call.request.target.value("domain"), limit: limit)
    switch runs {
    case .failure(let problem): call.refuse(problem)
    case .success(let bodies):
      var writer = JSONWriter()
      ResultsPage(clock: door.clock.number, results: bodies, nextCursor: nil)
        .write(to: &writer, listedAs: "runs", withCases: call.flag("cases") ?? false)
      call.answer(json: writer.bytes)
    }
  }

  private static func log(_ call: Call, _ door: any Door) {
    switch door.log(runOrUnit: call.captures[0], project: call.project) {
    case .failure(let problem): call.refuse(problem)
    case .success(let bytes): call.answer(.full(status: 200, headers: [.text], body: bytes))
    }
  }

  // MARK: Parts of the status

  private static func status(_ call: Call, _ door: any Door) -> Result<Status, Problem> {
    door.status(project: call.project).flatMap { bytes in
      guard let json = try? JSON(parsing: bytes), let status = try? Status(json: json) else {
        return .failure(
          Problem(
            status: 500, code: "defect", title: "A defect in mcpd", detail: "the status cannot be read back"))
      }
      return .success(status)
    }
  }

  private static func domains(_ call: Call, _ door: any Door) {
    switch status(call, door) {
    case .failure(let problem): call.refuse(problem)
    case .success(let status):
      list("domains", of: status, call) { writer in
        for project in status.projects {
          for domain in project.domains { domain.write(to: &writer, in: project.name) }
        }
      }
    }
  }

  private static func projects(_ call: Call, _ door: any Door) {
    switch status(call, door) {
    case .failure(let problem): call.refuse(problem)
    case .success(let status):
      list("projects", of: status, call) { writer in for project in status.projects { writer.value(project) }
      }
    }
  }

  private static func domainStatus(_ call: Call, _ door: any Door) {
    let name = call.captures[0]
    switch status(call, door) {
    case .failure(let problem): call.refuse(problem)
    case .success(let status):
      let found = status.projects.flatMap { project in
        project.domains.filter { $0.name == name }.map { (project, $0) }
      }
      guard let (project, domain) = found.first else { return call.refuse(.unknownDomain(name, in: status)) }
      var writer = JSONWriter()
      domain.write(to: &writer, in: project.name, clock: status.clock)
      call.answer(json: writer.bytes)
    }
  }

  private static func list(
    _ name: StaticString, of status: Status, _ call: Call, _ entries: (inout JSONWriter) -> Void
  ) {
    var writer = JSONWriter()
    writer.object {
      $0.field("clock", status.clock)
      $0.array(name, entries)
      $0.field("next_cursor", String?.none)
    }
    call.answer(json: writer.bytes)
  }
}

extension Status.Domain {
  /// A domain on its own: with the project that it belongs to, and the clock where it is the whole answer.
  fileprivate func write(to writer: inout JSONWriter, in project: String, clock: UInt64? = nil) {
    var own = JSONWriter()
    own.value(self)
    // The members of the object, without its braces.
    let members = own.bytes.dropFirst().dropLast()
    writer.object {
      if let clock { $0.field("clock", clock) }
      $0.field("project", project)
      $0.raw(members)
    }
  }
}

extension Problem {
  static func missing(_ name: String) -> Problem {
    Problem(
      status: 400, code: "missing-parameter", title: "Something is missing",
      detail: "`\(name)` has to be given",
      pointer: "/\(name)")
  }

  static func unknownDomain(_ name: String, in status: Status) -> Problem {
    let known = status.projects.flatMap { $0.domains.map(\.name) }
    return Problem(
      status: 404, code: "unknown-domain", title: "No such domain", detail: "no domain is named \(name)",
      hint: known.isEmpty ? nil : "domains are: \(known.joined(separator: ", "))")
  }
}
