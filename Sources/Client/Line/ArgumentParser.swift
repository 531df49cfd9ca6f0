/// Reads the command line by `CommandTable`: global options stand before or after the command, `--` ends the options.
package enum ArgumentParser {
  package static func parse(_ arguments: [String]) throws(Stop) -> Invocation {
    var rest = arguments[...]
    var command: CommandSpec?
    var values: [String: [String]] = [:]
    var operands: [String] = []
    var endOfOptions = false
    while let argument = rest.popFirst() {
      if !endOfOptions && argument == "--" {
        endOfOptions = true
      } else if !endOfOptions && argument.hasPrefix("-") && argument != "-" {
        try takeOption(argument, &rest, command, &values)
      } else if command == nil {
        command = try Self.command(argument)
      } else {
        operands.append(argument)
      }
    }
    return try finish(command, values, operands)
  }

  private static func command(_ word: String) throws(Stop) -> CommandSpec {
    if let found = CommandTable.command(word) { return found }
    if CommandTable.later.contains(word) {
      throw .usage("this build does not have `\(word)` yet")
    }
    var hints = Nearest.hints(word, in: CommandTable.commands.flatMap { [$0.name] + $0.aliases })
    if hints.isEmpty { hints = ["`mcpd-client help` lists the commands"] }
    throw .usage("unknown command `\(word)`", hints: hints)
  }

  private static func takeOption(
    _ argument: String, _ rest: inout ArraySlice<String>, _ command: CommandSpec?,
    _ values: inout [String: [String]]
  ) throws(Stop) {
    var name = argument
    var attached: String?
    if argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") {
      name = String(argument[..<sign])
      attached = String(argument[argument.index(after: sign)...])
    }
    let options = (command?.options ?? []) + CommandTable.globals
    guard let option = options.first(where: { $0.name == name || $0.aliases.contains(name) }) else {
      throw unknown(name, command, options)
    }
    var value = ""
    if let placeholder = option.value {
      guard let given = attached ?? rest.popFirst() else {
        throw .usage("option `\(name)` wants a value: \(name) \(placeholder)")
      }
      value = given
      if !option.choices.isEmpty && !option.choices.contains(value) {
        var hints = Nearest.hints(value, in: option.choices)
        hints.append("one of: " + option.choices.joined(separator: " "))
        throw .usage("\(name): `\(value)` is not known", hints: hints)
      }
      if value.isEmpty { throw .usage("option `\(name)` wants a value: \(name) \(placeholder)") }
    } else if attached != nil {
      throw .usage("option `\(name)` takes no value")
    }
    if !option.isRepeatable, option.value != nil, let before = values[option.name]?.first, before != value {
      throw .usage("option `\(name)` stands twice, with `\(before)` and `\(value)`")
    }
    values[option.name, default: []].append(value)
  }

  private static func unknown(_ name: String, _ command: CommandSpec?, _ options: [OptionSpec]) -> Stop {
    guard let command else {
      // It may belong to a command and stand too early.
      if let owner = CommandTable.commands.first(where: { spec in
        spec.options.contains { $0.name == name || $0.aliases.contains(name) }
      }) {
        return .usage("option `\(name)` stands behind its command: mcpd-client \(owner.name) \(name)")
      }
      return .usage("unknown option `\(name)`", hints: Nearest.hints(name, in: options.map(\.name)))
    }
    if CommandTable.laterOptions[command.name]?.contains(name) == true {
      return .usage("this build does not have `\(command.name) \(name)` yet")
    }
    var hints = Nearest.hints(name, in: options.flatMap { [$0.name] + $0.aliases })
    if hints.isEmpty { hints = ["`mcpd-client help \(command.name)` lists its options"] }
    return .usage("`\(command.name)` has no option `\(name)`", hints: hints)
  }

  private static func finish(
    _ command: CommandSpec?, _ values: [String: [String]], _ operands: [String]
  ) throws(Stop) -> Invocation {
    if values["--json"] != nil && values["--jsonl"] != nil {
      throw .usage("--json and --jsonl exclude each other")
    }
    if values["--help"] != nil || command == nil && values["--version"] != nil {
      // Help wins over whatever else is wrong with the line.
      let word = values["--help"] != nil ? "help" : "version"
      var invocation = Invocation(command: CommandTable.command(word)!)
      if let command, word == "help" { invocation.operands = [command.name] }
      invocation.values = values.filter { $0.key != "--help" && $0.key != "--version" }
      return invocation
    }
    guard let command else {
      throw .usage("no command given", hints: ["`mcpd-client help` lists the commands"])
    }
    if values["--version"] != nil {
      throw .usage(
        "`\(command.name)` has no option `--version`", hints: ["`mcpd-client version` prints the versions"])
    }
    if operands.count < command.leastOperands {
      throw .usage("`\(command.name)` wants \(command.operands)")
    }
    if operands.count > command.mostOperands {
      let extra = operands[command.mostOperands]
      throw .usage(
        command.mostOperands == 0
          ? "`\(command.name)` takes no operands: `\(extra)` is too much"
          : "`\(command.name)` takes \(command.operands): `\(extra)` is too much")
    }
    if let first = operands.first, !command.words.isEmpty, !command.words.contains(first) {
      throw .usage(
        "`\(command.name)` does not know `\(first)`",
        hints: Nearest.hints(first, in: command.words) + ["it takes: \(command.operands)"])
    }
    if !command.hasJSON, let flag = ["--json", "--jsonl"].first(where: { values[$0] != nil }) {
      throw .usage("`\(command.name)` has no JSON form: leave `\(flag)` out")
    }
    var invocation = Invocation(command: command)
    invocation.operands = operands
    invocation.values = values
    return invocation
  }
}
