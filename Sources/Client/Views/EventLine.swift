internal import Model
package import Wire

/// One line for an event that matters; nil for one that a reader need not see.
package struct EventLine {
  private let style: Style
  private let time: HumanTime

  package init(style: Style, time: HumanTime) {
    self.style = style
    self.time = time
  }

  package func render(_ event: EventBody) -> String? {
    guard let parts = parts(event) else { return nil }
    var line = style.paint(time.precise(event.time), .dim) + "  "
    var used = 14
    let word = Text.padded(parts.symbol + parts.word, to: 8)
    line += style.paint(word, parts.color)
    used += Text.width(word)
    // The unit's name keeps a column of its own, so that what follows can be compared line by line.
    var rest = Text.oneLine(parts.subject)
    let details = parts.details.map(Text.oneLine).filter { !$0.isEmpty }
    if !details.isEmpty { rest = Text.padded(rest, to: 24) + "  " + details.joined(separator: "  ") }
    if let width = style.width, width > used { rest = Text.fitted(rest, to: width - used - 1, style) }
    return fitted(line + " " + rest)
  }

  /// Where a project stands at the beginning.
  package func render(_ project: Status.Project) -> String {
    let sum = { (path: KeyPath<Status.Domain, Int>) in project.domains.reduce(0) { $0 + $1[keyPath: path] } }
    let counts = [
      ("failing", project.failing), ("passed", sum(\.passed)), ("skipped", sum(\.skipped)),
      ("unknown", sum(\.unknown)), ("running", sum(\.running)), ("queued", sum(\.queued)),
    ]
    let text = counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
    let symbol: Style.Symbol =
      switch project.state {
      case .green: .good
      case .red: .bad
      case .running: .pending
      case .unknown, .paused: .unknown
      }
    let word = Text.padded(style.symbol(symbol) + " " + project.state.rawValue, to: 8)
    var line =
      style.paint(time.precise(time.now), .dim) + "  " + style.paint(word, StatusView.color(project.state))
    line += " " + Text.oneLine(project.name)
    if !text.isEmpty { line += String(repeating: " ", count: max(2, 26 - Text.width(project.name))) + text }
    return fitted(line)
  }

  private func fitted(_ line: String) -> String {
    style.width.map { Text.clipped(line, to: $0, style) } ?? line
  }

  private struct Parts {
    var symbol = ""
    var word: String
    var color: Style.Color?
    var subject: String
    var details: [String] = []
  }

  private func parts(_ event: EventBody) -> Parts? {
    let document = event.document
    let text = { (name: String) in document[name]?.string ?? "" }
    switch Event.Kind(rawValue: event.kind) {
    case .change:
      let kind = text("change")
      return Parts(word: "change", subject: text("path"), details: kind == "changed" ? [] : [kind])
    case .runFinished:
      guard let body = try? ResultBody(json: document) else { return nil }
      return finished(body)
    case .state: return state(event)
    case .gate:
      if text("state") == "open" {
        return Parts(word: "gate", subject: event.project ?? "mcpd", details: ["open"])
      }
      let why = text("text").isEmpty ? text("reason") : text("text")
      return notice("gate", event.project, "closed: " + why)
    case .overflow: return notice("overflow", event.project, "the kernel's queue overflowed: looking again")
    case .degraded:
      let complaints = (document["degraded"]?.array ?? []).compactMap { $0["text"]?.string }
      if complaints.isEmpty { return Parts(word: "mended", subject: event.project ?? "mcpd") }
      return notice("degraded", event.project, complaints.joined(separator: "; "))
    case .config: return Parts(word: "config", subject: event.project ?? "mcpd", details: [text("text")])
    case .plan, .runStarted, .queue, nil: return nil
    }
  }

  private func finished(_ body: ResultBody) -> Parts? {
    let result = body.result
    if result.discarded {
      return Parts(
        symbol: style.symbol(.again) + " ", word: "again", color: .yellow, subject: result.unit.unit,
        details: ["its inputs moved while it ran"])
    }
    // Recalled verdicts are counted in the state's line; one by one they would bury the rest.
    guard result.source == .run, let verdict = result.verdict else { return nil }
    let complaint = Complaints.first(body)
    return Parts(
      symbol: Verdicts.symbol(verdict, style) + " ", word: Verdicts.word(verdict),
      color: Verdicts.color(verdict),
      subject: result.unit.unit,
      details: [HumanTime.duration(result.duration), complaint.text, complaint.place])
  }

  private func state(_ event: EventBody) -> Parts? {
    guard let word = event.document["state"]?.string, let state = Status.State(rawValue: word),
      state != .running
    else { return nil }
    let symbol: Style.Symbol =
      switch state {
      case .green: .good
      case .red: .bad
      case .running, .unknown, .paused: .unknown
      }
    let names = ["failed", "error", "timed_out", "flaky", "passed", "skipped", "unknown"]
    let counts = names.compactMap { name -> String? in
      guard let count = event.document[name]?.integer, count > 0 else { return nil }
      return "\(count) \(name == "timed_out" ? "timed out" : name)"
    }
    return Parts(
      symbol: style.symbol(symbol) + " ", word: word, color: StatusView.color(state),
      subject: event.project ?? "mcpd",
      details: [counts.joined(separator: ", ")])
  }

  private func notice(_ word: String, _ project: String?, _ text: String) -> Parts {
    Parts(
      symbol: style.symbol(.notice) + " ", word: word, color: .yellow, subject: project ?? "mcpd",
      details: [text])
  }
}
