internal import Model
internal import Planning
internal import Storage
internal import Wire

// Runs: how they end, when their verdict counts, and when it is told.
extension Dispatcher {
  /// A supervisor of an earlier life of the daemon still has this run in hand.
  mutating func adopted(_ request: RunRequest) {
    let id = request.unit
    guard let p = index(of: id.project), let d = projects[p].index(of: id.domain) else {
      order(.stop(request.run))
      return
    }
    var unit =
      projects[p].domains[d].units[id.unit]
      ?? UnitState(path: request.path, lastTouch: projects[p].lastChange, touch: .isNew)
    runs[request.run] = ActiveRun(
      request: request, entry: QueueEntry(reason: request.reason, attempt: request.attempt))
    guard unit.phase == .idle, projects[p].domains[d].settings == request.settings else {
      runs[request.run]!.isVoid = true
      order(.stop(request.run))
      return
    }
    unit.phase = .running(request.run)
    projects[p].domains[d].units[id.unit] = unit
    projects[p].domains[d].runningCount += 1
  }

  mutating func runEnded(_ end: RunEnd) {
    let run = end.request.run
    guard runs[run] != nil else {
      // Its project is gone: nobody waits for it.
      order(.release(run))
      return
    }
    runs[run]!.end = end
    if runs[run]!.isVoid || runs[run]!.isCancelled || index(of: end.request.unit.project) == nil {
      conclude(run)
    } else {
      order(.syncWatch(end.request.unit.project, .run(run)))
    }
  }

  /// Everything that happened before the end of the run has been taken in: its verdict can be judged now.
  mutating func runSynced(_ run: RunID) {
    if runs[run]?.end != nil { conclude(run) }
  }

  /// Runs that became void while they waited for the watcher do not wait any longer.
  mutating func concludeVoidRuns() {
    for (run, active) in runs where active.isVoid && active.end != nil { conclude(run) }
  }

  private mutating func conclude(_ run: RunID) {
    guard let active = runs[run], let end = active.end else { return }
    guard projects.contains(where: { $0.name == active.request.unit.project }) else {
      runs[run] = nil
      order(.release(run))
      return
    }
    withProject(active.request.unit.project) { $0.conclude(active, end, &$1) }
    isQueueDirty = true
  }

  private mutating func conclude(_ active: ActiveRun, _ end: RunEnd, _ project: inout ProjectState) {
    let id = active.request.unit
    let run = active.request.run
    runs[run] = nil
    project.writes.runEnded(.init(domain: id.domain, unit: id.unit))
    guard let index = project.index(of: id.domain), var unit = project.domains[index].units[id.unit],
      unit.phase == .running(run)
    else {
      // The unit was retired while it ran.
      discard(active, end, because: "the unit is gone")
      if let index = project.index(of: id.domain) { recount(&project.domains[index]) }
      return
    }
    unit.phase = .idle
    let again = unit.again
    unit.again = nil
    defer { project.domains[index].units[id.unit] = unit }

    func goAgain(_ entry: QueueEntry) {
      project.domains[index].units[id.unit] = unit
      enqueue(id.unit, in: id.domain, entry, &project)
      unit = project.domains[index].units[id.unit]!
    }

    recountAfter(&project.domains[index])
    if active.isVoid || unit.lastTouch > active.request.clock {
      discard(active, end, because: active.isCancelled ? "cancelled" : "its inputs moved while it ran")
      unit.isCancelled = active.isCancelled
      if let again { goAgain(QueueEntry(reason: again, isForced: active.entry.isForced)) }
      return
    }
    switch end.kind {
    case .stopped:
      discard(active, end, because: active.isCancelled ? "cancelled" : "stopped")
      unit.isCancelled = active.isCancelled
      // Somebody else stopped it, the system at its shutdown perhaps: nobody has an answer yet.
      if !active.isCancelled { goAgain(active.entry) }
    case .lost(let why):
      unit.losses += 1
      if unit.losses < 3 {
        discard(active, end, because: why)
        goAgain(active.entry)
      } else {
        unit.losses = 0
        accept(active, end, Judgement(verdict: .error, note: why), &unit)
      }
    case .judged(let judgement):
      unit.losses = 0
      let isKnownFlaky = unit.holdingVerdict == .flaky
      let retries = project.domains[index].settings.retries
      if judgement.verdict.isRed, active.entry.attempt <= (isKnownFlaky ? retries.flaky : retries.failed) {
        var entry = active.entry
        entry.attempt += 1
        entry.redAttempts += 1
        discard(active, end, because: "it runs again on the same inputs (attempt \(entry.attempt))")
        goAgain(entry)
        return
      }
      accept(active, end, judgement, &unit, isFlaky: active.entry.redAttempts > 0 || isKnownFlaky)
      if let again {
        unit.again = again
      }
    }
  }

