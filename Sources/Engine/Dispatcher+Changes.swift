internal import Model
internal import Planning

// What the watcher says, and the plans that come of it.
extension Dispatcher {
  /// Names that decide what is tested or how: a change of one asks for the settings or for the units again.
  private static let decisive: Set<String> = [
    ".mcpd.yaml", "pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "setup.py",
    "uv.lock",
    "poetry.lock", "Package.swift", "Cargo.toml", "go.mod", "go.work", "package.json", "CMakeLists.txt",
    "Makefile",
    "makefile", "GNUmakefile", "conftest.py",
  ]

  mutating func armed(_ answer: ChangesAnswer, _ project: inout ProjectState) {
    project.phase = .watching
    for index in project.domains.indices {
      for name in project.domains[index].units.keys
      where project.domains[index].units[name]!.touch == UnitState.unarmed {
        project.domains[index].units[name]!.touch = nil
      }
    }
    let isUnknown = answer.fresh
    if isUnknown {
      move(&project, to: ticks.next())
    } else {
      noteChanges(answer.changes, &project)
    }
    set(Self.clockKey(project.name), String(answer.clock.number))
    if isUnknown || !answer.changes.isEmpty {
      let reason =
        isUnknown
        ? Reason(.changed, text: "what changed while nobody watched cannot be known")
        : Reason.changed(answer.changes)
      touchAll(&project) { _ in reason }
    }
    project.pending = PendingPlan()
    discoverAll(&project)
    planIfReady(&project)
    isQueueDirty = true
  }

  mutating func changed(_ set: ChangeSet, _ project: inout ProjectState) {
    guard project.phase == .watching, !set.changes.isEmpty else { return }
    noteChanges(set.changes, &project)
    let running = Set(
      runs.values.filter { $0.request.unit.project == project.name }.map {
        WriteAttribution.Key(domain: $0.request.unit.domain, unit: $0.request.unit.unit)
      })
    let touch = project.writes.attribute(set.changes, running: running)
    let common = touch.common.isEmpty ? nil : Reason.changed(touch.common)
    touchAll(&project) { key in
      if touch.exceptions.isEmpty { return common }
      let changes = touch.changes(for: key)
      return changes.isEmpty ? nil : .changed(changes)
    }
    // A change that only concerns its own writer is settled with that: it plans nothing.
    let needsSettings = set.changes.contains { isDecisive($0, project.isDetected) }
    let needsUnits = needsSettings || set.changes.contains { $0.kind != .changed }
    project.pending = project.pending ?? PendingPlan()
    project.pending!.isForChanges = true
    if project.pending!.changes.count < 1000 { project.pending!.changes += set.changes.prefix(1000) }
    if needsSettings {
      project.pending!.awaitsSettings = true
      order(.reloadSettings(project.name))
    } else if needsUnits && !project.pending!.awaitsSettings {
      discoverAll(&project)
    }
    planIfReady(&project)
    isQueueDirty = true
  }

  private func isDecisive(_ change: Change, _ isDetected: Bool) -> Bool {
    let name = String(decoding: change.path.name, as: UTF8.self)
    if name == ".mcpd.yaml" { return true }
    // In a project without a configuration, coming and going files may bring or take a kind of testing.
    return isDetected && (change.kind != .changed || Self.decisive.contains(name))
  }

  /// One `change` event for each path, and the clock up to which changes are taken in.
  ///
  /// The project's newest change has the tick of its event, not the watcher's: a run may have started between the two, and
  /// its verdict must not look as if it took the change into account.
  private mutating func noteChanges(_ changes: [Change], _ project: inout ProjectState) {
    var newest = project.lastChange
    for change in changes { newest = tell(.change, project.name, .change(change)) }
    move(&project, to: newest)
    if let newest = changes.map(\.tick).max() {
      set(Self.clockKey(project.name), String(newest.number))
    }
  }

