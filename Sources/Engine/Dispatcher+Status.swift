package import Model
package import Wire

// What stands, computed from the state when somebody asks.
extension Dispatcher {
  /// Red before running before unknown before green; paused when nothing may start and nothing runs.
  func state(of domain: DomainState, _ project: ProjectState) -> Status.State {
    let counts = Counts(domain)
    if counts.red > 0 { return .red }
    if (isPaused || project.isPaused) && counts.running == 0 { return .paused }
    if counts.running + counts.queued > 0 { return .running }
    if !domain.hasUnits || domain.complaint != nil || counts.unknown > 0 || counts.assessed == 0 {
      return .unknown
    }
    return .green
  }

  func state(of project: ProjectState) -> Status.State {
    let counts = Counts(project)
    if (isPaused || project.isPaused) && counts.running == 0 { return .paused }
    if project.phase != .watching { return project.phase == .arming ? .running : .unknown }
    let states = project.domains.map { (state(of: $0, project), $0.settings.runsOnSave) }
    if states.contains(where: { $0.0 == .red }) { return .red }
    if project.pending != nil || states.contains(where: { $0.0 == .running }) { return .running }
    let counted = states.filter { $0.1 }
    if counted.isEmpty || counted.contains(where: { $0.0 == .unknown }) { return .unknown }
    return .green
  }

  /// Whether something is under way that will end by itself. What waits for another domain's green does not count.
  func isBusy(_ project: ProjectState) -> Bool {
    if project.phase == .arming || project.pending != nil { return true }
    return project.domains.contains { domain in
      guard domain.settings.runsOnSave else { return false }
      let counts = Counts(domain)
      if counts.running > 0 { return true }
      return counts.queued > 0 && blockers(of: domain, project).isEmpty
    }
  }

  /// Of all projects together.
  package var state: Status.State { worst(projects.map { state(of: $0) }) }

  private func worst(_ states: [Status.State]) -> Status.State {
    let order: [Status.State] = [.red, .running, .paused, .unknown]
    return order.first { states.contains($0) } ?? (states.isEmpty ? .unknown : .green)
  }

  package func status(of names: [ProjectName], daemon: Status.Daemon, clock: Tick) -> Status {
    let shown = projects.filter { names.contains($0.name) }
    return Status(
      clock: clock.number, state: worst(shown.map { state(of: $0) }), daemon: daemon,
      degraded: storageComplaints.map { .init($0) },
      projects: shown.map(body))
  }

  private func body(of project: ProjectState) -> Status.Project {
    var complaints = project.configurationComplaints + project.watchComplaints
    if case .lost(let why) = project.phase { complaints.insert(why, at: 0) }
    complaints += project.domains.compactMap(\.complaint)
    if let held = project.firstRun?.held { complaints.append(held) }
    let failures = failures(of: project)
    return Status.Project(
      name: project.name.text, root: project.root, state: state(of: project), sniffing: project.isSniffing,
      gate: .init(isOpen: project.gate.isOpen, reason: project.gate.reason, text: project.gate.text),
      watch: .init(
        mode: project.watch.mode.rawValue, directories: project.watch.directories, files: project.watch.files,
        overflows: project.watch.overflows, rescans: project.watch.rescans),
      domains: project.domains.map { body(of: $0, project) }, failures: Array(failures.prefix(50)),
      failing: failures.count, degraded: complaints.map { .init($0) })
  }

  private func body(of domain: DomainState, _ project: ProjectState) -> Status.Domain {
    let counts = Counts(domain)
    let blockers = blockers(of: domain, project)
    return Status.Domain(
      name: domain.name.text, state: state(of: domain, project), units: domain.units.count,
      passed: counts.passed, failed: counts.failed, error: counts.error, timedOut: counts.timedOut,
      skipped: counts.skipped, flaky: counts.flaky, unknown: counts.unknown, queued: counts.queued,
      running: counts.running, budget: BudgetMode.soft.rawValue, isolation: IsolationKind.none.rawValue,
      tracing: TracingMode.none.rawValue,
      waiting: counts.queued > 0 && !blockers.isEmpty
        ? "waits for \(blockers.map(\.text).joined(separator: ", "))" : nil)
  }

  private func failures(of project: ProjectState) -> [Status.UnitFailure] {
    project.domains.flatMap { domain in
      domain.units.compactMap { name, unit -> Status.UnitFailure? in
        guard let verdict = unit.holdingVerdict, verdict.isRed, let result = unit.result else { return nil }
        let first = result.failures.first
        return Status.UnitFailure(
          domain: domain.name.text, unit: name, caseName: first?.caseName, verdict: verdict.rawValue,
          message: first?.message ?? result.note, file: first?.file, line: first?.line,
          since: (unit.redSince ?? result.started).rfc3339)
      }.sorted { $0.unit < $1.unit }
    }
  }

  /// Every unit that has ever had a verdict, as the API shows results.
  package func results(of project: ProjectName, where accept: (ResultBody) -> Bool) -> [ResultBody] {
    guard let index = index(of: project) else { return [] }
    return projects[index].domains.flatMap { domain in
      domain.units.keys.sorted().compactMap { name -> ResultBody? in
        let unit = domain.units[name]!
        guard let result = unit.result else { return nil }
        let body = ResultBody(result: result, holds: unit.holds, log: unit.log)
        return accept(body) ? body : nil
      }
    }
  }
}

extension Status.Complaint {
  init(_ diagnostic: Diagnostic) {
    let place = diagnostic.place.map { "\($0.file):\($0.line):\($0.column): " } ?? ""
    self.init(code: diagnostic.code, text: place + diagnostic.message, hint: diagnostic.hints.first)
  }
}

/// How the units of a domain or project stand.
struct Counts: Hashable, Sendable {
  var passed = 0
  var failed = 0
  var error = 0
  var timedOut = 0
  var skipped = 0
  var flaky = 0
  var unknown = 0
  var queued = 0
  var running = 0
  /// Passed, or skipped with at least one case that says so: something was looked at.
  var assessed = 0

  var red: Int { failed + error + timedOut + flaky }

  init(_ domain: DomainState) { add(domain) }

  init(_ project: ProjectState) {
    for domain in project.domains { add(domain) }
  }

  private mutating func add(_ domain: DomainState) {
    for unit in domain.units.values {
      switch unit.holdingVerdict {
      case .passed: passed += 1
      case .failed: failed += 1
      case .error: error += 1
      case .timedOut: timedOut += 1
      case .skipped: skipped += 1
      case .flaky: flaky += 1
      case nil: unknown += 1
      }
      if unit.holdingVerdict == .passed
        || unit.holdingVerdict == .skipped && unit.result?.cases.isEmpty == false
      {
        assessed += 1
      }
      switch unit.phase {
      case .idle: break
      case .queued: queued += 1
      case .running, .storing: running += 1
      }
    }
  }
}
