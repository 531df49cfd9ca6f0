internal import CLinux
internal import Glibc
package import Model
package import Platform
internal import Synchronization

/// Runs units: each under a supervisor of its own that survives us, judged when it has left its outcome.
///
/// `start`, `stop` and `discard` return at once. One thread starts runs, one after the other (looking for an interpreter
/// may take its time), one judges those that ended, and one waits for the ends of all supervisors.
package final class Executor: Sendable {
  package typealias Done = @Sendable (RunReport) -> Void

  /// One run that is under way.
  private struct Active {
    /// Nil until its supervisor has been started.
    var supervisor: SupervisorHandle?
    var isStopWanted = false
  }

  private struct State {
    var active: [RunID: Active] = [:]
    var isClosed = false
  }

  private let runs: String
  private let supervisorPath: String
  private let clock: any Clock
  private let environment: [String: String]
  private let toolchain: Toolchain
  private let starts = WorkerThread(named: "mcpd-starts")
  private let ends = WorkerThread(named: "mcpd-ends")
  private let exits: ExitWaiter
  private let state = Mutex(State())
  private let idle = Condition()

  /// `environment` is the daemon's own, or the recorded one: runs get what `RunEnvironment` lets through of it.
  package init(
    runsDirectory: String, supervisorPath: String, clock: any Clock = SystemClock(),
    environment: [String: String],
    toolchain: Toolchain = Toolchain()
  ) throws(SystemError) {
    runs = runsDirectory
    self.supervisorPath = supervisorPath
    self.clock = clock
    self.environment = environment
    self.toolchain = toolchain
    try Files.makeDirectory(runsDirectory)
    exits = try ExitWaiter()
  }

  // MARK: - Orders

  /// `done` is called once, on a thread of the executor's that must not be blocked; the run's directory stays until `discard`.
  package func start(_ request: RunRequest, done: @escaping Done) {
    let isAccepted = state.withLock { state in
      if state.isClosed { return false }
      state.active[request.run] = Active()
      return true
    }
    if isAccepted { starts.enqueue { [self] in launch(request, done: done) } }
  }

  /// Asks the run to end, firmly in the end; `done` of its start is called with `stopped`, or with how it ended meanwhile.
  package func stop(_ run: RunID) {
    let supervisor = state.withLock { state in
      state.active[run]?.isStopWanted = true
      return state.active[run]?.supervisor
    }
    supervisor?.signal(SIGTERM)
  }

  /// Removes the run's directory, once its report has been stored.
  package func discard(_ run: RunID) {
    ends.enqueue { [self] in
      // What cannot be removed now is found again at the next start.
      try? RunDirectory(run: run, in: runs).remove()
    }
  }

  /// The file that the run's output goes to, while it runs and until it is discarded.
  package func outputPath(of run: RunID) -> String { RunDirectory(run: run, in: runs).output }

  /// Ends the executor. With `leaveRunning` the supervisors go on, and whoever comes next adopts them; else all are
  /// stopped, and it returns when they have been reported. Afterwards `done` is never called.
  package func shutdown(leaveRunning: Bool) {
    let active = state.withLock { state in
      state.isClosed = true
      return state.active.keys
    }
    if !leaveRunning {
      for run in active { stop(run) }
      idle.wait { state.withLock { $0.active.isEmpty } }
    }
    exits.close()
    starts.close()
    ends.close()
  }

  // MARK: - Starting

  private func launch(_ request: RunRequest, done: @escaping Done) {
    let directory = RunDirectory(run: request.run, in: runs)
    if state.withLock({ $0.active[request.run]?.isStopWanted ?? true }) {
      return finish(RunReport.unstarted(request, .stopped, at: clock.wall()), done)
    }
    let handle: SupervisorHandle
    switch prepare(request, in: directory).flatMap({ launchSupervisor($0, in: directory) }) {
    case .success(let started): handle = started
    case .failure(let diagnostic):
      return finish(RunReport.refused(request, diagnostic, at: clock.wall()), done)
    }
    follow(handle, request, in: directory, done: done)
  }

  /// Writes the run's directory, up to the order.
  private func prepare(_ request: RunRequest, in directory: RunDirectory) -> Result<RunOrder, Diagnostic> {
    let user = RunUser.owner(of: request.root)
    let ground: String
    do throws(SystemError) { ground = try directory.make(for: request, user: user) } catch {
      return .failure(error.diagnostic(code: "run-directory-unwritable"))
    }
    let runner: any Runner
    var variables: [String: String]
    let own = environment.merging(request.toolchain) { $1 }
    let base = user?.adapted(own) ?? own
    switch (
      Runners.runner(for: request.settings.runner),
      RunEnvironment.build(
        for: request.settings, base: base, temporary: ground + "/tmp",
        readFile: RunEnvironment.reader(for: request, user: user))
    ) {
    case (.success(let found), .success(let built)): (runner, variables) = (found, built)
    case (.failure(let diagnostic), _), (_, .failure(let diagnostic)): return .failure(diagnostic)
    }
    let place = RunPlace(directory: ground, environment: variables, toolchain: toolchain, user: user)
    return runner.command(for: request, in: place).flatMap { command in
      variables.merge(command.environment) { $1 }
      variables["MCPD_RUN"] = request.run.description
      variables["MCPD_RUN_DIRECTORY"] = directory.path
      let order = RunOrder(
        run: request.run, command: command.command, directory: request.workingDirectory,
        environment: RunEnvironment.lines(variables), timeLimit: request.settings.budget.time,
        isBackground: request.isBackground, user: user?.orderUser)
      do throws(SystemError) {
        try directory.write(command.files, into: ground, for: user)
        try directory.write(order)
        return .success(order)
      } catch {
        return .failure(error.diagnostic(code: "run-directory-unwritable"))
      }
    }
  }

  private func launchSupervisor(_ order: RunOrder, in directory: RunDirectory) -> Result<
    SupervisorHandle, Diagnostic
  > {
    do throws(SystemError) {
      guard let lock = try directory.takeLock() else {
        return .failure(
          Diagnostic(code: "run-directory-busy", "another supervisor holds \(directory.path)"))
      }
      let complaints = try Files.open(directory.path + "/complaint", [.write, .create, .truncate])
      var start = ProcessStart(
        program: supervisorPath, arguments: [supervisorPath, directory.path, String(lock.number)],
        environment: [])
      start.session = .newSession
      start.directory = [UInt8(ascii: "/")]
      start.standardOutput = complaints.number
      start.standardError = complaints.number
      start.kept = [lock.number]
      // A stop may come before the supervisor is ready to receive it.
      start.blockedSignals = [SIGTERM, SIGINT]
      do throws(ProcessStartError) {
        return .success(SupervisorHandle(child: try ChildProcess(start)))
      } catch {
        return .failure(
          Diagnostic(
            code: "supervisor-not-started", error.explanation(program: supervisorPath),
            hints: ["mcpd-exec belongs beside mcpd; reinstall the package"]))
      }
    } catch {
      return .failure(error.diagnostic(code: "supervisor-not-started"))
    }
  }

  // MARK: - Ending

  private func follow(
    _ handle: SupervisorHandle, _ request: RunRequest, in directory: RunDirectory, done: @escaping Done
  ) {
    let ended: @Sendable () -> Void = { [self] in
      ends.enqueue { [self] in
        let end = handle.reap()
        finish(report(request, in: directory, supervisor: end), done)
      }
    }
    let isStopWanted = state.withLock { state in
      state.active[request.run, default: Active()].supervisor = handle
      return state.active[request.run]?.isStopWanted ?? false
    }
    if isStopWanted { handle.signal(SIGTERM) }
    do throws(SystemError) { try exits.wait(for: handle.descriptor, done: ended) } catch {
      // Out of descriptors or memory: a thread waits in its place.
      ThreadBody {
        directory.waitForLock()
        ended()
      }.start(named: "mcpd-exit")
    }
  }

  private func finish(_ report: RunReport, _ done: Done) {
    done(report)
    state.withLock { $0.active[report.request.run] = nil }
    idle.signal()
  }

  /// What the supervisor left; `supervisor` says how it ended itself, where we could see that.
  private func report(
    _ request: RunRequest, in directory: RunDirectory, supervisor: ChildProcess.End.Status?
  ) -> RunReport {
    let output = directory.keptOutput
    guard let outcome = directory.outcome else {
      directory.endLeftOvers()
      let how =
        switch supervisor {
        case .signaled(let signal): OutcomeWords.signal(signal)
        case .exited(let code): directory.complaint ?? "exit code \(code)"
        case nil: "without an outcome"
        }
      let words = "its supervisor died: \(how)"
      return RunReport(
        request: request, end: .supervisorDied, outcome: nil,
        judgement: Judgement(
          verdict: .error, failures: [Failure(caseName: nil, message: words)], note: words),
        output: output, started: clock.wall())
    }
    if case .stopped = outcome.end {
      return RunReport(
        request: request, end: .stopped, outcome: outcome, judgement: nil, output: output,
        started: outcome.started)
    }
    let leavings = RunLeavings(
      outcome: outcome, report: directory.report, output: output,
      isFile: { path in
        Files.kind(of: String(decoding: request.root + [UInt8(ascii: "/")] + path.bytes, as: UTF8.self))
          == .file
      })
    let judgement: Judgement
    switch Runners.runner(for: request.settings.runner) {
    case .success(let runner): judgement = runner.judge(leavings, of: request)
    case .failure(let diagnostic):
      return RunReport.refused(request, diagnostic, at: outcome.started)
    }
    // It may be that the interpreter has lost its pytest: look again next time.
    if leavings.report == nil && judgement.verdict == .error { toolchain.forget() }
    return RunReport(
      request: request, end: .judged, outcome: outcome, judgement: judgement, output: output,
      started: outcome.started)
  }

  // MARK: - Taking over

  /// Takes over what an earlier daemon left in the runs directory: each run is reported exactly once, at once or when it
  /// ends. `resolve` gives the root and the settings that hold now; runs of what is no longer watched are ended.
  /// Returns when all have been looked at; call it before the first `start`.
  package func adopt(
    resolve: @escaping @Sendable (ProjectName, DomainName) -> (root: [UInt8], settings: DomainSettings)?,
    found: @escaping @Sendable (RunRequest) -> Void = { _ in }, done: @escaping Done
  ) {
    _ = ends.run { [self] in
      let names = (try? Files.names(in: runs)) ?? []
      let runsFound = names.compactMap { RunID(String(decoding: $0, as: UTF8.self)) }.sorted()
      for run in runsFound {
        adopt(RunDirectory(run: run, in: runs), resolve: resolve, found: found, done: done)
      }
    }
  }

  private func adopt(
    _ directory: RunDirectory,
    resolve: (ProjectName, DomainName) -> (root: [UInt8], settings: DomainSettings)?,
    found: (RunRequest) -> Void, done: @escaping Done
  ) {
    let record = directory.record
    let now = record.flatMap { resolve($0.unit.project, $0.unit.domain) }
    // The lock before the outcome: a supervisor that lets go of it has written its outcome by then.
    let isFree: Bool
    do throws(SystemError) { isFree = try directory.takeLock() != nil } catch { isFree = true }
    guard let record, let now else {
      if !isFree, let holder = directory.holder?.open() {
        let handle = SupervisorHandle(adopted: holder)
        handle.signal(SIGTERM)
        directory.waitForLock()
      }
      directory.endLeftOvers()
      try? directory.remove()
      return
    }
    let request = record.request(root: now.root, settings: now.settings)
    if isFree {
      if directory.outcome != nil {
        found(request)
        return done(report(request, in: directory, supervisor: nil))
      }
      directory.endLeftOvers()
      try? directory.remove()
      return done(RunReport.unstarted(request, .lost, at: clock.wall()))
    }
    state.withLock { $0.active[request.run] = Active() }
    found(request)
    guard let holder = directory.holder?.open() else {
      // It is between its start and its first words, or just ending: its lock tells.
      return ThreadBody { [self] in
        directory.waitForLock()
        ends.enqueue { [self] in finish(report(request, in: directory, supervisor: nil), done) }
      }.start(named: "mcpd-exit")
    }
    follow(SupervisorHandle(adopted: holder), request, in: directory, done: done)
  }
}

