internal import Model

/// Finds what can be tested in a tree.
///
/// Pure: everything it knows it asks the tree.
enum Detector {
  static func detect(in tree: ProjectTree) -> Detection {
    var found = Findings(tree: tree)
    PythonDetector.find(&found)
    CompiledDetector.find(&found)
    NodeDetector.find(&found)
    ShellDetector.find(&found)
    MakeDetector.find(&found)
    return found.detection()
  }
}

/// What the detectors of single languages have found so far.
struct Findings {
  let tree: ProjectTree
  private(set) var domains: [Detection.Domain] = []
  var notes: [String] = []

  init(tree: ProjectTree) {
    self.tree = tree
  }

  /// Directories that hold something already; the nearest of them owns what has no package of its own.
  var packages: [String] { domains.map(\.directory) }

  func frameworks(in directory: String) -> [Framework] {
    domains.filter { $0.directory == directory }.map(\.framework)
  }

  /// The innermost package around a path, else the root.
  func owner(of path: String) -> String {
    packages.filter { ProjectTree.isInside(path, $0) }.max { $0.count < $1.count } ?? ""
  }

  mutating func add(
    _ framework: Framework, in directory: String, because: String, runner: RunnerKind = .command,
    command: [String]? = nil, commandBecause: String? = nil, name: String? = nil,
    settings: [Detection.Domain.Setting] = []
  ) {
    var all = [Detection.Domain.Setting(key: "runner", value: .text(runner.rawValue), because: because)]
    if !directory.isEmpty {
      all.append(.init(key: "directory", value: .text(directory), because: "that is where it lies"))
    }
    if let command {
      all.append(.init(key: "command", value: .texts(command), because: commandBecause ?? because))
    }
    all += settings
    domains.append(
      Detection.Domain(
        name: freeName(name ?? base(framework, in: directory), in: directory), directory: directory,
        framework: framework, because: because, settings: all))
  }

  /// The first framework of a directory tests its units; others go by their own names.
  private func base(_ framework: Framework, in directory: String) -> String {
    frameworks(in: directory).contains { $0 != .make } ? framework.rawValue : "unit"
  }

  private func freeName(_ base: String, in directory: String) -> DomainName {
    let taken = Set(domains.map(\.name))
    if directory.isEmpty, let name = DomainName(base), !taken.contains(name) { return name }
    let path = RelativePath(directory) ?? .root
    let suffix = NestedLayer.word(String(decoding: path.name, as: UTF8.self)) ?? "tests"
    // Neither can fail: the base is one of ours, and numbers are free without end.
    let start = DomainName(base) ?? DomainName("unit")!
    return NestedLayer.unique(start, suffix: suffix, directory: path, taken: taken) ?? start
  }

  /// Build systems that are seen and not understood, and what their people type.
  private static let others = [
    ("pom.xml", "mvn, -q, test"), ("gradlew", "./gradlew, test"), ("Rakefile", "rake, test"),
    ("mix.exs", "mix, test"),
    ("composer.json", "composer, test"), ("meson.build", "meson, test, -C, build"),
    ("configure.ac", "make, check"),
    ("deno.json", "deno, test"), ("BUILD.bazel", "bazel, test, //..."), ("stack.yaml", "stack, test"),
  ]

  func detection() -> Detection {
    var notes = notes
    for (file, command) in Self.others where tree.hasFile(file, in: "") {
      notes.append(
        "\(file) is not looked into; a domain for it: {runner: command, command: [\(command)]}")
    }
    var hint: String?
    if domains.isEmpty {
      hint =
        "no tests were found; name a command that checks this project in .mcpd.yaml:"
        + " domains: {check: {runner: command, command: [./check.sh]}}"
    }
    if tree.isCut { notes.append("the tree is large and was not searched to its end") }
    return Detection(domains: domains.sorted { Self.order($0) < Self.order($1) }, notes: notes, hint: hint)
  }

  /// The root's domains first, then by directory.
  private static func order(_ domain: Detection.Domain) -> (String, Int) {
    (domain.directory, Framework.allCases.firstIndex(of: domain.framework) ?? 0)
  }
}
