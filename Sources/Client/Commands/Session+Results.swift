internal import Model
internal import Platform
internal import Wire

extension Session {
  func results() throws(Stop) -> ExitCode {
    let format = invocation.value("--format")
    if let format, format != "json", invocation.wantsDocument {
      throw .usage("--format \(format) and --json exclude each other")
    }
    let limit = try invocation.number("--limit")
    let wantsCases =
      invocation.has("--cases") || invocation.operands.contains { UnitName($0).caseName != nil }
    var page = ResultsPage(clock: 0, results: [], nextCursor: nil)
    var raw: Daemon.Document?
    for operand in invocation.operands.isEmpty ? [nil] : invocation.operands.map(Optional.some) {
      let (part, document) = try selected(operand, cases: wantsCases, limit: limit)
      // Only an answer that is shown whole is the API's own.
      raw = page.results.isEmpty && invocation.operands.count <= 1 ? document : nil
      page.clock = max(page.clock, part.clock)
      page.results += part.results
    }
    if let text = invocation.value("-k") {
      page.results = page.results.filter { $0.result.unit.unit.lowercased().contains(text.lowercased()) }
      if page.results.isEmpty { throw .usage("no unit's name contains `\(text)`") }
      raw = nil
    }
    if let limit, page.results.count > limit {
      page.results.removeLast(page.results.count - limit)
      raw = nil
    }
    show(page, raw, format: format, cases: wantsCases)
    return Self.exitCode(page.results, isAskedByName: !invocation.operands.isEmpty || invocation.has("-k"))
  }

  /// One operand's results, or all: every page of them. The document is the API's if one page held them all.
  private func selected(
    _ operand: String?, cases: Bool, limit: Int?
  ) throws(Stop) -> (ResultsPage, Daemon.Document?) {
    let name = operand.map(UnitName.init)
    let asked = name.map { try? projectRelative($0.unit) } ?? nil
    var (page, document) = try pages(unit: asked ?? name?.unit, cases: cases, limit: limit)
    guard let name, let operand else { return (page, document) }
    if page.results.isEmpty && invocation.value("--verdict") == nil { throw try noMatch(operand, name) }
    if let caseName = name.caseName {
      page.results = try page.results.map { (body) throws(Stop) in
        guard let narrowed = body.narrowed(to: caseName) else {
          throw .usage(
            "\(body.result.unit.unit) has no case `\(caseName)`",
            hints: Nearest.hints(caseName, in: body.result.cases.map(\.name)))
        }
        return narrowed
      }
      document = nil
    }
    return (page, document)
  }

  private func pages(unit: String?, cases: Bool, limit: Int?) throws(Stop) -> (ResultsPage, Daemon.Document?)
  {
    var cursor: String?
    var whole: ResultsPage?
    var single: Daemon.Document?
    repeat {
      let document = try daemon.request(
        "GET", "/api/v1/results",
        query: [
          projectQuery, ("domain", invocation.value("--domain")), ("unit", unit),
          ("verdict", invocation.value("--verdict")), ("limit", limit.map(String.init)),
          ("cases", cases ? "true" : nil), ("cursor", cursor),
        ])
      let page = try Daemon.read(ResultsPage.self, from: try Daemon.parse(document.body))
      single = whole == nil ? document : nil
      whole = ResultsPage(
        clock: page.clock, results: (whole?.results ?? []) + page.results, nextCursor: page.nextCursor)
      // A cursor that does not move on would go round for ever.
      cursor = page.nextCursor == cursor || page.results.isEmpty ? nil : page.nextCursor
    } while cursor != nil && (limit.map { whole!.results.count < $0 } ?? true)
    return (whole!, single)
  }

  private func noMatch(_ operand: String, _ name: UnitName) throws(Stop) -> Stop {
    let (all, _) = try pages(unit: nil, cases: false, limit: nil)
    let names = Array(Set(all.results.map(\.result.unit.unit))).sorted()
    return .usage("no unit is named `\(operand)`", hints: Nearest.hints(name.unit, in: names))
  }