/// A supervisor that lives: our child, or one that an earlier daemon started.
private final class SupervisorHandle: Sendable {
  private let process: Descriptor
  private let isChild: Bool

  init(child: consuming ChildProcess) {
    process = child.intoDescriptor()
    isChild = true
  }

  init(adopted: consuming Descriptor) {
    process = adopted
    isChild = false
  }

  var descriptor: Int32 { process.number }

  func signal(_ number: Int32) {
    _ = cl_pidfd_send_signal(process.number, number)
  }

  /// Only of our own child; another's exit status belongs to another.
  func reap() -> ChildProcess.End.Status? {
    guard isChild, let end = try? ChildProcess.reap(process, waiting: true) else { return nil }
    return end.status
  }
}

extension RunReport {
  /// For a run that never came to a process.
  static func unstarted(_ request: RunRequest, _ end: End, at time: Timestamp) -> RunReport {
    RunReport(request: request, end: end, outcome: nil, judgement: nil, output: [], started: time)
  }

  static func refused(_ request: RunRequest, _ diagnostic: Diagnostic, at time: Timestamp) -> RunReport {
    let text = ([diagnostic.message] + diagnostic.hints).joined(separator: "\n  ") + "\n"
    let judgement = Judgement(
      verdict: .error,
      failures: [
        Failure(
          caseName: nil, message: diagnostic.message, file: diagnostic.place?.file,
          line: diagnostic.place?.line)
      ], note: diagnostic.hints.first.map { "\(diagnostic.message); \($0)" } ?? diagnostic.message)
    return RunReport(
      request: request, end: .judged, outcome: nil, judgement: judgement, output: Array(text.utf8),
      started: time)
  }
}
