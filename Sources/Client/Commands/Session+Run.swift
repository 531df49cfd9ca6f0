internal import Model
internal import Platform
internal import Wire

extension Session {
  func runUnits() throws(Stop) -> ExitCode {
    var request = SniffRequest()
    request.project = daemon.project
    request.all = invocation.has("--all")
    request.failedOnly = invocation.has("--failed")
    request.force = invocation.has("--force")
    request.wait = !invocation.has("--no-wait")
    if request.all && request.failedOnly { throw .usage("--all and --failed exclude each other") }
    if request.all && !invocation.operands.isEmpty {
      throw .usage("--all leaves nothing to choose: give it alone, or name what to test")
    }
    if invocation.has("--domain") { request.domains = invocation.all("--domain") }
    for operand in invocation.operands { try add(operand, to: &request) }
    if let text = invocation.value("-k") { try add(unitsContaining: text, to: &request) }

    let progress = Progress(self)
    defer { progress.clear() }
    let started = daemon.clock.now()
    let document: Daemon.Document
    do throws(Stop) {
      document = try daemon.request(
        "POST", "/api/v1/sniff", body: request.encoded, wait: request.wait ? .verdict : .answer,
        tick: request.wait ? { progress.tick($0) } : nil)
    } catch  where error.code == .noVerdict && error.problem == nil {
      throw Stop(.noVerdict, "no verdict in time", hints: ["see what holds it up: mcpd-client queue"])
    }
    progress.clear()
    let answer = try Daemon.read(SniffAnswer.self, from: try Daemon.parse(document.body))
    let isPrinted = try printDocument(document, list: "results")
    switch answer {
    case .accepted(let job, _):
      if !isPrinted { output.line("asked for, as job \(Text.oneLine(job)); follow it: mcpd-client watch") }
      return .done
    case .results(let page):
      if !isPrinted { show(page.results, took: daemon.clock.now() - started) }
      if page.results.isEmpty && !request.failedOnly { return .noVerdict }
      return Self.exitCode(page.results, isAskedByName: true)
    }
  }

  /// An existing path means what it affects; anything else names a unit. A unit goes before a path of its name.
  private func add(_ operand: String, to request: inout SniffRequest) throws(Stop) {
    let name = UnitName(operand)
    let absolute = Paths.absolute(name.unit, in: surroundings.directory)
    let exists = Files.kind(of: absolute, followLinks: false) != nil
    if let caseName = name.caseName {
      let unit = exists ? try projectRelative(name.unit) ?? name.unit : name.unit
      request.units = (request.units ?? []) + [unit + "::" + caseName]
    } else if exists, try !isUnit(operand) {
      request.files = (request.files ?? []) + [absolute]
    } else {
      request.units = (request.units ?? []) + [operand]
    }
  }

  private func isUnit(_ name: String) throws(Stop) -> Bool {
    do throws(Stop) {
      let answer = try daemon.json(
        "GET", "/api/v1/results", query: [projectQuery, ("unit", name), ("limit", "1")])
      return try !Daemon.read(ResultsPage.self, from: answer.json).results.isEmpty
    } catch  where error.problem?.code == "unknown-unit" {
      return false
    }
  }

  private func add(unitsContaining text: String, to request: inout SniffRequest) throws(Stop) {
    let answer = try daemon.json("GET", "/api/v1/results", query: [projectQuery, ("limit", "10000")])
    let page = try Daemon.read(ResultsPage.self, from: answer.json)
    let names = Set(page.results.map(\.result.unit.unit)).filter {
      $0.lowercased().contains(text.lowercased())
    }
    if names.isEmpty { throw .usage("no unit's name contains `\(text)`") }
    request.units = (request.units ?? []) + names.sorted()
  }

  /// What was named is listed in full; of much only what is not green.
  private func show(_ results: [ResultBody], took: Duration) {
    if results.isEmpty {
      output.line(invocation.has("--failed") ? "nothing is red" : "no unit to test")
      return
    }
    let isMuch = results.count > 20 && invocation.operands.isEmpty
    let listed = isMuch ? results.filter { $0.verdict?.isRed ?? true } : results
    let view = ResultsView(style: style, time: time)
    output.write(view.render(listed, summaryOf: results, took: took))
    guard surroundings.isOutputTerminal, let red = results.first(where: { $0.verdict?.isRed == true }) else {
      return
    }
    output.line(style.paint("its output: mcpd-client log \(Text.oneLine(red.result.unit.unit))", .dim))
  }

  func sync() throws(Stop) -> ExitCode {
    let seenOnly = invocation.has("--seen")
    var body = JSONWriter()
    body.object {
      if let project = daemon.project { $0.field("project", project) }
      $0.field("seen", seenOnly)
    }
    let progress = Progress(self)
    defer { progress.clear() }
    let document: Daemon.Document
    do throws(Stop) {
      document = try daemon.request(
        "POST", "/api/v1/sync", query: [projectQuery], body: body.bytes, wait: .verdict,
        tick: { progress.tick($0) })
    } catch  where error.code == .noVerdict && error.problem == nil {
      throw Stop(
        .noVerdict, seenOnly ? "the changes are not seen in time" : "no verdict in time",
        hints: ["see what holds it up: mcpd-client queue"])
    }
    progress.clear()
    let answer = try Daemon.read(SyncAnswer.self, from: try Daemon.parse(document.body))
    if try !printDocument(document) {
      let state = seenOnly ? "seen" : style.paint(answer.state.rawValue, StatusView.color(answer.state))
      output.line(state + style.paint("  clock \(answer.clock)", .dim))
    }
    if seenOnly { return .done }
    return switch answer.state {
    case .green: .done
    case .red: .red
    case .running, .unknown, .paused: .noVerdict
    }
  }
}
