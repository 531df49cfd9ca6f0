/// The few values of a TOML file that discovery needs: strings and arrays of strings by table and key.
///
/// It is forgiving on purpose: what it does not understand is not there, and the tool whose file it is complains itself.
struct TOMLLines {
  private var values: [String: [String]] = [:]

  init(_ text: String) {
    var scanner = Scanner(Array(text.unicodeScalars))
    var table = ""
    while !scanner.isAtEnd {
      scanner.skipBlanksAndComments()
      if scanner.isAtEnd { break }
      if scanner.current == "[" {
        table = scanner.header()
      } else {
        let key = scanner.key()
        scanner.skipBlanks()
        if scanner.current == "=", !key.isEmpty {
          scanner.position += 1
          if let found = scanner.value() { values[table.isEmpty ? key : "\(table).\(key)"] = found }
        }
        scanner.skipLine()
      }
    }
  }

  /// A string counts as an array of one.
  func strings(_ table: String, _ key: String) -> [String]? { values["\(table).\(key)"] }

  func hasTable(_ table: String) -> Bool { values.keys.contains { $0.hasPrefix(table + ".") } }

  private struct Scanner {
    let text: [Unicode.Scalar]
    var position = 0

    init(_ text: [Unicode.Scalar]) {
      self.text = text
    }

    var isAtEnd: Bool { position >= text.count }
    var current: Unicode.Scalar? { isAtEnd ? nil : text[position] }

    func starts(with prefix: String) -> Bool { text[position...].starts(with: prefix.unicodeScalars) }

    mutating func skipBlanks() {
      while let scalar = current, scalar == " " || scalar == "\t" { position += 1 }
    }

    mutating func skipLine() {
      while let scalar = current {
        position += 1
        if scalar == "\n" { return }
      }
    }

    mutating func skipBlanksAndComments() {
      while let scalar = current {
        if scalar == "#" {
          skipLine()
        } else if scalar.properties.isWhitespace {
          position += 1
        } else {
          return
        }
      }
    }

    /// `[a.b]` and `[[a.b]]`, with quotes dropped.
    mutating func header() -> String {
      var name = String.UnicodeScalarView()
      while let scalar = current, scalar != "\n" {
        if scalar == "#" { break }
        if !"[] \t\r\"'".unicodeScalars.contains(scalar) { name.append(scalar) }
        position += 1
      }
      skipLine()
      return String(name)
    }

    mutating func key() -> String {
      var name = String.UnicodeScalarView()
      while let scalar = current, scalar != "=", scalar != "\n" {
        if !" \t\r\"'".unicodeScalars.contains(scalar) { name.append(scalar) }
        position += 1
      }
      return String(name)
    }

    mutating func value() -> [String]? {
      skipBlanks()
      if current == "\"" || current == "'" { return string().map { [$0] } }
      guard current == "[" else { return nil }
      position += 1
      var items: [String] = []
      while true {
        skipBlanksAndComments()
        switch current {
        case "]":
          position += 1
          return items
        case ",": position += 1
        case "\"", "'":
          guard let item = string() else { return nil }
          items.append(item)
        default: return nil
        }
      }
    }

    private mutating func string() -> String? {
      let quote = text[position]
      let triple = String(repeating: Character(quote), count: 3)
      let isLong = starts(with: triple)
      position += isLong ? 3 : 1
      if isLong && current == "\n" { position += 1 }
      var value = String.UnicodeScalarView()
      while let scalar = current {
        if isLong ? starts(with: triple) : scalar == quote {
          position += isLong ? 3 : 1
          return String(value)
        }
        if scalar == "\n" && !isLong { return nil }
        position += 1
        if scalar == "\\" && quote == "\"", let escaped = current {
          position += 1
          switch escaped {
          case "n": value.append("\n")
          case "t": value.append("\t")
          case "\n": break
          default: value.append(escaped)
          }
        } else {
          value.append(scalar)
        }
      }
      return nil
    }
  }
}
