internal import Model

/// Finds pytest and unittest suites, one for each package root.
enum PythonDetector {
  private static let strongMarkers = [
    "pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "tox.ini", "noxfile.py",
  ]
  private static let weakMarkers = ["requirements.txt", "pytest.ini", "uv.lock", "poetry.lock"]

  static func find(_ found: inout Findings) {
    let tree = found.tree
    let rootPaths =
      PythonPackage.pytestFile(in: "", tree)?.testPaths.filter { !$0.isEmpty && $0 != "." } ?? []
    var owners = Owners(tree: tree)
    var owned: [String: [String]] = [:]
    // Names that only unittest takes: they count where there are no others.
    var loose: [String: [String]] = [:]
    for file in tree.files(where: { $0.hasSuffix(".py") }) {
      let path = ProjectTree.join(file.directory, file.name)
      // What the root's pytest is told to collect is the root's, packages below or not.
      let isRoots = rootPaths.contains { ProjectTree.isInside(path, $0) }
      let marked = isRoots ? "" : owners.marked(file.directory)
      let patterns = marked.map { owners.patterns(of: $0) } ?? []
      let isTest = patterns.isEmpty ? isTestName(file.name) : patterns.contains { matches(file.name, $0) }
      guard isTest || file.name.hasPrefix("test") else { continue }
      let owner = marked ?? owners.unmarked(file.directory, path)
      let relative = ProjectTree.relative(path, to: owner)
      if isTest {
        owned[owner, default: []].append(relative)
      } else {
        loose[owner, default: []].append(relative)
      }
    }
    for (directory, names) in loose where owned[directory] == nil {
      let tests = names.prefix(200).filter {
        tree.text(ProjectTree.join(directory, $0), limit: 16 << 10).contains("unittest")
      }
      if !tests.isEmpty { owned[directory] = tests }
    }
    for directory in owned.keys.sorted() {
      let package = PythonPackage(directory: directory, tests: (owned[directory] ?? []).sorted(), tree: tree)
      add(
        package, isAlone: !owned.keys.contains { $0 != directory && ProjectTree.isInside($0, directory) },
        &found)
    }
    for directory in tree.paths where tree.hasFile("tox.ini", in: directory) && owned[directory] == nil {
      addTox(directory, &found)
    }
  }

  static func isTestName(_ name: String) -> Bool {
    name.hasSuffix(".py") && (name.hasPrefix("test_") || name.hasSuffix("_test.py"))
  }

  private static func matches(_ name: String, _ pattern: String) -> Bool {
    Wildmatch(String(pattern.split(separator: "/").last ?? "")).matches(name.utf8)
  }

  // MARK: Whose test it is

  /// Which package a directory belongs to; asked for every file, so it remembers.
  private struct Owners {
    let tree: ProjectTree
    private var byDirectory: [String: String?] = [:]
    private var byRoot: [String: String] = [:]
    private var patterns: [String: [String]] = [:]

    init(tree: ProjectTree) {
      self.tree = tree
    }

    mutating func patterns(of owner: String) -> [String] {
      if let known = patterns[owner] { return known }
      let found = PythonPackage.pytestFile(in: owner, tree)?.pythonFiles ?? []
      patterns[owner] = found
      return found
    }

    /// The nearest directory upwards that says it is a package; nil without any.
    mutating func marked(_ directory: String) -> String? {
      if let known = byDirectory[directory] { return known }
      let owner: String? =
        isMarked(directory) ? directory : directory.isEmpty ? nil : marked(ProjectTree.parent(directory))
      byDirectory[directory] = .some(owner)
      return owner
    }

    private func isMarked(_ directory: String) -> Bool {
      if strongMarkers.contains(where: { tree.hasFile($0, in: directory) }) { return true }
      let name = String(directory.split(separator: "/").last ?? "")
      if isTestFolder(name) || name == "docs" || name == "doc" { return false }
      return weakMarkers.contains { tree.hasFile($0, in: directory) }
        || tree.hasDirectory(".venv", in: directory)
    }

    /// Without any marker: the directory around the outermost `tests`, unless its tests import it as a package.
    mutating func unmarked(_ directory: String, _ path: String) -> String {
      let parts = directory.split(separator: "/").map(String.init)
      guard let outermost = parts.firstIndex(where: isTestFolder) else { return "" }
      var root = parts[..<outermost].joined(separator: "/")
      while !root.isEmpty && tree.hasFile("__init__.py", in: root) { root = ProjectTree.parent(root) }
      if root.isEmpty { return "" }
      if let known = byRoot[root] { return known }
      let text = tree.text(path, limit: 16 << 10)
      let isImported = ["from \(parts[0]).", "from \(parts[0]) import", "import \(parts[0])"].contains {
        text.contains($0)
      }
      byRoot[root] = isImported ? "" : root
      return isImported ? "" : root
    }
  }

