internal import Model
package import Wire

/// A status as people read it: first the state, then what fails, then what is degraded and how to mend it.
package struct StatusView {
  private let style: Style
  private let time: HumanTime

  /// Which failure is marked, counted over all projects; only in the live view.
  private let selected: Int?
  /// Whether the failures are a choice of the reader's, so that what is left out need not be counted.
  private let isFiltered: Bool

  package init(style: Style, time: HumanTime, selected: Int? = nil, isFiltered: Bool = false) {
    self.style = style
    self.time = time
    self.selected = selected
    self.isFiltered = isFiltered
  }

  package func render(_ status: Status) -> String {
    var text = ""
    if status.projects.isEmpty {
      text += "no project is watched\n  add one: mcpd-client projects add DIR\n"
    }
    var before = 0
    for project in status.projects {
      text += header(project, clock: status.clock) + domains(project) + failures(project, from: before)
      text += notes(project)
      before += project.failures.count
    }
    for complaint in status.degraded { text += notice(complaint) }
    return text
  }

  package static func color(_ state: Status.State) -> Style.Color {
    switch state {
    case .green: .green
    case .red: .red
    case .running, .unknown, .paused: .yellow
    }
  }

  private func header(_ project: Status.Project, clock: UInt64) -> String {
    var parts: [String] = []
    let sum = { (path: KeyPath<Status.Domain, Int>) in project.domains.reduce(0) { $0 + $1[keyPath: path] } }
    let green = sum(\.passed) + sum(\.skipped)
    if project.failing > 0 { parts.append("\(project.failing) failing") }
    if green > 0 { parts.append("\(green) green") }
    if sum(\.unknown) > 0 { parts.append("\(sum(\.unknown)) unknown") }
    if sum(\.running) > 0 { parts.append("\(sum(\.running)) running") }
    if sum(\.queued) > 0 { parts.append("\(sum(\.queued)) queued") }
    if parts.isEmpty { parts.append(project.domains.isEmpty ? "no domains" : "no units") }
    let name = Text.oneLine(project.name)
    let left = name + "  " + project.state.rawValue + "   " + parts.joined(separator: ", ")
    let painted =
      style.paint(name, .bold) + "  " + style.paint(project.state.rawValue, Self.color(project.state)) + "   "
      + parts.joined(separator: ", ")
    return beside(left, painted, "clock \(clock)") + "\n"
  }

  /// The right part stands in its column if there is room, else it is left out: it is the lesser one.
  private func beside(_ left: String, _ painted: String, _ right: String) -> String {
    let column = 56
    let gap = max(2, column - Text.width(left))
    if let width = style.width {
      if Text.width(left) > width { return Text.fitted(left, to: width, style) }
      if Text.width(left) + gap + Text.width(right) > width { return painted }
    }
    return painted + String(repeating: " ", count: gap) + style.paint(right, .dim)
  }

  private func domains(_ project: Status.Project) -> String {
    let width = project.domains.map { Text.width(Text.oneLine($0.name)) }.max() ?? 0
    return project.domains.map { domain in
      let name = Text.padded(Text.oneLine(domain.name), to: width)
      var plain: [String] = []
      var painted: [String] = []
      for (text, color) in counts(domain) {
        plain.append(text)
        painted.append(style.paint(text, color))
      }
      let left = "  \(name)  " + plain.joined(separator: "   ")
      let right = "budget \(domain.budget) \(style.symbol(.dot)) isolation \(domain.isolation)"
      return beside(left, "  \(name)  " + painted.joined(separator: "   "), Text.oneLine(right)) + "\n"
    }.joined()
  }

  private func counts(_ domain: Status.Domain) -> [(String, Style.Color?)] {
    var parts: [(String, Style.Color?)] = []
    let red = domain.failed + domain.error + domain.timedOut + domain.flaky
    if red > 0 {
      let special = [("error", domain.error), ("timed out", domain.timedOut), ("flaky", domain.flaky)]
      let named = special.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)" }.joined(separator: ", ")
      parts.append(("\(style.symbol(.bad)) \(red)" + (named.isEmpty ? "" : " (\(named))"), .red))
    }
    if domain.passed > 0 { parts.append(("\(style.symbol(.good)) \(domain.passed)", .green)) }
    if domain.skipped > 0 { parts.append(("\(style.symbol(.skipped)) \(domain.skipped) skipped", .dim)) }
    if domain.unknown > 0 { parts.append(("\(style.symbol(.unknown)) \(domain.unknown) unknown", .yellow)) }
    var moving: [String] = []
    if domain.running > 0 { moving.append("\(domain.running) running") }
    if domain.queued > 0 { moving.append("\(domain.queued) queued") }
    if !moving.isEmpty {
      parts.append(("\(style.symbol(.pending)) " + moving.joined(separator: ", "), .yellow))
    }
    if let waiting = domain.waiting { parts.append((Text.oneLine(waiting), .dim)) }
    if parts.isEmpty { parts.append(("no units", .dim)) }
    return parts
  }

  private func failures(_ project: Status.Project, from first: Int) -> String {
    var columns = Columns(giving: [(2, 24), (1, 24), (3, 12), (2, 12), (1, 12)])
    for (index, failure) in project.failures.enumerated() {
      let mark = selected == first + index ? "> " : "  "
      columns.rows.append([
        Columns.Cell(mark + style.symbol(.bad), .red, tight: true),
        Columns.Cell(Text.oneLine(failure.unit + (failure.caseName.map { "::" + $0 } ?? ""))),
        Columns.Cell(Text.oneLine(failure.message ?? failure.verdict)),
        Columns.Cell(Text.oneLine(Place.text(failure.file, failure.line))),
        Columns.Cell(Timestamp(rfc3339: failure.since).map { "since " + time.day($0) } ?? "", .dim),
      ])
    }
    var text = columns.render(style)
    let more = project.failing - Set(project.failures.map { [$0.domain, $0.unit] }).count
    if more > 0 && !project.failures.isEmpty && !isFiltered {
      text += "  \(style.symbol(.ellipsis)) \(more) more: mcpd-client results --verdict failed\n"
    }
    return text
  }

  private func notes(_ project: Status.Project) -> String {
    var text = ""
    if !project.gate.isOpen {
      let why = project.gate.text.isEmpty ? project.gate.reason ?? "closed" : project.gate.text
      text += noticeLine("gate closed: \(why)")
    } else if let reason = project.gate.reason {
      text += noticeLine("a \(reason) is under way: \(project.gate.text)")
    }
    if !project.sniffing {
      text += noticeLine("continuous testing is off") + "  turn it on: mcpd-client start\n"
    }
    if project.state == .paused {
      text += noticeLine("paused: nothing starts") + "  go on: mcpd-client resume\n"
    }
    for complaint in project.degraded { text += notice(complaint) }
    return text
  }

  private func noticeLine(_ text: String) -> String {
    style.paint(style.symbol(.notice), .yellow) + " " + Text.oneLine(text) + "\n"
  }

  private func notice(_ complaint: Status.Complaint) -> String {
    noticeLine(complaint.text) + (complaint.hint.map { "  " + Text.oneLine($0) + "\n" } ?? "")
  }
}

/// Where something is: `src/mail.py:40`.
package enum Place {
  package static func text(_ file: String?, _ line: Int?) -> String {
    guard let file else { return "" }
    return line.map { "\(file):\($0)" } ?? file
  }
}