  /// Marks every unit for which there is a reason: its verdict no longer holds, and what runs on the old inputs is void.
  private mutating func touchAll(
    _ project: inout ProjectState, _ reason: (WriteAttribution.Key) -> Reason?
  ) {
    for index in project.domains.indices {
      let domain = project.domains[index].name
      for name in project.domains[index].units.keys {
        guard let reason = reason(.init(domain: domain, unit: name)) else { continue }
        project.domains[index].units[name]!.lastTouch = project.lastChange
        if project.domains[index].units[name]!.touch?.kind != .new {
          project.domains[index].units[name]!.touch = reason
        }
        let isSuspected = project.writes.isSuspected(.init(domain: domain, unit: name))
        void(&project.domains[index].units[name]!, letFinish: isSuspected)
      }
    }
  }

  mutating func planIfReady(_ project: inout ProjectState) {
    guard let pending = project.pending, pending.isReady, project.phase == .watching else { return }
    project.pending = nil
    let changed = Set(pending.changes.map(\.path))
    var candidates: [Planner.Candidate] = []
    for domain in project.domains where domain.settings.runsOnSave {
      for (name, unit) in domain.units {
        let isDue = !unit.holds && !unit.isCancelled && project.isSniffing && !isHeldBack(unit, project)
        candidates.append(
          Planner.Candidate(
            unit: UnitID(project: project.name, domain: domain.name, unit: name),
            priority: domain.settings.priority, reason: isDue ? unit.touch ?? .isNew : nil,
            lastVerdict: unit.result?.verdict, lastDuration: unit.result?.duration,
            isChangedItself: unit.path.map(changed.contains) ?? false))
      }
    }
    let plan = Planner.plan(clock: project.lastChange, candidates: candidates)
    if !plan.assignments.isEmpty || pending.isForChanges {
      tell(.plan, project.name, .plan(plan, isFirst: !project.isKnown))
    }
    if !project.isKnown && project.firstRun == nil && !plan.assignments.isEmpty {
      project.firstRun = FirstRun(count: plan.assignments.count, started: moment.now)
    }
    project.isPlanOpen = project.isPlanOpen || !plan.assignments.isEmpty
    for assignment in plan.assignments {
      enqueue(
        assignment.unit.unit, in: assignment.unit.domain, QueueEntry(reason: assignment.reason), &project)
    }
    isQueueDirty = true
    tellState(&project)
  }

  mutating func gateMoved(_ gate: Gate, _ project: inout ProjectState) {
    guard gate != project.gate else { return }
    project.gate = gate
    tell(.gate, project.name, .gate(gate))
    isQueueDirty = true
  }

  mutating func overflowed(_ name: ProjectName, _ total: Int) {
    tell(.overflow, name, .count("overflows", total))
  }

  mutating func degraded(_ complaints: [Diagnostic], _ project: inout ProjectState) {
    guard complaints != project.watchComplaints else { return }
    project.watchComplaints = complaints
    tellComplaints(.degraded, project.name, complaints)
  }

  /// It is back, perhaps as another one: its settings and units are read again. What the watcher finds changed follows.
  mutating func rootFound(_ project: inout ProjectState) {
    guard project.phase != .watching else { return }
    project.phase = .watching
    move(&project, to: ticks.next())
    touchAll(&project) { _ in Reason(.changed, text: "the project's directory came back") }
    tellComplaints(.degraded, project.name, [])
    project.pending = PendingPlan()
    project.pending!.awaitsSettings = true
    order(.reloadSettings(project.name))
  }

  /// Nothing can be said of a project that is not there: its runs are stopped, its units are unknown until it is back.
  mutating func rootLost(_ why: Diagnostic, _ project: inout ProjectState) {
    project.phase = .lost(why)
    project.pending = nil
    tellComplaints(.degraded, project.name, [why])
    for index in project.domains.indices {
      for name in project.domains[index].units.keys {
        var unit = project.domains[index].units[name]!
        void(&unit)
        if case .queued = unit.phase { unit.phase = .idle }
        unit.doubt(Reason(.changed, text: "the project's directory went away"))
        project.domains[index].units[name] = unit
      }
      project.domains[index].queue = []
    }
  }
}