  private static func isTestFolder(_ name: String) -> Bool { ["tests", "test", "testing"].contains(name) }

  // MARK: What it becomes

  private static func add(_ package: PythonPackage, isAlone: Bool, _ found: inout Findings) {
    let file = PythonPackage.pytestFile(in: package.directory, package.tree)
    var settings: [Detection.Domain.Setting] = []
    if let source = package.sourceRoot {
      let isTold = file?.pythonPath.contains { $0 == source || $0 == "./" + source } ?? false
      if !isTold && !package.isInstalledEditable {
        settings.append(
          .init(
            key: "environment", value: .map([.init("PYTHONPATH", .text(source))]),
            because: "the sources lie in \(source)/ and nothing says that they are installed"))
      }
    }
    let tox = package.has("tox.ini") ? "; tox.ini is left aside, its tests are run directly" : ""
    let tool =
      package.has("uv.lock") ? " (a uv project)" : package.has("poetry.lock") ? " (a poetry project)" : ""
    if let evidence = package.pytestEvidence(file) {
      if let include = include(package, file, isAlone: isAlone) {
        settings.insert(
          .init(
            key: "include", value: .texts(include),
            because: "the packages below have domains of their own"),
          at: 0)
      }
      if (package.has("uv.lock") || package.has("poetry.lock")) && package.interpreter == nil {
        found.notes.append(
          "\(package.directory.isEmpty ? "the project" : package.directory) has no .venv: "
            + (package.has("uv.lock")
              ? "run uv sync" : "run poetry install, unless poetry keeps it elsewhere"))
      }
      found.add(
        .pytest, in: package.directory, because: evidence + tool + tox, runner: .pytest, settings: settings)
    } else {
      let python = package.interpreter ?? "python3"
      found.add(
        .unittest, in: package.directory,
        because: "\(package.tests[0]) uses unittest and nothing names pytest" + tox,
        command: [python, "-m", "unittest"] + unittestArguments(package), settings: settings)
    }
  }

  /// Nil where pytest's own search, with what its configuration says, finds no more than what is this domain's.
  private static func include(
    _ package: PythonPackage, _ file: PythonPackage.PytestFile?, isAlone: Bool
  ) -> [String]? {
    if isAlone || file?.testPaths.isEmpty == false { return nil }
    let names = file.map(\.pythonFiles).flatMap { $0.isEmpty ? nil : $0 } ?? ["test_*.py", "*_test.py"]
    let directories = Set(package.tests.map { ProjectTree.parent($0) }).sorted()
    return directories.flatMap { directory in names.map { ProjectTree.join(directory, $0) } }
  }

  private static func unittestArguments(_ package: PythonPackage) -> [String] {
    let isPrefixed = package.tests.allSatisfy { ($0.split(separator: "/").last ?? "").hasPrefix("test") }
    let isSuffixed = package.tests.allSatisfy { $0.hasSuffix("_test.py") }
    let start = commonDirectory(package.tests.map { ProjectTree.parent($0) })
    func isModule(_ directory: String) -> Bool {
      package.tree.hasFile("__init__.py", in: package.path(directory))
    }
    // Discovery goes down through packages only.
    let isReached = package.tests.allSatisfy { test in
      var current = ProjectTree.parent(test)
      while current != start {
        if !isModule(current) { return false }
        current = ProjectTree.parent(current)
      }
      return true
    }
    guard isReached, isPrefixed || isSuffixed else {
      // So many names make no command that anybody reads.
      return package.tests.count <= 50 ? package.tests : ["discover"] + (start.isEmpty ? [] : ["-s", start])
    }
    var top = start
    while !top.isEmpty && isModule(top) { top = ProjectTree.parent(top) }
    var arguments = ["discover"]
    if !start.isEmpty { arguments += ["-s", start] }
    if top != start { arguments += ["-t", top.isEmpty ? "." : top] }
    return isPrefixed ? arguments : arguments + ["-p", "*_test.py"]
  }

  private static func commonDirectory(_ directories: [String]) -> String {
    var common = directories.first ?? ""
    while !directories.allSatisfy({ ProjectTree.isInside($0, common) }) {
      common = ProjectTree.parent(common)
    }
    return common
  }

  private static func addTox(_ directory: String, _ found: inout Findings) {
    let file = IniText(found.tree.text(ProjectTree.join(directory, "tox.ini")))
    guard
      file.sections.contains(where: {
        $0.name.hasPrefix("testenv") && $0.values.contains { $0.key == "commands" }
      })
    else { return }
    found.add(
      .tox, in: directory, because: "tox.ini has commands and there are no other Python tests",
      command: ["tox", "-q"],
      settings: [
        .init(key: "network", value: .text("full"), because: "tox installs what its environments need"),
        .init(key: "writes", value: .texts([".tox/"]), because: "tox keeps its environments there"),
      ])
  }
}
