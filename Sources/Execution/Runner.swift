package import Model

/// Knows one test framework: finds its units, builds the command for one, and reads what a run left behind.
package protocol Runner: Sendable {
  /// All units of the domain among the files in view, sorted by name.
  func units(_ settings: DomainSettings, in project: ProjectFiles) -> [DiscoveredUnit]

  /// Files, relative to the root, whose content decides which units there are; they need not exist.
  func discoveryInputs(_ settings: DomainSettings) -> [RelativePath]

  /// What to start for the request. `place` is the run's own directory.
  func command(for request: RunRequest, in place: RunPlace) -> Result<RunCommand, Diagnostic>

  func judge(_ leavings: RunLeavings, of request: RunRequest) -> Judgement
}

/// The files of a project as discovery sees them: a list and a way to read, so that it can be tried without a disk.
package struct ProjectFiles: Sendable {
  /// Everything in view that is not a directory.
  package let files: [RelativePath]
  /// Nil when it is not there or cannot be read.
  package let read: @Sendable (RelativePath) -> [UInt8]?

  package init(files: [RelativePath], read: @escaping @Sendable (RelativePath) -> [UInt8]?) {
    self.files = files
    self.read = read
  }
}

/// Where a run may put things of its own, and what it finds around it.
package struct RunPlace: Sendable {
  /// Absolute; the run may write here.
  package let directory: String
  /// The environment that the run will have, without what its runner adds.
  package let environment: [String: String]
  package let toolchain: Toolchain
  /// As whom it runs; nil is ourselves.
  package let user: RunUser?

  package init(
    directory: String, environment: [String: String], toolchain: Toolchain, user: RunUser? = nil
  ) {
    self.directory = directory
    self.environment = environment
    self.toolchain = toolchain
    self.user = user
  }

  /// Where a runner's own report goes.
  package var report: String { directory + "/report" }
}

/// What to start, with the files that it needs.
package struct RunCommand: Sendable {
  /// The program's absolute path first.
  package var command: [String]
  /// On top of the run's environment.
  package var environment: [String: String] = [:]
  /// Written into the run's directory before the start, by path relative to it.
  package var files: [String: [UInt8]] = [:]

  package init(command: [String]) {
    self.command = command
  }
}

/// What a run left behind.
package struct RunLeavings: Sendable {
  package let outcome: RunOutcome
  /// Nil when the runner wrote none, or it is too large to be read.
  package let report: [UInt8]?
  package let output: [UInt8]
  /// Whether a path relative to the root is a file of the project.
  package let isFile: @Sendable (RelativePath) -> Bool

  package init(
    outcome: RunOutcome, report: [UInt8]?, output: [UInt8], isFile: @escaping @Sendable (RelativePath) -> Bool
  ) {
    self.outcome = outcome
    self.report = report
    self.output = output
    self.isFile = isFile
  }
}

/// The runners that exist.
package enum Runners {
  package static func runner(for kind: RunnerKind) -> Result<any Runner, Diagnostic> {
    switch kind {
    case .pytest: .success(PytestRunner())
    case .command: .success(CommandRunner())
    default:
      .failure(
        Diagnostic(
          code: "runner-not-available", "the runner `\(kind.rawValue)` does not exist yet",
          hints: ["use `runner: command` with the `command` that you would type"]))
    }
  }
}

extension DomainSettings {
  /// The glob patterns of `include` match paths relative to the domain's directory; a plain directory means all in it.
  func includes(_ path: RelativePath, patterns: [Wildmatch]) -> Bool {
    guard let inside = path.relative(to: directory) else { return false }
    return patterns.contains { pattern in
      if pattern.matches(inside.bytes) { return true }
      var prefix = pattern.pattern[...]
      while prefix.last == UInt8(ascii: "/") { prefix = prefix.dropLast() }
      return !prefix.isEmpty && inside.bytes.count > prefix.count && inside.bytes.starts(with: prefix)
        && inside.bytes[prefix.count] == UInt8(ascii: "/")
    }
  }

  /// A leading `./` is what people write and means nothing.
  var includePatterns: [Wildmatch]? {
    include?.map { Wildmatch($0.hasPrefix("./") ? String($0.dropFirst(2)) : $0) }
  }
}

extension DiscoveredUnit {
  /// A unit is a file. Of names that are not UTF-8 several may read alike: the first stands for them, since a unit's
  /// name is its identity.
  static func each(of files: [RelativePath]) -> [DiscoveredUnit] {
    var seen: Set<String> = []
    return files.compactMap {
      seen.insert($0.text).inserted ? DiscoveredUnit(name: $0.text, path: $0) : nil
    }
  }
}

extension RelativePath {
  /// Nil when it does not lie inside.
  func relative(to directory: RelativePath) -> RelativePath? {
    guard isInside(directory) else { return nil }
    if directory.isRoot { return self }
    return RelativePath(unchecked: Array(bytes.dropFirst(directory.bytes.count + 1)))
  }
}
