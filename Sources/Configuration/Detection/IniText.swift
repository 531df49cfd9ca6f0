/// As much of INI and TOML as detection needs: sections, and in them keys with the text of their values.
///
/// A value goes on over indented lines (INI) and until its brackets are closed (TOML).
struct IniText {
  private(set) var sections: [(name: String, values: [(key: String, value: String)])] = []

  /// - Parameter isTOML: indentation means nothing there.
  init(_ text: String, isTOML: Bool = false) {
    var open = 0
    for raw in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(5000) {
      let line = Self.trimmed(raw)
      if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
      let isContinued = open > 0 || !isTOML && (raw.first == " " || raw.first == "\t")
      if isContinued, let section = sections.indices.last, let last = sections[section].values.indices.last {
        sections[section].values[last].value += "\n" + line
        open += Self.balance(line)
        continue
      }
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        let name = line[..<end].drop { $0 == "[" }
        sections.append((Self.trimmed(name), []))
        open = 0
        continue
      }
      guard let split = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { continue }
      if sections.isEmpty { sections.append(("", [])) }
      let value = Self.trimmed(line[line.index(after: split)...])
      sections[sections.count - 1].values.append((Self.unquoted(Self.trimmed(line[..<split])), value))
      open = max(0, Self.balance(value))
    }
  }

  func has(_ section: String) -> Bool { sections.contains { $0.name == section } }

  func value(_ key: String, in section: String) -> String? {
    for candidate in sections where candidate.name == section {
      if let found = candidate.values.first(where: { $0.key == key }) { return found.value }
    }
    return nil
  }

  /// The words of a value: `["a", "b"]`, or blanks and lines between them.
  static func words(_ value: String) -> [String] {
    value.split { " \t\n,[]".contains($0) }.map { unquoted(String($0)) }.filter {
      !$0.isEmpty && !$0.hasPrefix("#")
    }
  }

  private static func balance(_ text: String) -> Int {
    text.count { $0 == "[" || $0 == "{" } - text.count { $0 == "]" || $0 == "}" }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    var text = Substring(text)
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text.drop { $0.isWhitespace })
  }

  private static func unquoted(_ text: String) -> String {
    guard text.count >= 2, let first = text.first, first == "\"" || first == "'", text.last == first else {
      return text
    }
    return String(text.dropFirst().dropLast())
  }
}
