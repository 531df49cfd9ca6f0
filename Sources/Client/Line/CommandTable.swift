/// Every command of this build, in the order of help.
package enum CommandTable {
  package static let globals: [OptionSpec] = [
    OptionSpec("--project", value: "NAME|DIR", "which project; default: the one of the current directory"),
    OptionSpec("--socket", value: "PATH", "where the daemon listens"),
    OptionSpec("--json", "print the API's answer as one JSON document"),
    OptionSpec("--jsonl", "print one JSON document a line"),
    OptionSpec("--no-color", "no colours (so does NO_COLOR)"),
    OptionSpec("--timeout", value: "DURATION", "give up after this long: 500ms, 30s, 10m, 2h"),
    OptionSpec("--help", aliases: ["-h"], "explain the command"),
    OptionSpec("--version", "print the version"),
  ]

  private static let many = 0...Int.max
  private static let domain = OptionSpec(
    "--domain", value: "D", repeatable: true, "only this domain; may be repeated")
  private static let oneDomain = OptionSpec("--domain", value: "D", "only this domain")
  private static let limit = OptionSpec("--limit", value: "N", "at most N of them")
  private static let text = OptionSpec("-k", value: "TEXT", "only units whose name contains TEXT")
  private static let after = OptionSpec(
    "--after", aliases: ["--since"], value: "CLOCK", "only what came after this tick of the clock")

  package static let verdicts = ["passed", "failed", "error", "timed-out", "skipped", "flaky", "unknown"]
  package static let formats = ["table", "json", "junit", "tap", "sarif", "html", "csv", "gnu"]
  package static let eventKinds = [
    "change", "plan", "run-started", "run-finished", "state", "gate", "overflow", "degraded", "config",
    "queue",
  ]

  package static let commands: [CommandSpec] = [
    CommandSpec(
      "status", options: [OptionSpec("--watch", "keep it on the screen and up to date")],
      "show projects, domains, what runs, what fails, what is degraded",
      details: ["Leaves with 0 whenever the status can be told, red or green."]),
    CommandSpec(
      "run", operands: "[PATH|UNIT]…", count: many,
      options: [
        domain, text, OptionSpec("--all", "every unit"), OptionSpec("--failed", "only what is red now"),
        OptionSpec("--force", "run even what stands in the cache"),
        OptionSpec("--no-wait", "do not wait for the verdicts"),
      ],
      "test, and wait for the verdicts",
      details: [
        "A path means the units that it affects; UNIT, UNIT::CASE and `-k TEXT` name units.",
        "Without any of them: what is red or unknown.",
      ]),
    CommandSpec(
      "sync", aliases: ["wait"], options: [OptionSpec("--seen", "only until they are seen")],
      "wait until every change made before is seen and its plan is finished",
      details: ["Leaves with 0 for green, 1 for red, 4 when something stays unknown."]),
    CommandSpec(
      "results", operands: "[UNIT]…", count: many,
      options: [
        OptionSpec("--cases", "list the cases too"), oneDomain, text,
        OptionSpec(
          "--verdict", value: "V", choices: verdicts, "only these: " + verdicts.joined(separator: " ")),
        limit,
        OptionSpec("--format", value: "F", choices: formats, "one of: " + formats.joined(separator: " ")),
      ],
      "show the verdicts that hold now"),
    CommandSpec(
      "history", operands: "UNIT", count: 1...1, options: [oneDomain, limit], "show earlier runs of a unit"),
    CommandSpec(
      "log", operands: "RUN|UNIT", count: 1...1,
      options: [
        oneDomain, OptionSpec("--follow", aliases: ["-f"], "wait for the end of a run that is under way"),
      ],
      json: false, "print the output of a run"),
    CommandSpec(
      "watch", "follow what happens: a live view on a terminal, lines on a pipe",
      details: [
        "Keys: Enter again, a all, f failed, p path, t name, l log, arrows choose, space pause, c clear filter,",
        "? help, q quit.",
      ]),
    CommandSpec(
      "events",
      options: [
        after,
        OptionSpec(
          "--kind", value: "K", repeatable: true, choices: eventKinds, "only this kind; may be repeated"),
        OptionSpec("--follow", aliases: ["-f"], "go on with what comes"),
      ],
      "print the event stream as JSON Lines",
      details: [
        "Kinds: " + eventKinds.joined(separator: " "), "Without `--follow` it ends at the present clock.",
      ]),
    CommandSpec("changes", options: [after], "show what changed since a tick of the clock"),
    CommandSpec("queue", "show what runs and what waits, in order"),
    CommandSpec("domains", "list the domains"),
    CommandSpec(
      "projects", operands: "[add DIR | remove NAME]", count: 0...2, words: ["add", "remove"],
      "list the projects, add one, remove one"),
    CommandSpec("start", "turn continuous testing on"),
    CommandSpec(
      "stop", "turn continuous testing off, until `start`",
      details: ["Changes are still seen, and what is asked for still runs."]),
    CommandSpec("pause", "start nothing at all until `resume`", details: ["Ends with the daemon."]),
    CommandSpec("resume", "go on after `pause`"),
    CommandSpec("cancel", operands: "RUN", count: 1...1, "end a run"),
    CommandSpec(
      "config", operands: "check|show", count: 1...1, words: ["check", "show"],
      "check the configuration, or show every setting and where it comes from", details: ["Needs no daemon."]),
    CommandSpec(
      "init", options: [OptionSpec("--force", "replace a file that is there")],
      "write a .mcpd.yaml for what lies in the project", details: ["Needs no daemon."]),
    CommandSpec("doctor", "find what is missing on this machine, and how to mend it"),
    CommandSpec(
      "completion", operands: "bash|zsh|fish", count: 1...1, words: ["bash", "zsh", "fish"], json: false,
      "print the completion script of a shell"),
    CommandSpec("version", "print the versions of the client and of the daemon"),
    CommandSpec("help", operands: "[COMMAND]", count: 0...1, json: false, "explain a command"),
  ]

  /// Commands that are promised for later: known, so that their absence is told plainly.
  package static let later: Set<String> = [
    "plan", "why", "allow", "trust", "debug", "lsp", "hook", "cache", "audit", "mcp", "metrics", "uninstall",
  ]

  /// Options that are promised for later, by command.
  package static let laterOptions: [String: Set<String>] = [
    "run": ["--since", "--update", "--repeat", "--until-fail"]
  ]

  package static func command(_ word: String) -> CommandSpec? {
    commands.first { $0.name == word || $0.aliases.contains(word) }
  }
}
