package import Model

/// Files of `NAME=value` lines, as `env_file` names them.
///
/// `export` in front is allowed, `#` starts a comment, single quotes keep everything, double quotes know `\n \t \r \" \\ \$`,
/// both may go over several lines. Nothing is expanded: `$` stands for itself.
package enum DotEnv {
  /// In the order of the file; a later one of the same name counts. `file` is for the diagnostics.
  package static func parse(_ bytes: [UInt8], file: String) -> Result<
    [(name: String, value: String)], Diagnostic
  > {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      return .failure(Diagnostic(code: "env-file-malformed", "\(file) is not UTF-8 text"))
    }
    var parser = Parser(text: Array(text.unicodeScalars))
    var entries: [(name: String, value: String)] = []
    while !parser.isAtEnd {
      switch parser.entry() {
      case .success(let entry): if let entry { entries.append(entry) }
      case .failure(let mistake):
        return .failure(
          Diagnostic(
            code: "env-file-malformed", mistake.message,
            place: Diagnostic.Place(file: file, line: mistake.line, column: 1),
            hints: ["each line is `NAME=value`, a comment, or empty"]))
      }
    }
    return .success(entries)
  }

  private struct Mistake: Error {
    let line: Int
    let message: String
  }

  private struct Parser {
    let text: [Unicode.Scalar]
    var position = 0
    var line = 1

    init(text: [Unicode.Scalar]) {
      self.text = text
      if text.first == "\u{feff}" { position = 1 }
    }

    var isAtEnd: Bool { position >= text.count }
    var current: Unicode.Scalar? { isAtEnd ? nil : text[position] }

    mutating func advance() {
      if text[position] == "\n" { line += 1 }
      position += 1
    }

    mutating func skipBlanks() {
      while let scalar = current, scalar == " " || scalar == "\t" || scalar == "\r" { advance() }
    }

    mutating func skipLine() {
      while let scalar = current {
        advance()
        if scalar == "\n" { return }
      }
    }

    /// Nil for a line that says nothing.
    mutating func entry() -> Result<(name: String, value: String)?, Mistake> {
      skipBlanks()
      if isAtEnd { return .success(nil) }
      if current == "\n" || current == "#" {
        skipLine()
        return .success(nil)
      }
      let start = line
      var name = word()
      skipBlanks()
      if name == "export" && current != "=" {
        name = word()
        skipBlanks()
      }
      guard !name.isEmpty, current == "=" else {
        return .failure(Mistake(line: start, message: "this line is no `NAME=value`"))
      }
      advance()
      skipBlanks()
      var value = ""
      if current == "'" || current == "\"" {
        guard let quoted = quoted() else {
          return .failure(Mistake(line: start, message: "the quote of `\(name)` is never closed"))
        }
        value = quoted
        skipBlanks()
        guard isAtEnd || current == "\n" || current == "#" else {
          return .failure(Mistake(line: line, message: "there is text behind the quoted value of `\(name)`"))
        }
      } else {
        value = plain()
      }
      skipLine()
      return .success((name, value))
    }

    private mutating func word() -> String {
      var word = String.UnicodeScalarView()
      while let scalar = current, isNamePart(scalar, isFirst: word.isEmpty) {
        word.append(scalar)
        advance()
      }
      return String(word)
    }

    private func isNamePart(_ scalar: Unicode.Scalar, isFirst: Bool) -> Bool {
      switch scalar {
      case "a"..."z", "A"..."Z", "_": true
      case "0"..."9", ".", "-": !isFirst
      default: false
      }
    }

    /// Up to the end of the line or a `#` with a blank before it.
    private mutating func plain() -> String {
      var value = String.UnicodeScalarView()
      while let scalar = current, scalar != "\n" {
        if scalar == "#" && (value.isEmpty || value.last == " " || value.last == "\t") { break }
        value.append(scalar)
        advance()
      }
      while let last = value.last, last == " " || last == "\t" || last == "\r" { value.removeLast() }
      return String(value)
    }

    /// Nil when it is never closed.
    private mutating func quoted() -> String? {
      let quote = text[position]
      advance()
      var value = String.UnicodeScalarView()
      while let scalar = current {
        advance()
        if scalar == quote { return String(value) }
        if scalar == "\\" && quote == "\"", let next = current {
          advance()
          switch next {
          case "n": value.append("\n")
          case "t": value.append("\t")
          case "r": value.append("\r")
          case "\"", "\\", "$": value.append(next)
          default:
            value.append(scalar)
            value.append(next)
          }
        } else {
          value.append(scalar)
        }
      }
      return nil
    }
  }
}
