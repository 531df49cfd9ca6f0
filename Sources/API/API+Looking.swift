internal import Engine
internal import HTTP
internal import Model
internal import Platform
internal import Synchronization
internal import Wire

/// The newest status of each project that is asked for, with its head and body ready to be sent.
final class KeptStatus: Sendable {
  private struct Entry {
    var bytes: [UInt8]
    var response: PreparedResponse
  }

  private let entries = Mutex<[String?: Entry]>([:])

  func response(for project: String?, _ bytes: [UInt8]) -> PreparedResponse {
    // The door hands out the same array until something changes: equal by identity, not byte by byte.
    if let entry = entries.withLock({ $0[project] }), entry.bytes == bytes { return entry.response }
    let response = PreparedResponse(
      status: 200, headers: [Field("Content-Type", Reply.json), Reply.noStore], body: bytes)
    entries.withLock { entries in
      // Names come from outside: their number is bounded.
      if entries.count > 64 { entries = [:] }
      entries[project] = Entry(bytes: bytes, response: response)
    }
    return response
  }
}

// What changes nothing.
extension API {
  func health(_ call: Call) {
    call.reply(.object { $0.field("status", "alive") })
  }

  func ready(_ call: Call) {
    let isReady = door.isReady
    call.reply(.object(status: isReady ? 200 : 503) { $0.field("ready", isReady) })
  }

  func status(_ call: Call) throws(Problem) {
    let bytes = try door.status(project: call.project).get()
    // In a batch the bytes themselves are wanted.
    call.reply(call.isBatched ? Reply(bytes) : Reply(keptStatus.response(for: call.project, bytes)))
  }

  /// The status as a value, for answers that are made of parts of it.
  func statusDocument(_ project: String?) throws(Problem) -> JSON {
    let bytes = try door.status(project: project).get()
    do throws(JSON.Malformed) { return try JSON(parsing: bytes) } catch {
      throw Problem(
        status: 500, code: "defect", title: "A defect in mcpd",
        detail: "the status document is not JSON: \(error.description)")
    }
  }

  func projects(_ call: Call) throws(Problem) {
    let status = try statusDocument(call.project)
    reply(call, status, "projects", status["projects"]?.array ?? [])
  }

  func domains(_ call: Call) throws(Problem) {
    let status = try statusDocument(call.project)
    var domains: [JSON] = []
    for project in status["projects"]?.array ?? [] {
      for domain in project["domains"]?.array ?? [] {
        guard case .object(let members) = domain else { continue }
        domains.append(.object([.init("project", project["name"] ?? .null)] + members))
      }
    }
    reply(call, status, "domains", domains)
  }

  private func reply(_ call: Call, _ status: JSON, _ name: StaticString, _ list: [JSON]) {
    call.reply(
      .object {
        $0.field("clock", status["clock"] ?? .null)
        $0.field(name, list)
        $0.field("next_cursor", String?.none)
      })
  }

  /// The domain as the status shows it, summed up over the projects that have it, and these with nothing but it.
  func domainStatus(_ call: Call) throws(Problem) {
    let name = call.parameters[0]
    let status = try statusDocument(call.project)
    let all = status["projects"]?.array ?? []
    var domains: [[JSON.Member]] = []
    let projects = all.compactMap { project -> JSON? in
      guard case .object(let members) = project,
        let domain = project["domains"]?.array?.first(where: { $0["name"]?.string == name }),
        case .object(let own) = domain
      else { return nil }
      domains.append(own)
      let failures = (project["failures"]?.array ?? []).filter { $0["domain"]?.string == name }
      return .object(
        members.compactMap { member in
          switch member.name {
          case "domains": JSON.Member("domains", .array([domain]))
          case "failures": JSON.Member("failures", .array(failures))
          case "state": JSON.Member("state", domain["state"] ?? .null)
          // It counts the whole project.
          case "failing": nil
          default: member
          }
        })
    }
    if projects.isEmpty {
      let known = Set(all.flatMap { ($0["domains"]?.array ?? []).compactMap { $0["name"]?.string } })
      throw .unknownDomain(name, known: known.sorted())
    }
    call.reply(
      .object { writer in
        writer.field("clock", status["clock"] ?? .null)
        for member in Self.sum(domains) {
          writer.name(member.name)
          member.value.write(to: &writer)
        }
        writer.field("projects", projects)
      })
  }

  /// Counts are added, the worst state counts, of the rest the first.
  private static func sum(_ domains: [[JSON.Member]]) -> [JSON.Member] {
    (domains.first ?? []).map { member in
      let values = domains.compactMap { domain in domain.first { $0.name == member.name }?.value }
      if member.name == "state" { return JSON.Member("state", .string(worst(values.compactMap(\.string)))) }
      let numbers = values.compactMap(\.integer)
      return numbers.count == values.count
        ? JSON.Member(member.name, .integer(numbers.reduce(0, &+))) : member
    }
  }

  static func worst(_ states: [String]) -> String {
    ["paused", "red", "running", "unknown"].first(where: states.contains)
      ?? (states.isEmpty ? "unknown" : "green")
  }

  func queues(_ call: Call) throws(Problem) {
    call.reply(Reply(try door.queues(project: call.project).get()))
  }

  func results(_ call: Call) throws(Problem) {
    try results(call, of: call.text("domain"))
  }

  func domainResults(_ call: Call) throws(Problem) {
    let name = call.parameters[0]
    guard DomainName(name) != nil else { throw .unknownDomain(name) }
    try results(call, of: name)
  }

  private func results(_ call: Call, of domain: String?) throws(Problem) {
    var query = ResultsQuery()
    query.project = call.project
    query.domain = domain
    query.unit = call.text("unit")
    query.verdict = call.text("verdict")
    query.limit = try call.limit(default: query.limit)
    query.cursor = call.text("cursor")
    reply(call, try door.results(query).get(), withCases: try call.flag("cases") ?? false)
  }

  func reply(_ call: Call, _ page: ResultsPage, as name: StaticString = "results", withCases: Bool = false) {
    var writer = JSONWriter(reserving: 512 + page.results.count * 512)
    page.write(to: &writer, listedAs: name, withCases: withCases)
    call.reply(Reply(writer.bytes))
  }

  func history(_ call: Call) throws(Problem) {
    let runs = try door.history(
      unit: try call.required("unit"), project: call.project, domain: call.text("domain"),
      limit: try call.limit(default: 50)
    ).get()
    reply(call, ResultsPage(clock: door.clock.number, results: runs, nextCursor: nil), as: "runs")
  }

  func changes(_ call: Call) throws(Problem) {
    guard let since = try call.clock("since") else { throw .badQuery("since", "`since` is missing") }
    door.changes(project: call.project, since: since) { [writer] result in
      writer.enqueue { call.reply(result) }
    }
  }

  func run(_ call: Call) throws(Problem) {
    let body = try door.run(call.parameters[0]).get()
    var writer = JSONWriter()
    body.write(to: &writer, withCases: true)
    call.reply(Reply(writer.bytes))
  }

  func log(_ call: Call) throws(Problem) {
    let log = try door.log(runOrUnit: call.parameters[0], project: call.project).get()
    call.reply(Reply(log, type: "text/plain; charset=utf-8"))
  }
}
