package import Model
internal import Platform

/// The environment of a run: built from nothing, so that no token of the daemon's shell leaks into a test.
package enum RunEnvironment {
  /// What people's programs need to feel at home.
  private static let personal = ["HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ"]

  /// Without `MCPD_RUN`, and without what the runner adds. `base` is the daemon's environment, or a project's recorded one.
  package static func build(
    for settings: DomainSettings, base: [String: String], temporary: String,
    readFile: (String) -> Result<[UInt8], Diagnostic>
  ) -> Result<[String: String], Diagnostic> {
    var environment: [String: String] = [:]
    for name in personal + ToolchainVariables.names { environment[name] = base[name] }
    for (name, value) in base where name.hasPrefix("LC_") { environment[name] = value }
    if environment["PATH"] == nil { environment["PATH"] = "/usr/local/bin:/usr/bin:/bin" }
    environment["TMPDIR"] = temporary
    environment["TERM"] = "dumb"
    environment["NO_COLOR"] = "1"
    // A run leaves the checkout as it found it.
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    for file in settings.environmentFiles {
      switch readFile(file).flatMap({ DotEnv.parse($0, file: file) }) {
      case .failure(let diagnostic): return .failure(diagnostic)
      case .success(let entries): for entry in entries { environment[entry.name] = entry.value }
      }
    }
    for name in settings.passEnvironment { if let value = base[name] { environment[name] = value } }
    environment.merge(settings.environment) { $1 }
    return .success(environment)
  }

  /// Reads an `env_file`, which is named relative to the domain's directory.
  static func reader(for request: RunRequest, user: RunUser?) -> (String) -> Result<[UInt8], Diagnostic> {
    { name in
      let path =
        name.hasPrefix("/") ? name : String(decoding: request.workingDirectory, as: UTF8.self) + "/" + name
      let hints = ["`env_file` of the domain `\(request.settings.name)` names it"]
      if let user, !user.mayRead(path) {
        return .failure(
          Diagnostic(code: "env-file-unreadable", "\(path) may not be read by \(user.name)", hints: hints))
      }
      do throws(SystemError) {
        return .success(try Files.read(path, limit: 1 << 20))
      } catch {
        return .failure(Diagnostic(code: "env-file-unreadable", error.description, hints: hints))
      }
    }
  }

  /// As the kernel takes it, sorted by name; a NUL byte cannot be passed, so its variable is left out.
  static func lines(_ environment: [String: String]) -> [String] {
    environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.filter { !$0.utf8.contains(0) }
  }
}