  private func recountAfter(_ domain: inout DomainState) {
    domain.runningCount = max(0, domain.runningCount - 1)
  }

  private func recount(_ domain: inout DomainState) {
    domain.runningCount = runs.values.count { $0.request.unit.domain == domain.name }
  }

  /// Its result goes to the journal; it counts when the journal has it.
  private mutating func accept(
    _ active: ActiveRun, _ end: RunEnd, _ judgement: Judgement, _ unit: inout UnitState, isFlaky: Bool = false
  ) {
    let verdict = isFlaky && judgement.verdict == .passed ? .flaky : judgement.verdict
    let request = active.request
    let result = RunResult(
      run: request.run, unit: request.unit, verdict: verdict, clock: request.clock, started: end.started,
      duration: end.duration, attempts: request.attempt, reason: request.reason, cases: judgement.cases,
      failures: judgement.failures, usage: end.usage, isolation: .none, note: judgement.note)
    unit.phase = .storing(request.clock)
    tell(.runFinished, request.unit.project, .finished(result))
    draft.transaction.results.append(RecordedResult(result, log: end.log, path: request.path))
    storing[draft.sequence, default: []].append(
      StoringResult(unit: request.unit, result: result, entry: active.entry))
  }

  private mutating func discard(_ active: ActiveRun, _ end: RunEnd, because note: String) {
    let request = active.request
    let result = RunResult(
      run: request.run, unit: request.unit, verdict: nil, clock: request.clock, started: end.started,
      duration: end.duration, attempts: request.attempt, reason: request.reason, usage: end.usage,
      isolation: .none,
      discarded: true, note: note)
    tell(.runFinished, request.unit.project, .finished(result))
    order(.release(request.run))
  }

  /// The journal has everything up to this record: now the verdicts in it count.
  mutating func recorded(_ sequence: UInt64) {
    recordedSequence = max(recordedSequence, sequence)
    for key in storing.keys.filter({ $0 <= sequence }).sorted() {
      for stored in storing.removeValue(forKey: key) ?? [] {
        order(.release(stored.result.run))
        withProject(stored.unit.project) { $0.publish(stored, &$1) }
      }
    }
    isQueueDirty = true
  }

  private mutating func publish(_ stored: StoringResult, _ project: inout ProjectState) {
    let id = stored.unit
    guard let index = project.index(of: id.domain), var unit = project.domains[index].units[id.unit] else {
      return
    }
    let wasRed = unit.result?.verdict?.isRed == true
    unit.result = stored.result
    let isRed = stored.result.verdict?.isRed == true
    if !isRed {
      unit.redSince = nil
    } else if !wasRed || unit.redSince == nil {
      unit.redSince = stored.result.started
    }
    if unit.lastTouch <= stored.result.clock { unit.touch = nil }
    let again = unit.again
    unit.again = nil
    if case .storing = unit.phase { unit.phase = .idle }
    project.isKnown = true
    paceFirstRun(&project)
    project.domains[index].units[id.unit] = unit
    if let again { enqueue(id.unit, in: id.domain, QueueEntry(reason: again), &project) }
    tellState(&project)
  }

  /// Tells how the project stands when that has changed, and when it comes to rest.
  mutating func tellState(_ project: inout ProjectState) {
    let state = state(of: project)
    let hasComeToRest = project.isPlanOpen && !isBusy(project)
    guard state != project.lastToldState || hasComeToRest else { return }
    if hasComeToRest { project.isPlanOpen = false }
    project.lastToldState = state
    tell(.state, project.name, .state(state, Counts(project)))
  }
}
