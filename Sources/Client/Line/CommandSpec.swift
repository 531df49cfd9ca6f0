/// One option: parser, help and shell completion all read this.
package struct OptionSpec: Hashable, Sendable {
  /// With its dashes: `--domain`.
  package let name: String
  /// Other spellings: `-k`, `--since`.
  package let aliases: [String]
  /// What stands for its value in help: `D`; nil for a switch.
  package let value: String?
  package let isRepeatable: Bool
  /// All values that are right, where they are few.
  package let choices: [String]
  package let help: String

  package init(
    _ name: String, aliases: [String] = [], value: String? = nil, repeatable: Bool = false,
    choices: [String] = [],
    _ help: String
  ) {
    self.name = name
    self.aliases = aliases
    self.value = value
    isRepeatable = repeatable
    self.choices = choices
    self.help = help
  }

  /// As it stands in help: `--domain D`.
  package var form: String {
    let names = (aliases.filter { !$0.hasPrefix("--") } + [name] + aliases.filter { $0.hasPrefix("--") })
    return names.joined(separator: ", ") + (value.map { " " + $0 } ?? "")
  }
}

/// One command: its words, its options, and what help says of it.
package struct CommandSpec: Hashable, Sendable {
  package let name: String
  package let aliases: [String]
  /// How its operands are written: `[PATH|UNIT]…`; empty where it takes none.
  package let operands: String
  package let leastOperands: Int
  package let mostOperands: Int
  /// What the first operand may be, where that is fixed.
  package let words: [String]
  package let options: [OptionSpec]
  /// One line, in the imperative.
  package let summary: String
  /// Further lines for `help COMMAND`.
  package let details: [String]
  /// Whether it has a JSON form.
  package let hasJSON: Bool

  package init(
    _ name: String, aliases: [String] = [], operands: String = "", count: ClosedRange<Int> = 0...0,
    words: [String] = [], options: [OptionSpec] = [], json: Bool = true, _ summary: String,
    details: [String] = []
  ) {
    self.name = name
    self.aliases = aliases
    self.operands = operands
    leastOperands = count.lowerBound
    mostOperands = count.upperBound
    self.words = words
    self.options = options
    self.summary = summary
    self.details = details
    hasJSON = json
  }
}
