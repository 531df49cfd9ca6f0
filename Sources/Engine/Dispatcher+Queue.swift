internal import Model
internal import Planning
internal import Storage
internal import Wire

// Queues: what waits, and what may start now.
extension Dispatcher {
  /// Puts a unit into its domain's queue. What is queued already merges; what runs goes again afterwards.
  mutating func enqueue(
    _ name: String, in domain: DomainName, _ entry: QueueEntry, _ project: inout ProjectState
  ) {
    guard let index = project.index(of: domain), var unit = project.domains[index].units[name] else { return }
    switch unit.phase {
    case .idle:
      var entry = entry
      if project.writes.isSuspected(.init(domain: domain, unit: name)) {
        entry.notBefore = moment.now + WriteAttribution.quiet
      }
      unit.phase = .queued(entry)
      project.domains[index].queue.append(name)
    case .queued(var waiting):
      waiting.reason = entry.reason
      waiting.isForced = waiting.isForced || entry.isForced
      if waiting.notBefore != nil { waiting.notBefore = moment.now + WriteAttribution.quiet }
      if entry.attempt == 1 { (waiting.attempt, waiting.redAttempts) = (1, 0) }
      unit.phase = .queued(waiting)
    case .running(let run):
      // A run that takes everything into account will do; it may be one of an earlier life.
      let isGood = runs[run].map { !$0.isVoid && unit.lastTouch <= $0.request.clock } ?? false
      if !isGood { unit.again = entry.reason }
    case .storing(let clock):
      if unit.lastTouch > clock { unit.again = entry.reason }
    }
    unit.isCancelled = false
    project.domains[index].units[name] = unit
    isQueueDirty = true
  }

  /// Takes a unit out of the queue; it stays unknown.
  func dequeue(_ name: String, at index: Int, _ project: inout ProjectState) {
    project.domains[index].queue.removeAll { $0 == name }
    project.domains[index].units[name]?.phase = .idle
  }

  /// How many runs the machine takes at once: one a core, or what a domain asks for by name.
  private var slots: Int {
    max(limits.cores, projects.flatMap(\.domains).compactMap(\.settings.parallel).max() ?? 1)
  }

  /// Starts what may start, domains of higher priority first.
  mutating func fillSlots() {
    if isPaused { return }
    let slots = slots
    var order: [(priority: Int, project: Int, domain: Int)] = []
    for (p, project) in projects.enumerated() where canStart(in: project) {
      for (d, domain) in project.domains.enumerated() where !domain.queue.isEmpty {
        order.append((domain.settings.priority, p, d))
      }
    }
    order.sort { ($1.priority, $0.project, $0.domain) < ($0.priority, $1.project, $1.domain) }
    for (_, p, d) in order {
      while runs.count < slots, let name = nextStartable(p, d) { start(name, p, d) }
    }
  }

  private func canStart(in project: ProjectState) -> Bool {
    project.phase == .watching && project.gate.isOpen && !project.isPaused
  }

  private func nextStartable(_ p: Int, _ d: Int) -> String? {
    let project = projects[p]
    let domain = project.domains[d]
    guard domain.runningCount < (domain.settings.parallel ?? limits.cores),
      blockers(of: domain, project).isEmpty
    else { return nil }
    let running = runs.values.lazy.filter { $0.request.unit.project == project.name }
    let isBusy = !running.isEmpty
    if running.contains(where: { isAlone($0.request.unit, project) }) { return nil }
    return domain.queue.first { name in
      guard case .queued(let entry)? = domain.units[name]?.phase else { return false }
      if let notBefore = entry.notBefore, notBefore > moment.now { return false }
      return !(isBusy && project.writes.isSuspected(.init(domain: domain.name, unit: name)))
    }
  }

  private func isAlone(_ unit: UnitID, _ project: ProjectState) -> Bool {
    project.writes.isSuspected(.init(domain: unit.domain, unit: unit.unit))
  }

  /// The domains whose green this one needs and has not.
  func blockers(of domain: DomainState, _ project: ProjectState) -> [DomainName] {
    domain.settings.needs.filter { name in
      guard let index = project.index(of: name) else { return false }
      return state(of: project.domains[index], project) != .green
    }
  }

  private mutating func start(_ name: String, _ p: Int, _ d: Int) {
    guard var unit = projects[p].domains[d].units[name], case .queued(let entry) = unit.phase else { return }
    let project = projects[p]
    let domain = project.domains[d]
    let run = RunID(ticks.next())
    let request = RunRequest(
      run: run, unit: UnitID(project: project.name, domain: domain.name, unit: name), path: unit.path,
      clock: project.lastChange, reason: entry.reason, attempt: entry.attempt, root: Array(project.root.utf8),
      settings: domain.settings, toolchain: project.toolchain,
      isBackground: project.firstRun?.held == nil && project.firstRun != nil && !entry.isForced)
    unit.phase = .running(run)
    projects[p].domains[d].units[name] = unit
    projects[p].domains[d].queue.removeAll { $0 == name }
    projects[p].domains[d].runningCount += 1
    runs[run] = ActiveRun(request: request, entry: entry, started: moment.wall)
    draft.transaction.events.append(
      Event(
        tick: run.tick, time: moment.wall, project: project.name, kind: .runStarted,
        body: EventData.started(request).encoded))
    order(.start(request))
  }

  /// The next moment at which something becomes due by time alone.
  var nextDeadline: Instant? {
    var next: Instant?
    for domain in projects.flatMap(\.domains) {
      if let due = domain.nextDue { next = min(next ?? due, due) }
      for name in domain.queue {
        guard case .queued(let entry)? = domain.units[name]?.phase, let due = entry.notBefore,
          due > moment.now
        else { continue }
        next = min(next ?? due, due)
      }
    }
    return next
  }

  mutating func woken() {
    for name in projects.map(\.name) {
      withProject(name) { dispatcher, project in
        for index in project.domains.indices {
          guard let due = project.domains[index].nextDue, due <= dispatcher.moment.now else { continue }
          project.domains[index].nextDue = nil
          dispatcher.schedule(&project.domains[index])
          guard project.isSniffing else { continue }
          for unit in project.domains[index].units.keys.sorted() {
            dispatcher.enqueue(
              unit, in: project.domains[index].name,
              QueueEntry(reason: Reason(.forced, text: "its time has come (`every`)")), &project)
          }
        }
      }
    }
    isQueueDirty = true
  }
}
