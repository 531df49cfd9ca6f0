/// A message for people with a stable code for programs: what, where, and what to do about it.
package struct Diagnostic: Hashable, Sendable, Error {
  package enum Severity: String, Sendable, Comparable {
    case note
    case warning
    case error

    package static func < (left: Severity, right: Severity) -> Bool {
      let order: [Severity] = [.note, .warning, .error]
      return order.firstIndex(of: left)! < order.firstIndex(of: right)!
    }
  }

  /// Where in which file; line and column count from 1, columns in characters.
  package struct Place: Hashable, Sendable {
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
      self.file = file
      self.line = line
      self.column = column
    }
  }

  package let severity: Severity
  /// Stable, in kebab case: `unknown-key`, `project-unreadable`.
  package let code: String
  package let message: String
  package let place: Place?
  /// What to type or change, most helpful first.
  package let hints: [String]

  package init(
    _ severity: Severity = .error, code: String, _ message: String, place: Place? = nil, hints: [String] = []
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.place = place
    self.hints = hints
  }
}
