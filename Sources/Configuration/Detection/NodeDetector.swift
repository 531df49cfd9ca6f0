internal import Model

/// Finds Node packages with a `test` script, or with files that Node's own test runner would run.
enum NodeDetector {
  private struct Package {
    let test: String?
    let hasWorkspaces: Bool
    let text: String
  }

  static func find(_ found: inout Findings) {
    let tree = found.tree
    var workspaceRoots: [String] = []
    for directory in tree.paths where tree.hasFile("package.json", in: directory) {
      let package = package(in: directory, tree)
      let isCovered = workspaceRoots.contains { ProjectTree.isInside(directory, $0) && directory != $0 }
      if isCovered { continue }
      if let test = package.test, let tool = otherTool(test, directory, tree) {
        found.notes.append(
          "the test script of \(ProjectTree.join(directory, "package.json")) only calls \(tool)")
      } else if let test = package.test {
        if package.hasWorkspaces || tree.hasFile("pnpm-workspace.yaml", in: directory) {
          let words = ["workspace", "-ws", " -r ", "recursive", "turbo", "nx ", "lerna", "foreach"]
          if words.contains(where: { (test + " ").contains($0) }) { workspaceRoots.append(directory) }
        }
        let manager = manager(in: directory, package, tree)
        add(directory, [manager, "test"], "package.json has a test script (\(Quantity.shown(test)))", &found)
      } else if let (command, because) = withoutScript(directory, package, tree) {
        add(directory, command, because, &found)
      } else {
        found.notes.append("\(ProjectTree.join(directory, "package.json")) has no test script")
      }
    }
    let isPackageless = found.frameworks(in: "").isEmpty && !tree.hasFile("package.json", in: "")
    if isPackageless,
      let test = ownTests(below: "", tree).first(where: { tree.text($0).contains("node:test") })
    {
      add("", ["node", "--test"], "\(test) uses node:test", &found)
    }
  }

  private static func add(
    _ directory: String, _ command: [String], _ because: String, _ found: inout Findings
  ) {
    var variables = [Value.Field("CI", .text("true"))]
    if command.first == "npm" { variables.append(.init("npm_config_update_notifier", .text("false"))) }
    found.add(
      .node, in: directory, because: because, command: command,
      settings: [
        .init(
          key: "environment", value: .map(variables),
          because: "tools then run once instead of watching, and ask nobody")
      ])
  }

  /// The tool of another domain, when a script is nothing but a call of it.
  private static func otherTool(_ script: String, _ directory: String, _ tree: ProjectTree) -> String? {
    guard let first = script.split(separator: " ").first, !script.contains("&&"), !script.contains(";") else {
      return nil
    }
    switch first {
    case "bats": return tree.files(below: directory) { $0.hasSuffix(".bats") }.isEmpty ? nil : "bats"
    case "make":
      let hasMakefile = ["GNUmakefile", "makefile", "Makefile"].contains { tree.hasFile($0, in: directory) }
      return hasMakefile && ["make test", "make check"].contains(script) ? "make" : nil
    default: return nil
    }
  }

  /// npm's own placeholder is no test.
  private static func isReal(_ script: String) -> Bool {
    !script.isEmpty && !script.contains("no test specified")
  }

  private static func package(in directory: String, _ tree: ProjectTree) -> Package {
    let path = ProjectTree.join(directory, "package.json")
    let bytes = tree.tree.content(of: path, limit: SourceText.sizeLimit) ?? []
    // JSON is YAML.
    let root = Composer.compose(SourceText(file: path, bytes: bytes)).root
    let script = root?["scripts"]?["test"]?.scalar
    return Package(
      test: script.flatMap { isReal($0) ? $0 : nil }, hasWorkspaces: root?["workspaces"] != nil,
      text: String(decoding: bytes, as: UTF8.self))
  }

  private static func manager(in directory: String, _ package: Package, _ tree: ProjectTree) -> String {
    var above = directory
    while true {
      let locks = [
        ("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"),
        ("package-lock.json", "npm"),
      ]
      for (file, manager) in locks where tree.hasFile(file, in: above) { return manager }
      if above.isEmpty { return "npm" }
      above = ProjectTree.parent(above)
    }
  }

  private static func withoutScript(
    _ directory: String, _ package: Package, _ tree: ProjectTree
  ) -> (command: [String], because: String)? {
    let tests = ownTests(below: directory, tree)
    let bin = ProjectTree.join(directory, "node_modules/.bin")
    let tools = Set(tree.tree.entries(of: bin).map(\.name))
    if package.text.contains("\"vitest\"") && tools.contains("vitest") {
      return (["node_modules/.bin/vitest", "run"], "package.json depends on vitest")
    }
    if package.text.contains("\"jest\"") && tools.contains("jest") {
      return (["node_modules/.bin/jest"], "package.json depends on jest")
    }
    return tests.first.map {
      (["node", "--test"], "\(ProjectTree.relative($0, to: directory)) is a test of Node's own runner")
    }
  }

  /// The files that `node --test` runs by itself, without those of packages further in.
  private static func ownTests(below directory: String, _ tree: ProjectTree) -> [String] {
    let inner = tree.paths.filter {
      $0 != directory && ProjectTree.isInside($0, directory) && tree.hasFile("package.json", in: $0)
    }
    return tree.files(below: directory) { name in
      guard let dot = name.lastIndex(of: "."), ["js", "mjs", "cjs"].contains(name[name.index(after: dot)...])
      else {
        return false
      }
      return true
    }.filter { file in
      guard !inner.contains(where: { ProjectTree.isInside(file.directory, $0) }) else { return false }
      let stem = file.name.prefix { $0 != "." }
      let parts = file.name.split(separator: ".")
      let isNamed =
        stem == "test" || stem.hasPrefix("test-") || stem.hasSuffix("-test") || stem.hasSuffix("_test")
        || parts.count > 2 && parts[parts.count - 2] == "test"
      let isPlaced = ProjectTree.relative(file.directory, to: directory).split(separator: "/").contains(
        "test")
      return isNamed || isPlaced
    }.map { ProjectTree.join($0.directory, $0.name) }
  }
}

extension Node {
  /// A map's value.
  subscript(_ key: String) -> Node? {
    guard case .map(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }

  var scalar: String? { if case .scalar(let text, _) = content { text } else { nil } }
}
