internal import Model

/// Finds the `check` and `test` targets of Makefiles that do more than call what was found already.
enum MakeDetector {
  private struct Rule {
    var needs: [String] = []
    var recipe: [String] = []
  }

  static func find(_ found: inout Findings) {
    let tree = found.tree
    for directory in tree.paths {
      guard
        let name = ["GNUmakefile", "makefile", "Makefile"].first(where: { tree.hasFile($0, in: directory) })
      else {
        continue
      }
      // Below another Makefile it is usually a part of that one.
      let isPart = found.domains.contains {
        $0.framework == .make && $0.directory != directory && ProjectTree.isInside(directory, $0.directory)
      }
      if isPart { continue }
      let rules = parse(tree.text(ProjectTree.join(directory, name), limit: 256 << 10))
      let targets = ["check", "test"].filter { rules[$0] != nil }
      if targets.isEmpty {
        found.notes.append("\(ProjectTree.join(directory, name)) has no target `check` or `test`")
        continue
      }
      add(targets, rules, directory, name, &found)
    }
  }

  private static func add(
    _ targets: [String], _ rules: [String: Rule], _ directory: String, _ file: String, _ found: inout Findings
  ) {
    let known = found.domains.filter { ProjectTree.isInside($0.directory, directory) }.map(\.framework)
    for target in targets {
      let other = targets.first { $0 != target }
      if let other, reaches(other, target, rules), !(target == "check" && reaches(target, other, rules)) {
        continue
      }
      let lines = recipe(of: target, rules)
      let calls = lines.map { call($0, of: known) }
      if !calls.contains(.own) && calls.contains(.known) {
        found.notes.append("`make \(target)` in \(file) only runs what is tested already")
        continue
      }
      found.add(
        .make, in: directory, because: "\(file) has the target `\(target)`", command: ["make", target],
        name: target == "check" ? "check" : "make")
    }
  }

  /// Whether a target brings another one along.
  private static func reaches(_ from: String, _ to: String, _ rules: [String: Rule]) -> Bool {
    var seen: Set<String> = []
    var queue = rules[from]?.needs ?? []
    while let next = queue.popLast() {
      if next == to { return true }
      if seen.insert(next).inserted { queue += rules[next]?.needs ?? [] }
    }
    return rules[from]?.recipe.contains { $0.contains("$(MAKE) \(to)") || $0.contains("make \(to)") } ?? false
  }

  /// All that a target runs, with what it needs.
  private static func recipe(of target: String, _ rules: [String: Rule]) -> [String] {
    var seen: Set<String> = []
    var queue = [target]
    var lines: [String] = []
    while let next = queue.popLast() {
      guard seen.insert(next).inserted, let rule = rules[next] else { continue }
      lines += rule.recipe
      queue += rule.needs
    }
    return lines
  }

  private enum Call {
    /// Of a framework that has its own domain.
    case known
    case harmless
    case own
  }

  /// What a line of a recipe does.
  private static func call(_ line: String, of known: [Framework]) -> Call {
    var words = line.drop { "@-+ \t".contains($0) }.split(separator: " ").map(String.init)
    while let first = words.first, first.contains("="), !first.hasPrefix("-") { words.removeFirst() }
    guard let first = words.first else { return .harmless }
    if ["echo", "true", ":", "printf"].contains(first) && !isCompound(line) { return .harmless }
    // `a && b` may do anything; `pytest && ./own.sh` does something of its own.
    if isCompound(line) { return .own }
    let text = words.joined(separator: " ")
    let calls: [(Framework, [String])] = [
      (.pytest, ["pytest", "py.test", "tox"]), (.unittest, ["-m unittest", "tox"]), (.tox, ["tox"]),
      (.cargo, ["cargo test", "cargo nextest"]), (.go, ["go test"]), (.swift, ["swift test"]),
      (
        .node,
        ["npm test", "npm run test", "npm t", "yarn test", "pnpm test", "node --test", "vitest", "jest"]
      ),
      (.ctest, ["ctest", "cmake"]), (.bats, ["bats"]), (.prove, ["prove"]),
    ]
    let isKnown = calls.contains { framework, names in
      known.contains(framework) && names.contains { text.contains($0) }
    }
    return isKnown ? .known : .own
  }

  private static func isCompound(_ line: String) -> Bool {
    ["&&", "||", ";", "|"].contains { line.contains($0) }
  }

  /// Explicit rules only: pattern rules, variables, conditionals and includes are passed over.
  private static func parse(_ text: String) -> [String: Rule] {
    var rules: [String: Rule] = [:]
    var current: [String] = []
    let joined = joinedLines(text)
    for line in joined {
      if line.hasPrefix("\t") {
        for target in current { rules[target]?.recipe.append(String(line.dropFirst())) }
        continue
      }
      if line.allSatisfy({ $0 == " " }) || line.hasPrefix("#") { continue }
      current = []
      guard let colon = line.firstIndex(of: ":"), line.first != " " else { continue }
      let after = line[line.index(after: colon)...]
      if after.hasPrefix("=") || after.hasPrefix(":=") || line[..<colon].contains("=") { continue }
      let rest = after.drop { $0 == ":" }
      let parts = rest.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
      let beforeComment = (parts.first ?? "").prefix { $0 != "#" }
      if beforeComment.contains("=") { continue }  // A variable of one target.
      current = line[..<colon].split(separator: " ").map(String.init)
      for target in current where target != ".PHONY" {
        rules[target, default: Rule()].needs += beforeComment.split(separator: " ").map(String.init).filter {
          $0 != "|"
        }
        if parts.count > 1 { rules[target]?.recipe.append(String(parts[1])) }
      }
    }
    return rules
  }

  private static func joinedLines(_ text: String) -> [String] {
    var lines: [String] = []
    var isOpen = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let ends = line.hasSuffix("\\")
      let body = ends ? line.dropLast() : line
      if isOpen, let last = lines.indices.last {
        lines[last] += " " + body
      } else {
        lines.append(String(body))
      }
      isOpen = ends
    }
    return lines
  }
}
