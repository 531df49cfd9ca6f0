internal import Model

/// What the reader's side can show: colours, symbols, so many columns. Everything is readable without any of them.
package struct Style: Hashable, Sendable {
  package var hasColor: Bool
  package var hasUnicode: Bool
  /// Nil: no bound, as on a pipe.
  package var width: Int?

  package init(hasColor: Bool = false, hasUnicode: Bool = true, width: Int? = nil) {
    self.hasColor = hasColor
    self.hasUnicode = hasUnicode
    self.width = width
  }

  /// Colours only on a terminal that has them and where nobody minds; symbols where the locale is UTF-8.
  package init(environment: [String: String], isTerminal: Bool, width: Int?, noColor: Bool) {
    let mind = noColor || !(environment["NO_COLOR"] ?? "").isEmpty
    hasColor = isTerminal && !mind && environment["TERM"] != "dumb" && environment["TERM"] != nil
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let charset = locale.lowercased().filter { $0 != "-" }
    hasUnicode = charset.contains("utf8")
    self.width = width
  }

  package enum Color: String, Sendable {
    case green = "32"
    case red = "31"
    case yellow = "33"
    case dim = "2"
    case bold = "1"
  }

  package func paint(_ text: String, _ color: Color?) -> String {
    guard hasColor, let color, !text.isEmpty else { return text }
    return "\u{1b}[\(color.rawValue)m\(text)\u{1b}[0m"
  }

  package enum Symbol: Sendable {
    case good, bad, pending, again, notice, dot, ellipsis, unknown, skipped
  }

  package func symbol(_ symbol: Symbol) -> String {
    switch symbol {
    case .good: hasUnicode ? "✓" : "+"
    case .bad: hasUnicode ? "✗" : "x"
    case .pending: hasUnicode ? "◌" : "o"
    case .again: hasUnicode ? "↺" : "@"
    case .notice: "!"
    case .dot: hasUnicode ? "·" : "-"
    case .ellipsis: hasUnicode ? "…" : "..."
    case .unknown: "?"
    case .skipped: "-"
    }
  }

  /// A text of the program's own, in ASCII where nothing else can be shown.
  package func plain(_ text: String) -> String {
    if hasUnicode { return text }
    return text.map { character in
      switch character {
      case "…": "..."
      case "·": "-"
      case "✓": "+"
      case "✗": "x"
      case "◌": "o"
      case "↺": "@"
      default: String(character)
      }
    }.joined()
  }
}
