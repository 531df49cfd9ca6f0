internal import Execution
package import Model
internal import Platform
internal import Storage
internal import Synchronization
internal import Watching
package import Wire

// What the faces may ask. Reads go to the dispatcher's state or to the journal; everything that changes something is a
// message in the one stream.
extension Engine: Door {
  package var clock: Tick { store.ticks.current }

  package var isReady: Bool {
    dispatcher.withLock { dispatcher in dispatcher.projects.allSatisfy { $0.phase != .arming } }
  }

  package func status(project: String?) -> Result<[UInt8], Problem> {
    let newest = store.ticks.current
    let current = revision.load(ordering: .acquiring)
    let kept = keptStatus.withLock { $0[project] }
    if let kept, kept.revision == current, kept.clock == newest { return .success(kept.bytes) }
    return dispatcher.withLock { dispatcher in
      dispatcher.select(project).map { names in
        let clock = store.ticks.current
        let bytes = dispatcher.status(of: names, daemon: daemon, clock: clock).encoded
        let status = KeptStatus(revision: dispatcher.revision, clock: clock, bytes: bytes)
        keptStatus.withLock { kept in
          // Selectors come from outside: their number is bounded.
          if kept.count > 64 { kept = [:] }
          kept[project] = status
        }
        return bytes
      }
    }
  }

  package func results(_ query: ResultsQuery) -> Result<ResultsPage, Problem> {
    let wanted: Verdict?
    if let text = query.verdict {
      guard let verdict = Verdict(rawValue: text) else {
        return .failure(
          Problem(
            status: 400, code: "bad-verdict", title: "No such verdict",
            detail: "no verdict is called \(text)",
            hint: "verdicts are: \(Verdict.allCases.map(\.rawValue).joined(separator: ", "))",
            pointer: "/verdict"))
      }
      wanted = verdict
    } else {
      wanted = nil
    }
    let selected = dispatcher.withLock { dispatcher -> Result<[ResultBody], Problem> in
      dispatcher.select(query.project).flatMap { names in
        if let domain = query.domain,
          !dispatcher.projects.contains(where: { project in
            names.contains(project.name) && project.domains.contains { $0.name.text == domain }
          })
        {
          return .failure(
            Problem(
              status: 404, code: "unknown-domain", title: "No such domain",
              detail: "no domain is named \(domain)"))
        }
        return .success(
          names.flatMap { name in
            dispatcher.results(of: name) { body in
              (query.domain == nil || body.result.unit.domain.text == query.domain)
                && (query.unit == nil || body.result.unit.unit == query.unit)
                && (wanted == nil || body.holds && body.result.verdict == wanted)
            }
          })
      }
    }
    return selected.flatMap { page(of: $0, query) }
  }

  private func page(of all: [ResultBody], _ query: ResultsQuery) -> Result<ResultsPage, Problem> {
    let limit = max(1, min(query.limit, 10_000))
    var start = 0
    if let cursor = query.cursor {
      guard let offset = Int(cursor), (0...all.count).contains(offset) else {
        return .failure(
          Problem(
            status: 400, code: "bad-cursor", title: "No such page",
            detail: "\(cursor) is no cursor of this list",
            pointer: "/cursor"))
      }
      start = offset
    }
    let end = min(all.count, start + limit)
    return .success(
      ResultsPage(
        clock: clock.number, results: Array(all[start..<end]), nextCursor: end < all.count ? String(end) : nil
      ))
  }

  // MARK: Requests that wait

  @discardableResult
  func ask(
    _ message: (Ticket) -> Message, _ done: @escaping @Sendable (Order.Answer) -> Void
  ) -> Ticket {
    let ticket = Ticket(numbers.add(1, ordering: .relaxed).newValue)
    answers.withLock { $0[ticket] = done }
    post(message(ticket))
    return ticket
  }

  package func sniff(
    _ request: SniffRequest, accepted: @escaping @Sendable (Tick) -> Void,
    done: @escaping @Sendable (Result<ResultsPage, Problem>) -> Void
  ) -> @Sendable () -> Void {
    let ticket = ask({ .sniff(request, $0) }) { answer in
      switch answer {
      case .results(let results, let clock):
        done(.success(ResultsPage(clock: clock, results: results, nextCursor: nil)))
      case .accepted(let clock): accepted(Tick(clock))
      case .refused(let problem): done(.failure(problem))
      case .done, .synced: done(.failure(.misplaced))
      }
    }
    return { [weak self] in self?.forget(ticket) }
  }

  /// Whoever asked has gone.
  private func forget(_ ticket: Ticket) {
    _ = answers.withLock { $0.removeValue(forKey: ticket) }
    post(.giveUp(ticket))
  }

  package func sync(
    project: String?, seenOnly: Bool, done: @escaping @Sendable (Result<SyncAnswer, Problem>) -> Void
  ) -> @Sendable () -> Void {
    let ticket = ask({ .sync(project: project, seenOnly: seenOnly, $0) }) { answer in
      switch answer {
      case .synced(let sync): done(.success(sync))
      case .refused(let problem): done(.failure(problem))
      case .done, .results, .accepted: done(.failure(.misplaced))
      }
    }
    return { [weak self] in self?.forget(ticket) }
  }

  package func command(_ command: Command, done: @escaping @Sendable (Result<Void, Problem>) -> Void) {
    ask({ .command(command, $0) }) { answer in
      switch answer {
      case .done: done(.success(()))
      case .refused(let problem): done(.failure(problem))
      case .synced, .results, .accepted: done(.failure(.misplaced))
      }
    }
  }

