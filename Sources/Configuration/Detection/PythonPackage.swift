internal import Model

/// One Python package root: its test files, and how its authors say that they are run.
struct PythonPackage {
  let directory: String
  /// Test files, relative to the directory.
  let tests: [String]
  let tree: ProjectTree

  /// What pytest is told in the first of its files that speaks of it.
  struct PytestFile {
    let name: String
    let testPaths: [String]
    let pythonFiles: [String]
    let pythonPath: [String]
  }

  static func pytestFile(in directory: String, _ tree: ProjectTree) -> PytestFile? {
    let places = [
      ("pytest.ini", ["pytest"]), (".pytest.ini", ["pytest"]), ("pytest.toml", ["pytest"]),
      ("pyproject.toml", ["tool.pytest.ini_options", "tool.pytest"]), ("tox.ini", ["pytest"]),
      ("setup.cfg", ["tool:pytest"]),
    ]
    for (name, sections) in places where tree.hasFile(name, in: directory) {
      let file = IniText(tree.text(ProjectTree.join(directory, name)), isTOML: name.hasSuffix(".toml"))
      guard let section = sections.first(where: { file.has($0) }) else {
        // An empty pytest.ini counts: it marks the root.
        if name.hasSuffix("pytest.ini") {
          return PytestFile(name: name, testPaths: [], pythonFiles: [], pythonPath: [])
        }
        continue
      }
      func words(_ key: String) -> [String] { file.value(key, in: section).map(IniText.words) ?? [] }
      return PytestFile(
        name: name, testPaths: words("testpaths"), pythonFiles: words("python_files"),
        pythonPath: words("pythonpath"))
    }
    return nil
  }

  func path(_ name: String) -> String { ProjectTree.join(directory, name) }
  func has(_ name: String) -> Bool { tree.hasFile(name, in: directory) }

  /// What says that these tests are pytest's; nil when everything speaks for unittest.
  func pytestEvidence(_ file: PytestFile?) -> String? {
    if let file { return "\(file.name) configures pytest" }
    for name in [
      "pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "noxfile.py", "Pipfile", "uv.lock", "poetry.lock",
    ]
    where has(name) && tree.text(path(name), limit: 1 << 20).contains("pytest") {
      return "\(name) names pytest"
    }
    for name in tree.directories[directory]?.files ?? []
    where name.hasPrefix("requirements") && name.hasSuffix(".txt") && tree.text(path(name)).contains("pytest")
    {
      return "\(name) names pytest"
    }
    if let conftest = tree.files(below: directory, where: { $0 == "conftest.py" }).first {
      return
        "there is a \(ProjectTree.relative(ProjectTree.join(conftest.directory, conftest.name), to: directory))"
    }
    var usesUnittest = false
    for test in tests.prefix(200) {
      let text = tree.text(path(test), limit: 16 << 10)
      if text.contains("import pytest") || text.contains("from pytest") { return "\(test) imports pytest" }
      let lines = text.split(separator: "\n")
      if lines.contains(where: { $0.hasPrefix("def test") || $0.hasPrefix("async def test") }) {
        return "\(test) has test functions of its own"
      }
      if text.contains("unittest") { usesUnittest = true }
    }
    return usesUnittest ? nil : "\(tests[0]) is named as pytest looks for it"
  }

  // MARK: The interpreter

  /// Relative to the package, as a command names it; nil when it has no environment of its own.
  var interpreter: String? {
    var above = directory
    var climb = ""
    while true {
      for name in [".venv", "venv"] where tree.hasDirectory(name, in: above) {
        let python = ProjectTree.join(ProjectTree.join(above, name), "bin")
        if tree.tree.entries(of: python).contains(where: { $0.name == "python" || $0.name == "python3" }) {
          return climb + name + "/bin/python"
        }
      }
      if above.isEmpty { return nil }
      above = ProjectTree.parent(above)
      climb += "../"
    }
  }

  // MARK: Sources beside the tests

  /// The directory whose modules the tests import without an installation, if there is one.
  var sourceRoot: String? {
    var candidates = ["src"]
    if has("pyproject.toml") {
      let text = tree.text(path("pyproject.toml"))
      for line in text.split(separator: "\n") where line.contains("where =") || line.contains("from =") {
        let words = line.split { " =[]{},\"'\t".contains($0) }.map(String.init)
        for (index, word) in words.enumerated() where word == "where" || word == "from" {
          if index + 1 < words.count { candidates.append(words[index + 1]) }
        }
      }
    }
    return candidates.first { candidate in
      candidate != "." && tree.hasDirectory(candidate, in: directory)
        && !tree.files(below: path(candidate), where: { $0.hasSuffix(".py") }).isEmpty
        && !tree.hasFile("__init__.py", in: path(candidate))
    }
  }

  /// Whether its environment holds an installation that points back into the tree.
  var isInstalledEditable: Bool {
    for name in [".venv", "venv"] where tree.hasDirectory(name, in: directory) {
      let library = path(name + "/lib")
      for python in tree.tree.entries(of: library) where python.isDirectory && python.name.hasPrefix("python")
      {
        let site = library + "/" + python.name + "/site-packages"
        for entry in tree.tree.entries(of: site)
        where entry.name.hasPrefix("__editable__") || entry.name.hasSuffix(".egg-link") {
          return true
        }
        // uv and poetry write NAME.pth with the path of the sources.
        for entry in tree.tree.entries(of: site) where entry.name.hasSuffix(".pth") {
          let lines = tree.text(site + "/" + entry.name, limit: 4096).split(separator: "\n")
          if lines.contains(where: { $0.hasPrefix("/") }) { return true }
        }
      }
    }
    return false
  }
}
