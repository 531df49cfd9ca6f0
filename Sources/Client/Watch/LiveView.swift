internal import Model
package import Wire

/// What the live view shows, and what a key does to it: a value, drawn and steered by `LiveScreen`.
package struct LiveView: Sendable {
  package enum Action: Hashable, Sendable {
    case quit, again, all, failed, togglePause
    case path(String)
    case log(domain: String, unit: String)
  }

  private enum Mode: Hashable {
    case main, help
    case prompt(Prompt, text: String)
    case log(title: String, lines: [String], top: Int)
  }

  private enum Prompt: String {
    case path = "test what path affects: "
    case filter = "show only names with: "
  }

  package var status: Status?
  /// What the last action led to, or what is wrong with the connection.
  package var message = ""
  private var mode = Mode.main
  private var events: [EventBody] = []
  private var filter = ""
  private var selected = 0

  /// More lines than any terminal shows.
  private static let keptEvents = 500

  package init() {}

  package mutating func add(_ new: [EventBody]) {
    events += new
    if events.count > Self.keptEvents { events.removeFirst(events.count - Self.keptEvents) }
  }

  package mutating func showLog(_ bytes: [UInt8], of unit: String) {
    let text = String(decoding: bytes, as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
      Text.oneLine(Self.withoutEscapes($0))
    }
    mode = .log(title: unit, lines: lines, top: 0)
  }

  /// Colours of the test's own output go: a line that is cut within one would paint all that follows.
  private static func withoutEscapes(_ line: Substring) -> String {
    guard line.utf8.contains(0x1b) else { return String(line) }
    var kept = String.UnicodeScalarView()
    var isInside = false
    for scalar in line.unicodeScalars {
      if scalar == "\u{1b}" {
        isInside = true
      } else if !isInside {
        kept.append(scalar)
      } else if scalar.properties.isAlphabetic {
        isInside = false
      }
    }
    return String(kept)
  }

  private var failures: [Status.UnitFailure] { shown?.projects.flatMap(\.failures) ?? [] }

  /// The status with the filter applied to what fails.
  private var shown: Status? {
    guard var status, !filter.isEmpty else { return status }
    for index in status.projects.indices {
      status.projects[index].failures.removeAll { failure in
        !(failure.unit + "::" + (failure.caseName ?? "")).lowercased().contains(filter.lowercased())
      }
    }
    return status
  }

  // MARK: Keys

  package mutating func press(_ key: Key) -> Action? {
    switch mode {
    case .main: return pressMain(key)
    case .help:
      mode = .main
      return key == .character("q") ? .quit : nil
    case .prompt(let prompt, let text): return press(key, in: prompt, text)
    case .log(let title, let lines, let top):
      switch key {
      case .escape, .character("q"), .character("l"): mode = .main
      case .down, .character("j"), .enter:
        mode = .log(title: title, lines: lines, top: min(top + 1, max(0, lines.count - 1)))
      case .up, .character("k"): mode = .log(title: title, lines: lines, top: max(0, top - 1))
      case .pageDown, .character(" "):
        mode = .log(title: title, lines: lines, top: min(top + 20, max(0, lines.count - 1)))
      case .pageUp: mode = .log(title: title, lines: lines, top: max(0, top - 20))
      default: break
      }
      return nil
    }
  }

  private mutating func pressMain(_ key: Key) -> Action? {
    message = ""
    switch key {
    case .enter: return .again
    case .up, .character("k"): selected = max(0, selected - 1)
    case .down, .character("j"): selected = min(max(0, failures.count - 1), selected + 1)
    case .character("a"): return .all
    case .character("f"): return .failed
    case .character(" "): return .togglePause
    case .character("q"): return .quit
    case .character("p"): mode = .prompt(.path, text: "")
    case .character("t"): mode = .prompt(.filter, text: filter)
    case .character("c"): filter = ""
    case .character("?"): mode = .help
    case .character("l"):
      let failures = failures
      if failures.indices.contains(selected) {
        return .log(domain: failures[selected].domain, unit: failures[selected].unit)
      }
      message = "nothing fails: `mcpd-client log UNIT` shows the output of any unit"
    case .character(let other) where "udow".contains(other):
      message = "this build does not have `\(other)` yet"
    default: break
    }
    return nil
  }

  private mutating func press(_ key: Key, in prompt: Prompt, _ text: String) -> Action? {
    switch key {
    case .character(let character): mode = .prompt(prompt, text: text + String(character))
    case .backspace: mode = .prompt(prompt, text: String(text.dropLast()))
    case .escape: mode = .main
    case .enter:
      mode = .main
      switch prompt {
      case .path: return text.isEmpty ? nil : .path(text)
      case .filter:
        filter = text
        selected = 0
      }
    default: break
    }
    return nil
  }

  // MARK: Drawing

  /// Exactly as many lines as there are rows, none wider than the columns.
  package func render(rows: Int, _ style: Style, _ time: HumanTime) -> [String] {
    if rows < 2 { return [footer(style)] }
    let room = rows - 1
    var lines: [String]
    switch mode {
    case .help: lines = Self.help
    case .log(let title, let log, let top):
      let shown = log.dropFirst(top).prefix(max(0, room - 1))
      lines = [style.paint(fitted(Text.oneLine(title), style), .bold)] + shown.map { fitted($0, style) }
    case .main, .prompt: lines = main(room, style, time)
    }
    lines = lines.prefix(room).map { line in style.width.map { Text.clipped(line, to: $0, style) } ?? line }
    lines += [String](repeating: "", count: room - lines.count)
    return lines + [footer(style)]
  }

  private func main(_ room: Int, _ style: Style, _ time: HumanTime) -> [String] {
    var lines: [String] = []
    if let shown {
      let marked = min(selected, max(0, failures.count - 1))
      let text = StatusView(
        style: style, time: time, selected: failures.isEmpty ? nil : marked, isFiltered: !filter.isEmpty
      ).render(shown)
      lines = text.split(separator: "\n").map(String.init)
    }
    // The status goes first; what happened gets what is left, at least four lines.
    if lines.count > room - 5 { lines = Array(lines.prefix(max(1, room - 5))) }
    lines.append("")
    let view = EventLine(style: style, time: time)
    let happened = events.compactMap(view.render).filter {
      filter.isEmpty || $0.lowercased().contains(filter.lowercased())
    }
    return lines + happened.suffix(max(0, room - lines.count))
  }

  private static let help = [
    "Enter  test again what was asked for last", "a      test everything", "f      test what is red",
    "p      test what a path affects", "t      show only names with a text in them",
    "c      clear that filter",
    "l      the output of the chosen failure", "up, down  choose a failure", "space  pause and resume",
    "q      quit", "", "any key goes back",
  ]

  private func footer(_ style: Style) -> String {
    if case .prompt(let prompt, let text) = mode {
      return fitted(prompt.rawValue + Text.oneLine(text) + "_", style)
    }
    if !message.isEmpty { return fitted(Text.oneLine(message), style) }
    if case .log = mode { return style.paint(fitted("arrows scroll, q goes back", style), .dim) }
    let keys = "Enter again  a all  f failed  p path  t name  l log  space pause  ? help  q quit"
    let text = filter.isEmpty ? keys : "only `\(Text.oneLine(filter))`, c clears  " + keys
    return style.paint(fitted(text, style), .dim)
  }

  private func fitted(_ text: String, _ style: Style) -> String {
    style.width.map { Text.fitted(text, to: $0, style) } ?? text
  }
}
