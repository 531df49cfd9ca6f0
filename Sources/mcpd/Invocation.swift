internal import Model

/// What the command line asks for.
enum Invocation {
  struct Wrong {
    let text: String
    let hints: [String]
  }

  case daemon(DaemonOptions)
  case client([String])
  case help
  case version
  case wrong(Wrong)

  static let usage = """
    usage: mcpd [OPTION]…            watch projects, in the foreground
           mcpd COMMAND …            the same as `mcpd-client COMMAND …`

      --project DIR       watch this project; may be given several times
      --config FILE       read this instead of ~/.config/mcpd/mcpd.yaml
      --state-dir DIR     keep the state here instead of ~/.local/state/mcpd
      --socket PATH       listen here instead of $XDG_RUNTIME_DIR/mcpd/mcpd.sock
      --log-level LEVEL   error, warning, info (default) or debug
      --verbose           the same as --log-level debug
      --version           print the version
      --help              print this

    In a project: mcpd --project .     and in another terminal: mcpd-client status

    """

  private static let valued = ["--project", "--config", "--state-dir", "--socket", "--log-level", "--listen"]
  private static let plain = ["--verbose", "--version", "--help"]

  static func parse(_ arguments: [String]) -> Invocation {
    if let first = arguments.first, !first.hasPrefix("-") { return .client(arguments) }
    var options = DaemonOptions()
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      switch argument {
      case "--help", "-h": return .help
      case "--version", "-V": return .version
      case "--verbose", "-v":
        options.level = .debug
        continue
      default: break
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      guard valued.contains(parts[0]) else { return .wrong(unknown(argument)) }
      guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
        return .wrong(Wrong(text: "\(parts[0]) wants a value", hints: ["see: mcpd --help"]))
      }
      if let wrong = take(parts[0], value, &options) { return .wrong(wrong) }
    }
    return .daemon(options)
  }

  private static func take(_ name: String, _ value: String, _ options: inout DaemonOptions) -> Wrong? {
    switch name {
    case "--project": options.projects.append(value)
    case "--config": options.configurationFile = value
    case "--state-dir": options.stateDirectory = value
    case "--socket": options.socket = value
    case "--log-level":
      guard let level = Log.Level(rawValue: value) else {
        return Wrong(
          text: "no log level is called \(value)",
          hints: ["levels are: \(Log.Level.allCases.map(\.rawValue).joined(separator: ", "))"])
      }
      options.level = level
    default:
      return Wrong(
        text: "this build listens on its Unix socket only; \(name) comes with the web page",
        hints: ["leave it out: mcpd-client talks over the socket"])
    }
    return nil
  }

  private static func unknown(_ argument: String) -> Wrong {
    let nearest = Spelling.nearest(to: argument, among: valued + plain)
    return Wrong(
      text: "unknown option \(argument)", hints: [nearest.map { "did you mean \($0)?" } ?? "see: mcpd --help"]
    )
  }
}

/// What the daemon is told on its command line.
struct DaemonOptions {
  var projects: [String] = []
  var configurationFile: String?
  var stateDirectory: String?
  var socket: String?
  var level = Log.Level.info
}
