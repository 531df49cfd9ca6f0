import Glibc
import Model
import Platform
import Synchronization

@testable import Execution

/// A scratch project with an executor beside it.
final class Bench: Sendable {
  let directory: String
  let executor: Executor
  private let next = Mutex(UInt64(1))

  static let supervisor: String = {
    // The test program lies beside the other programs.
    let own = unsafe String(cString: realpath("/proc/self/exe", nil))
    let beside = Files.parent(of: own) + "/mcpd-exec"
    if Files.kind(of: beside) == .file { return beside }
    let package = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
    return package + "/.build/debug/mcpd-exec"
  }()

  static let environment: [String: String] = {
    var environment: [String: String] = [:]
    for name in ["PATH", "HOME", "USER", "LANG", "PYENV_ROOT"] {
      if let value = variable(name) { environment[name] = value }
    }
    return environment
  }()

  static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  init(files: [String: String] = [:], environment: [String: String] = Bench.environment) throws {
    var template = Array("/tmp/mcpd-bench-XXXXXX".utf8CString)
    directory = unsafe String(cString: mkdtemp(&template))
    executor = try Executor(
      runsDirectory: directory + "/runs", supervisorPath: Self.supervisor, environment: environment)
    try Files.makeDirectory(project)
    for (name, text) in files { try write(name, text) }
  }

  deinit {
    executor.shutdown(leaveRunning: true)
    try? ScratchDirectory(path: directory).remove()
  }

  var project: String { directory + "/project" }
  var runs: String { directory + "/runs" }

  func write(_ name: String, _ text: String, permissions: UInt32 = 0o644) throws {
    let path = "\(project)/\(name)"
    try Files.makeDirectory(Files.parent(of: path), permissions: 0o755)
    try Files.replace(path, with: Array(text.utf8), permissions: permissions, durable: false)
  }

  func request(_ settings: DomainSettings, unit: String? = nil, path: String? = nil) -> RunRequest {
    let tick = next.withLock { next in
      next += 1
      return Tick(next)
    }
    return RunRequest(
      run: RunID(tick),
      unit: UnitID(
        project: ProjectName("bench"), domain: settings.name, unit: unit ?? path ?? settings.name.text),
      path: path.flatMap { RelativePath($0) }, clock: tick, reason: Reason(.new, text: "new"),
      root: Array(project.utf8), settings: settings)
  }

  /// Runs it to its end.
  func run(_ request: RunRequest) async -> RunReport {
    await withCheckedContinuation { continuation in
      executor.start(request) { continuation.resume(returning: $0) }
    }
  }

  func run(command: [String], configure: (inout DomainSettings) -> Void = { _ in }) async -> RunReport {
    await run(request(Self.settings(command: command, configure)))
  }

  struct Late: Error {}

  /// Waits, bounded, for a condition of the file system or the process table, which nobody announces.
  static func eventually(_ condition: () -> Bool) async throws {
    for _ in 0..<2000 {
      if condition() { return }
      try await Task.sleep(for: .milliseconds(5))
    }
    throw Late()
  }

  /// The processes that still carry the marker of a run.
  func left(of request: RunRequest) -> [ProcessTable.Entry] {
    ProcessTable.marked("MCPD_RUN_DIRECTORY=\(runs)/\(request.run)")
  }

  static func settings(
    command: [String], _ configure: (inout DomainSettings) -> Void = { _ in }
  ) -> DomainSettings {
    var settings = DomainSettings(name: DomainName("checks")!, runner: .command)
    settings.command = command
    settings.budget.time = .seconds(60)
    configure(&settings)
    return settings
  }

  static func pytest(_ configure: (inout DomainSettings) -> Void = { _ in }) -> DomainSettings {
    var settings = DomainSettings(name: DomainName("unit")!, runner: .pytest)
    settings.budget.time = .seconds(60)
    configure(&settings)
    return settings
  }
}
