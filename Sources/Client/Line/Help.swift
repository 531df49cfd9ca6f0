/// Help texts, made from `CommandTable`, so that they cannot differ from what the parser takes.
package enum Help {
  package static func overview() -> String {
    let width = CommandTable.commands.map { $0.name.count }.max() ?? 0
    var text = "mcpd-client shows and steers the mcpd daemon, which knows whether your tests pass.\n\n"
    text += "usage: mcpd-client [OPTION]… COMMAND [ARGUMENT]…\n\ncommands:\n"
    for command in CommandTable.commands {
      text += "  \(padded(command.name, width))  \(command.summary)\n"
    }
    text += "\noptions, before or after the command:\n" + table(CommandTable.globals)
    text += """

      exit codes: 0 done and all passed, 1 a verdict says no, 2 wrong usage, 3 no daemon, 4 no verdict in time,
      5 refused, 70 a defect in mcpd, 130 interrupted

      `mcpd-client help COMMAND` explains one.

      """
    return text
  }

  package static func of(_ command: CommandSpec) -> String {
    var text = "usage: mcpd-client \(command.name)"
    for option in command.options {
      text +=
        " [\(option.name)" + (option.value.map { " " + $0 } ?? "") + "]" + (option.isRepeatable ? "…" : "")
    }
    if !command.operands.isEmpty { text += " \(command.operands)" }
    text += "\n\n\(command.summary)\n"
    if !command.aliases.isEmpty { text += "also: \(command.aliases.joined(separator: ", "))\n" }
    if !command.details.isEmpty { text += "\n" + command.details.joined(separator: "\n") + "\n" }
    if !command.options.isEmpty { text += "\noptions:\n" + table(command.options) }
    text += "\noptions of every command:\n" + table(CommandTable.globals.filter { $0.name != "--version" })
    return text
  }

  private static func table(_ options: [OptionSpec]) -> String {
    let width = options.map { $0.form.count }.max() ?? 0
    return options.map { "  \(padded($0.form, width))  \($0.help)\n" }.joined()
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
