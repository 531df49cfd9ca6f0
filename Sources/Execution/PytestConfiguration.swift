internal import Model

/// The part of pytest's own configuration that says which files are tests.
struct PytestConfiguration: Hashable {
  /// Where it was found; `testpaths` are relative to it.
  var directory = RelativePath.root
  var pythonFiles = ["test_*.py", "*_test.py"]
  var testPaths: [String] = []
  var skippedDirectories = [
    "*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}",
  ]
  /// From `addopts`: `--ignore` and `--ignore-glob`.
  var ignored: [String] = []
  var ignoredGlobs: [String] = []

  /// In the order in which pytest looks, in each directory.
  private static let names = [
    "pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg",
  ]

  /// All files that could hold it, for a domain in `directory`.
  static func places(for directory: RelativePath) -> [RelativePath] {
    var places: [RelativePath] = []
    var current: RelativePath? = directory
    while let here = current {
      places += names.map { here.appending($0.utf8) }
      current = here.parent
    }
    return places
  }

  /// The first file, from the domain's directory upwards, that has a section for pytest.
  static func find(for directory: RelativePath, read: (RelativePath) -> [UInt8]?) -> PytestConfiguration {
    for place in places(for: directory) {
      guard let bytes = read(place),
        let found = parse(
          String(decoding: bytes, as: UTF8.self), name: String(decoding: place.name, as: UTF8.self))
      else { continue }
      var configuration = found
      configuration.directory = place.parent ?? .root
      return configuration
    }
    var configuration = PytestConfiguration()
    configuration.directory = directory
    return configuration
  }

  /// Nil when the file says nothing of pytest.
  static func parse(_ text: String, name: String) -> PytestConfiguration? {
    let value: (String) -> [String]?
    if name.hasSuffix(".toml") {
      let toml = TOMLLines(text)
      let tables = name == "pyproject.toml" ? ["tool.pytest.ini_options", "tool.pytest"] : ["pytest"]
      let isThere = name != "pyproject.toml" || tables.contains { toml.hasTable($0) }
      if !isThere { return nil }
      value = { key in
        // A string is split as in an ini file; the elements of an array are as they are.
        tables.lazy.compactMap { toml.strings($0, key) }.first.map { $0.count == 1 ? words($0[0]) : $0 }
      }
    } else {
      let section = name == "setup.cfg" ? "tool:pytest" : "pytest"
      let lines = ini(text)
      // `pytest.ini` counts even when it is empty.
      guard let values = lines[section] ?? (name.hasSuffix("pytest.ini") ? [:] : nil) else { return nil }
      value = { values[$0].map(words) }
    }
    var configuration = PytestConfiguration()
    if let patterns = value("python_files") { configuration.pythonFiles = patterns }
    if let paths = value("testpaths") { configuration.testPaths = paths }
    if let patterns = value("norecursedirs") { configuration.skippedDirectories = patterns }
    configuration.takeOptions(value("addopts") ?? [])
    return configuration
  }

  private mutating func takeOptions(_ options: [String]) {
    var rest = options[...]
    while let option = rest.popFirst() {
      for (flag, isGlob) in [("--ignore", false), ("--ignore-glob", true)] {
        var argument: String?
        if option == flag { argument = rest.popFirst() }
        if option.hasPrefix(flag + "=") { argument = String(option.dropFirst(flag.count + 1)) }
        guard let argument else { continue }
        if isGlob { ignoredGlobs.append(argument) } else { ignored.append(argument) }
      }
    }
  }

  /// Split at blanks, quotes hold together.
  static func words(_ text: String) -> [String] {
    var words: [String] = []
    var word = ""
    var isOpen = false
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        isOpen = true
      } else if character.isWhitespace {
        if isOpen || !word.isEmpty { words.append(word) }
        word = ""
        isOpen = false
      } else {
        word.append(character)
      }
    }
    if isOpen || !word.isEmpty { words.append(word) }
    return words
  }

  /// Values by section and key; indented lines go on with the value before.
  private static func ini(_ text: String) -> [String: [String: String]] {
    var sections: [String: [String: String]] = [:]
    var section = ""
    var key: String?
    for raw in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      let line = raw.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      guard let first = line.first, first != "#", first != ";" else { continue }
      if raw.first?.isWhitespace == true, let key {
        sections[section]?[key, default: ""] += " " + line
      } else if first == "[", let close = line.lastIndex(of: "]") {
        section = String(line[line.index(after: line.startIndex)..<close])
        sections[section, default: [:]] = sections[section] ?? [:]
        key = nil
      } else if let equals = line.firstIndex(where: { $0 == "=" || $0 == ":" }) {
        key = line[..<equals].split(separator: " ").joined()
        let comment = line[equals...].firstRange(of: " #")?.lowerBound ?? line.endIndex
        sections[section, default: [:]][key ?? ""] = String(line[line.index(after: equals)..<comment])
      }
    }
    return sections
  }
}