  private func show(_ page: ResultsPage, _ raw: Daemon.Document?, format: String?, cases: Bool) {
    if invocation.wantsJSON || format == "json" {
      if let raw { return print(raw) }
      var writer = JSONWriter()
      page.write(to: &writer, withCases: cases)
      output.write(writer.bytes)
      output.write("\n")
    } else if invocation.wantsLines {
      for body in page.results {
        var writer = JSONWriter()
        body.write(to: &writer, withCases: cases)
        output.write(writer.bytes)
        output.write("\n")
      }
    } else if let report = format.flatMap(Report.init(rawValue:)) {
      output.write(report.render(page.results))
    } else {
      output.write(ResultsView(style: style, time: time).render(page.results, cases: cases))
    }
  }

  func history() throws(Stop) -> ExitCode {
    let name = UnitName(invocation.operands[0])
    let unit = (try? projectRelative(name.unit)) ?? name.unit
    let limit = try invocation.number("--limit") ?? 20
    let document = try daemon.request(
      "GET", "/api/v1/history",
      query: [
        projectQuery, ("unit", unit), ("domain", invocation.value("--domain")), ("limit", String(limit)),
      ])
    if try printDocument(document, list: "runs") { return .done }
    let page = try Daemon.read(ResultsPage.self, from: try Daemon.parse(document.body))
    output.write(ResultsView(style: style, time: time).render(page.results, isHistory: true))
    return .done
  }

  /// 1 when one is red, 4 when something asked about by name has no verdict, else 0.
  static func exitCode(_ results: [ResultBody], isAskedByName: Bool) -> ExitCode {
    if results.contains(where: { $0.verdict?.isRed == true }) { return .red }
    if isAskedByName && results.contains(where: { $0.verdict == nil }) { return .noVerdict }
    return .done
  }

  /// A path below the current directory becomes one below the project's root, which is how units are named.
  func projectRelative(_ path: String) throws(Stop) -> String? {
    guard let directory = surroundings.directory, let root = try projectRoot() else { return nil }
    let absolute = Paths.absolute(path, in: directory)
    guard Files.kind(of: absolute) != nil, absolute.hasPrefix(root == "/" ? root : root + "/") else {
      return nil
    }
    return String(absolute.dropFirst(root == "/" ? 1 : root.utf8.count + 1))
  }

  private func projectRoot() throws(Stop) -> String? {
    let answer = try daemon.json("GET", "/api/v1/status", query: [projectQuery])
    let projects = try Daemon.read(Status.self, from: answer.json).projects
    return projects.count == 1 ? projects[0].root : nil
  }
}

/// A unit as it is typed: `UNIT` or `UNIT::CASE`, where the case may hold `::` itself.
package struct UnitName: Hashable, Sendable {
  package let unit: String
  package let caseName: String?

  package init(_ text: String) {
    let bytes = Array(text.utf8)
    let colon = UInt8(ascii: ":")
    let split = bytes.indices.dropLast().first { $0 > 0 && bytes[$0] == colon && bytes[$0 + 1] == colon }
    unit = String(decoding: split.map { bytes[..<$0] } ?? bytes[...], as: UTF8.self)
    caseName = split.flatMap {
      $0 + 2 < bytes.count ? String(decoding: bytes[($0 + 2)...], as: UTF8.self) : nil
    }
  }
}

extension ResultBody {
  /// The same result with one case alone, whose verdict is then the unit's; nil when there is no such case.
  fileprivate func narrowed(to name: String) -> ResultBody? {
    guard let one = result.cases.first(where: { $0.name == name }) else { return nil }
    var narrowed = self
    narrowed.result = RunResult(
      run: result.run, unit: result.unit, verdict: one.verdict, source: result.source, clock: result.clock,
      started: result.started, duration: one.duration ?? result.duration, attempts: result.attempts,
      reason: result.reason, cases: [one], failures: result.failures.filter { $0.caseName == name },
      usage: result.usage, isolation: result.isolation, budget: result.budget, tracing: result.tracing,
      discarded: result.discarded, note: result.note)
    narrowed.counts = nil
    return narrowed
  }
}
