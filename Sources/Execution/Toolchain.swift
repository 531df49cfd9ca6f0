package import Model
internal import Platform
internal import Synchronization

/// Finds the programs that runs need, and says why it took which.
package final class Toolchain: Sendable {
  /// A tool that was found.
  package struct Choice: Hashable, Sendable {
    package let tool: String
    package let file: String
    package let version: String?
    /// Why that one: `.venv in the project`, `first on PATH that has pytest`.
    package let why: String

    package init(tool: String, file: String, version: String?, why: String) {
      self.tool = tool
      self.file = file
      self.version = version
      self.why = why
    }
  }

  /// Asks an interpreter, in a directory, with an environment, as a user.
  package typealias Probe = @Sendable (String, String, [String: String], RunUser?) -> PythonProbe

  private struct ProbeKey: Hashable {
    let candidate: String
    let directory: String
    let isPinned: [UInt8]?
    let identity: FileIdentity?
    let user: RunUser?
  }

  private let lookup: FileLookup
  private let probe: Probe
  private let probes = Mutex<[ProbeKey: PythonProbe]>([:])

  package init(
    lookup: FileLookup = .system, probe: @escaping Probe = { PythonProbe.run($0, $1, $2, $3) }
  ) {
    self.lookup = lookup
    self.probe = probe
  }

  /// The absolute path of a command's first word.
  package func program(
    _ name: String, for request: RunRequest, environment: [String: String]
  ) -> Result<String, Diagnostic> {
    if name.contains("/") {
      if name.hasPrefix("/") { return .success(name) }
      return .success(String(decoding: request.workingDirectory, as: UTF8.self) + "/" + name)
    }
    let path = environment["PATH"] ?? ""
    for directory in path.split(separator: ":") where directory.hasPrefix("/") {
      let candidate = "\(directory)/\(name)"
      if lookup.isExecutable(candidate) { return .success(candidate) }
    }
    return .failure(
      Diagnostic(
        code: "program-not-found", "no program `\(name)` on the PATH of this run",
        hints: [
          "install it, or write its whole path into `command`",
          "PATH is \(path); another one: `environment: {PATH: …}` in the domain",
        ]))
  }

  /// The interpreter that has pytest.
  package func python(
    for request: RunRequest, environment: [String: String], user: RunUser? = nil
  ) -> Result<Choice, Diagnostic> {
    let root = String(decoding: request.root, as: UTF8.self)
    let directory = String(decoding: request.workingDirectory, as: UTF8.self)
    let search = PythonSearch(
      lookup: lookup, root: root, directory: directory, environment: environment)
    var refusals: [String] = []
    for candidate in search.candidates {
      switch probed(candidate.file, directory, environment, user) {
      case .usable(let file, let version, let pytest):
        return .success(
          Choice(tool: "python", file: file, version: "\(version), pytest \(pytest)", why: candidate.why))
      case .unusable(let why):
        refusals.append("\(candidate.file) (\(candidate.why)): \(why)")
        if candidate.isBinding {
          return .failure(
            Diagnostic(
              code: "pytest-missing",
              "\(candidate.why) is this project's environment, and it is not usable: \(why)",
              hints: search.hints(for: candidate)))
        }
      }
    }
    return .failure(
      Diagnostic(
        code: "pytest-missing", "no Python interpreter that has pytest was found",
        hints: search.hints(for: nil) + refusals.prefix(4)))
  }

  /// What a virtual environment's `activate` would set, so that the programs installed beside the interpreter are found.
  func activation(of python: String, environment: [String: String]) -> [String: String] {
    let programs = Files.parent(of: python)
    let home = Files.parent(of: programs)
    guard lookup.read(home + "/pyvenv.cfg") != nil else { return [:] }
    return ["VIRTUAL_ENV": home, "PATH": programs + ":" + (environment["PATH"] ?? "")]
  }

  private func probed(
    _ candidate: String, _ directory: String, _ environment: [String: String], _ user: RunUser?
  ) -> PythonProbe {
    // A shim (pyenv, asdf) decides by this file which interpreter it is.
    let key = ProbeKey(
      candidate: candidate, directory: directory, isPinned: lookup.read(directory + "/.python-version"),
      identity: lookup.identity(candidate), user: user)
    if let known = probes.withLock({ $0[key] }) { return known }
    let found = probe(candidate, directory, environment, user)
    // What fails may be mended at any moment (`pip install pytest`), so only success is kept.
    if case .usable = found { probes.withLock { $0[key] = found } }
    return found
  }

  /// Forgets what it knows of interpreters: after a run that could not import pytest.
  package func forget() {
    probes.withLock { $0.removeAll() }
  }
}
