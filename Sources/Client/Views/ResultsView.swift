package import Model
package import Wire

/// Results as a table with a closing line that counts them.
package struct ResultsView {
  private let style: Style
  private let time: HumanTime

  package init(style: Style, time: HumanTime) {
    self.style = style
    self.time = time
  }

  /// `isHistory`: the runs of one unit, where its name need not be repeated but the runs' ids matter.
  /// `summaryOf`: more results than are listed; `took`: how long all of it took.
  package func render(
    _ results: [ResultBody], cases: Bool = false, isHistory: Bool = false, summaryOf all: [ResultBody]? = nil,
    took: Duration? = nil
  ) -> String {
    let severalProjects = Set(results.map(\.result.unit.project)).count > 1
    let severalDomains = Set(results.map(\.result.unit.domain)).count > 1
    var columns = Columns(giving: [(6, 24), (2, 24), (7, 12), (6, 10), (2, 10)])
    for body in results {
      columns.rows.append(row(body, isHistory, severalProjects, severalDomains))
      if cases { columns.rows += body.result.cases.map(caseRow) }
    }
    let summary = summary(all ?? results, isHistory: isHistory)
    let elapsed = took.map { style.paint("   " + HumanTime.duration($0), .dim) } ?? ""
    return columns.render(style) + summary + elapsed + "\n"
  }

  private func row(_ body: ResultBody, _ isHistory: Bool, _ project: Bool, _ domain: Bool) -> [Columns.Cell] {
    let result = body.result
    var name = result.unit.unit
    if isHistory { name = result.run.description }
    if domain { name = result.unit.domain.text + " " + name }
    if project { name = result.unit.project.text + " " + name }
    let complaint = Complaints.first(body)
    return [
      Columns.Cell(
        Verdicts.symbol(isHistory ? result.verdict : body.verdict, style),
        Verdicts.color(isHistory ? result.verdict : body.verdict), tight: true),
      Columns.Cell(
        isHistory && result.discarded
          ? "discarded" : Verdicts.word(isHistory ? result.verdict : body.verdict),
        Verdicts.color(isHistory ? result.verdict : body.verdict)),
      Columns.Cell(Text.oneLine(name)),
      Columns.Cell(HumanTime.duration(result.duration), number: true),
      Columns.Cell(time.clock(result.started), .dim),
      Columns.Cell(result.source == .cache ? style.symbol(.again) : "", .dim),
      Columns.Cell(Text.oneLine(complaint.text), complaint.isDim ? .dim : nil),
      Columns.Cell(Text.oneLine(complaint.place)),
    ]
  }

  private func caseRow(_ one: CaseResult) -> [Columns.Cell] {
    [
      Columns.Cell("", tight: true), Columns.Cell(""),
      Columns.Cell(
        "  \(Verdicts.symbol(one.verdict, style)) \(Text.oneLine(one.name))", Verdicts.color(one.verdict)),
      Columns.Cell(one.duration.map(HumanTime.duration) ?? "", number: true),
    ]
  }

  private func summary(_ results: [ResultBody], isHistory: Bool) -> String {
    if results.isEmpty { return isHistory ? "no run is recorded" : "no results" }
    var counts: [(String, Int, Style.Color?)] = []
    for verdict in [.failed, .error, .timedOut, .flaky, .passed, .skipped, nil] as [Verdict?] {
      let count = results.filter { (isHistory ? $0.result.verdict : $0.verdict) == verdict }.count
      if count > 0 {
        counts.append(
          (isHistory && verdict == nil ? "discarded" : Verdicts.word(verdict), count, Verdicts.color(verdict))
        )
      }
    }
    return counts.map { style.paint("\($0.1) \($0.0)", $0.2) }.joined(separator: ", ")
  }
}

/// How verdicts look; nil is *unknown*.
package enum Verdicts {
  package static func word(_ verdict: Verdict?) -> String {
    switch verdict {
    case .timedOut: "timed out"
    case let verdict?: verdict.rawValue
    case nil: "unknown"
    }
  }

  package static func symbol(_ verdict: Verdict?, _ style: Style) -> String {
    switch verdict {
    case .passed: style.symbol(.good)
    case .skipped: style.symbol(.skipped)
    case .failed, .error, .timedOut, .flaky: style.symbol(.bad)
    case nil: style.symbol(.unknown)
    }
  }

  package static func color(_ verdict: Verdict?) -> Style.Color? {
    switch verdict {
    case .passed: .green
    case .skipped: .dim
    case .failed, .error, .timedOut, .flaky: .red
    case nil: .yellow
    }
  }
}

/// What a result complains of, on one line.
package enum Complaints {
  package static func first(_ body: ResultBody) -> (text: String, place: String, isDim: Bool) {
    let result = body.result
    if body.verdict == nil, !result.discarded {
      return (result.verdict.map { "was \(Verdicts.word($0)); its inputs moved since" } ?? "", "", true)
    }
    guard let failure = result.failures.first else {
      return (result.discarded ? "its inputs moved while it ran" : result.note ?? "", "", true)
    }
    var text = (failure.caseName.map { $0 + ": " } ?? "") + failure.message
    if result.failures.count > 1 { text += " (and \(result.failures.count - 1) more)" }
    return (text, Place.text(failure.file, failure.line), false)
  }
}
