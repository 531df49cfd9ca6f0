internal import Model

// Completion scripts, made from `CommandTable` like help and the parser.
extension Session {
  func completion() -> ExitCode {
    switch invocation.operands[0] {
    case "bash": output.write(Completion.bash())
    case "zsh": output.write(Completion.zsh())
    default: output.write(Completion.fish())
    }
    return .done
  }
}

package enum Completion {
  private static var globals: [OptionSpec] { CommandTable.globals }

  private static func names(_ options: [OptionSpec]) -> [String] {
    options.flatMap { [$0.name] + $0.aliases }
  }

  package static func bash() -> String {
    var text = """
      # bash completion for mcpd-client
      _mcpd_client() {
        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= i
        for ((i = 1; i < COMP_CWORD; i++)); do
          case ${COMP_WORDS[i]} in
            --project|--socket|--timeout) ((i++)) ;;
            -*) ;;
            *) command=${COMP_WORDS[i]}; break ;;
          esac
        done
        case $before in
          --project) COMPREPLY=($(compgen -d -- "$word")); return ;;
          --socket) COMPREPLY=($(compgen -f -- "$word")); return ;;

      """
    for option in CommandTable.commands.flatMap(\.options) where !option.choices.isEmpty {
      text +=
        "    \(option.name)) COMPREPLY=($(compgen -W '\(option.choices.joined(separator: " "))' -- \"$word\")); return ;;\n"
    }
    text += "  esac\n  case $command in\n"
    text +=
      "    '') COMPREPLY=($(compgen -W '\((CommandTable.commands.map(\.name) + names(globals)).joined(separator: " "))' -- \"$word\")) ;;\n"
    for command in CommandTable.commands {
      let names = ([command.name] + command.aliases).joined(separator: "|")
      let words = (candidates(command) + Self.names(command.options + globals)).joined(separator: " ")
      let files = takesPaths(command) ? " $(compgen -f -- \"$word\")" : ""
      text += "    \(names)) COMPREPLY=($(compgen -W '\(words)' -- \"$word\")\(files)) ;;\n"
    }
    return text + "  esac\n}\ncomplete -o filenames -F _mcpd_client mcpd-client\n"
  }

  package static func zsh() -> String {
    var text = "#compdef mcpd-client\n\n_mcpd_client() {\n  local -a commands=(\n"
    for command in CommandTable.commands { text += "    \(quoted("\(command.name):\(command.summary)"))\n" }
    text += "  )\n  local -a global=(\n"
    for option in globals { text += zshOption(option, indent: "    ") }
    text += "  )\n  local state\n  _arguments -C $global '1: :->command' '*:: :->rest' && return\n"
    text +=
      "  case $state in\n    command) _describe command commands ;;\n    rest)\n      case $words[1] in\n"
    for command in CommandTable.commands {
      let names = ([command.name] + command.aliases).joined(separator: "|")
      text += "        \(names)) _arguments $global"
      for option in command.options { text += " \\\n" + zshOption(option, indent: "          ").dropLast() }
      let words = candidates(command)
      if !words.isEmpty { text += " \\\n          '*: :(\(words.joined(separator: " ")))'" }
      if takesPaths(command) { text += " \\\n          '*: :_files'" }
      text += " ;;\n"
    }
    return text + "      esac ;;\n  esac\n}\n\n_mcpd_client \"$@\"\n"
  }

  private static func zshOption(_ option: OptionSpec, indent: String) -> String {
    var text = ""
    for name in [option.name] + option.aliases {
      let repeated = option.isRepeatable ? "*" : ""
      let help = option.help.map { "[]:".contains($0) ? "\\\($0)" : String($0) }.joined()
      var value = ""
      if let placeholder = option.value {
        let action = option.choices.isEmpty ? "" : "(\(option.choices.joined(separator: " ")))"
        value = ":\(placeholder):\(placeholder.contains("DIR") || placeholder == "PATH" ? "_files" : action)"
      }
      text += indent + quoted("\(repeated)\(name)[\(help)]\(value)") + "\n"
      if name != ([option.name] + option.aliases).last { text = String(text.dropLast()) + " " }
    }
    return text
  }

  package static func fish() -> String {
    var text = "# fish completion for mcpd-client\ncomplete -c mcpd-client -f\n"
    for option in globals { text += fishOption(option, condition: nil) }
    for command in CommandTable.commands {
      text +=
        "complete -c mcpd-client -n __fish_use_subcommand -a \(command.name) -d \(quoted(command.summary))\n"
      let seen = "__fish_seen_subcommand_from " + ([command.name] + command.aliases).joined(separator: " ")
      for option in command.options { text += fishOption(option, condition: seen) }
      let words = candidates(command)
      if !words.isEmpty {
        text += "complete -c mcpd-client -n \(quoted(seen)) -a \(quoted(words.joined(separator: " ")))\n"
      }
      if takesPaths(command) { text += "complete -c mcpd-client -n \(quoted(seen)) -F\n" }
    }
    return text
  }

  private static func fishOption(_ option: OptionSpec, condition: String?) -> String {
    var text = "complete -c mcpd-client"
    if let condition { text += " -n \(quoted(condition))" }
    for name in [option.name] + option.aliases {
      text += name.hasPrefix("--") ? " -l \(name.dropFirst(2))" : " -s \(name.dropFirst())"
    }
    if let value = option.value { text += value.contains("DIR") || value == "PATH" ? " -r -F" : " -x" }
    if !option.choices.isEmpty { text += " -a \(quoted(option.choices.joined(separator: " ")))" }
    return text + " -d \(quoted(option.help))\n"
  }

  private static func candidates(_ command: CommandSpec) -> [String] {
    command.name == "help" ? CommandTable.commands.map(\.name) : command.words
  }

  private static func takesPaths(_ command: CommandSpec) -> Bool {
    ["run", "results", "history", "log"].contains(command.name)
  }

  /// For a shell, in single quotes.
  private static func quoted(_ text: String) -> String {
    var quoted = "'"
    for character in text { quoted += character == "'" ? "'\\''" : String(character) }
    return quoted + "'"
  }
}