  package func changes(
    project: String?, since: Tick, done: @escaping @Sendable (Result<ChangesAnswer, Problem>) -> Void
  ) {
    switch dispatcher.withLock({ $0.select(project) }) {
    case .failure(let problem): done(.failure(problem))
    case .success(let names):
      guard names.count == 1, let watcher = watcher(of: names[0]) else {
        return done(
          .failure(
            Problem(
              status: 400, code: "which-project", title: "Which project",
              detail: names.isEmpty
                ? "no project is watched" : "\(names.count) projects are watched; name one",
              hint: names.isEmpty ? nil : "projects are: \(names.map(\.text).joined(separator: ", "))",
              pointer: "/project")))
      }
      watcher.changes(since: since) { done(.success($0)) }
    }
  }

  // MARK: The stream

  package func events(
    after: Tick, project: String?, kinds: Set<Event.Kind>, limit: Int
  ) -> Result<[Event], Problem> {
    var only: ProjectName?
    if let project {
      switch dispatcher.withLock({ $0.select(project) }) {
      case .failure(let problem): return .failure(problem)
      case .success(let names): only = names.first
      }
    }
    do throws(StorageError) {
      switch try store.events(after: after, project: only, kinds: kinds, limit: limit) {
      case .events(let events): return .success(events)
      case .expired(let oldest):
        return .failure(
          Problem(
            status: 410, code: "clock-expired", title: "Too old",
            detail: "events after \(after) are not kept any more; the oldest kept is \(oldest)",
            hint: "begin again from \(oldest)"))
      }
    } catch {
      return .failure(
        Problem(
          status: 503, code: error.code.rawValue, title: "The journal cannot be read", detail: error.message,
          hint: error.hint))
    }
  }

  package func follow(_ wake: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
    let number = numbers.add(1, ordering: .relaxed).newValue
    followers.withLock { $0[number] = wake }
    return { [weak self] in _ = self?.followers.withLock { $0.removeValue(forKey: number) } }
  }

  // MARK: Runs

  package func run(_ id: String) -> Result<ResultBody, Problem> {
    guard let run = RunID(id), let stored = store.run(run) else { return .failure(.unknownRun(id)) }
    return .success(body(of: stored))
  }

  package func log(runOrUnit: String, project: String?) -> Result<[UInt8], Problem> {
    if let run = RunID(runOrUnit) {
      if let log = store.log(of: run) ?? output(of: run) { return .success(log) }
      return .failure(.unknownRun(runOrUnit))
    }
    let found = dispatcher.withLock { dispatcher -> Result<RunID, Problem> in
      dispatcher.select(project).flatMap { names in
        let unit = Dispatcher.unitName(in: runOrUnit)
        let units = names.flatMap { dispatcher.units(named: unit, in: $0) }
        // What runs now, else what ran last.
        if let run = units.compactMap(\.newestRun).max() { return .success(run) }
        if !units.isEmpty {
          return .failure(
            Problem(status: 404, code: "no-run", title: "No run yet", detail: "\(unit) has not run yet"))
        }
        return .failure(dispatcher.unknownUnit(runOrUnit, in: names, status: 404))
      }
    }
    return found.flatMap { run in
      if let log = output(of: run) ?? store.log(of: run) { return .success(log) }
      return .failure(.unknownRun(run.description))
    }
  }

  /// What the run has written so far, as long as its directory is there.
  private func output(of run: RunID) -> [UInt8]? {
    try? Files.read(executor.outputPath(of: run))
  }

  package func history(
    unit: String, project: String?, domain: String?, limit: Int
  ) -> Result<[ResultBody], Problem> {
    dispatcher.withLock { $0.select(project) }.flatMap { names in
      let runs = store.history(
        unit: unit, project: names.count == 1 ? names[0] : nil, domain: domain.flatMap { DomainName($0) },
        limit: max(1, min(limit, 10_000)))
      let isKnown = dispatcher.withLock { dispatcher in
        names.contains { !dispatcher.units(named: unit, in: $0).isEmpty }
      }
      if runs.isEmpty && !isKnown {
        return .failure(dispatcher.withLock { $0.unknownUnit(unit, in: names, status: 404) })
      }
      return .success(runs.map(body))
    }
  }

  /// Whether it holds is the dispatcher's word: only the newest run of a unit can.
  private func body(of stored: StoredResult) -> ResultBody {
    let holds = dispatcher.withLock { dispatcher in
      guard let unit = dispatcher.unit(stored.result.unit) else { return false }
      return unit.holds && unit.result?.run == stored.result.run
    }
    return ResultBody(result: stored.result, holds: holds, log: stored.log)
  }

  package func queues(project: String?) -> Result<QueuesPage, Problem> {
    dispatcher.withLock { dispatcher in
      dispatcher.select(project).map { dispatcher.queues(of: $0, clock: store.ticks.current) }
    }
  }
}

extension Problem {
  static func unknownRun(_ id: String) -> Problem {
    Problem(
      status: 404, code: "unknown-run", title: "No such run", detail: "no run \(id) is kept",
      hint: "mcpd-client history UNIT lists the runs of a unit")
  }

  /// The dispatcher answered another question than was asked: a defect.
  static let misplaced = Problem(
    status: 500, code: "defect", title: "A defect in mcpd", detail: "the answer belongs to another question")
}
