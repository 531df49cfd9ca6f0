internal import Model

/// The command of a framework whose own runner is not there: the whole suite as one unit, with its true exit code.
enum UsualCommand {
  /// Nil where there is no single usual command, or the runner has its own.
  static func words(for runner: RunnerKind) -> [String]? {
    switch runner {
    case .unittest: ["python3", "-m", "unittest"]
    case .swift: ["swift", "test"]
    case .cargo: ["cargo", "test"]
    case .go: ["go", "test", "./..."]
    case .node: ["node", "--test"]
    case .make: ["make", "check"]
    case .bats: ["bats", "-r", "."]
    case .prove: ["prove", "-r", "t"]
    case .ctest: BuildDirectory.ctest(name: "ctest")
    case .pytest, .tap, .junit, .sarif, .command, .browser, .docs: nil
    }
  }
}

/// Where build products go that must not lie in the checkout.
enum BuildDirectory {
  /// A shell's first words: `$b` is a directory of this project's own in the user's cache.
  static func shell(name: String) -> String {
    "b=\"${XDG_CACHE_HOME:-$HOME/.cache}/mcpd/build/\(name)-$(pwd | cksum | cut -d' ' -f1)\"; "
  }

  static let cache = "~/.cache/mcpd/build"

  static func ctest(name: String) -> [String] {
    [
      "sh", "-c",
      shell(name: name)
        + "cmake -S . -B \"$b\" && cmake --build \"$b\" && ctest --test-dir \"$b\" --output-on-failure --no-tests=error",
    ]
  }
}
