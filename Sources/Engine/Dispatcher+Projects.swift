package import Model
internal import Planning
internal import Storage

// Opening and closing projects, their settings, their units.
extension Dispatcher {
  mutating func addProject(_ opening: ProjectOpening) {
    guard index(of: opening.name) == nil else { return }
    var project = ProjectState(
      name: opening.name, root: opening.root,
      settings: opening.report.settings ?? ProjectSettings(name: opening.name.text),
      isDetected: opening.report.isDetected, isSniffing: opening.isSniffing, isKnown: !opening.results.isEmpty
    )
    project.configurationComplaints = opening.report.diagnostics
    project.domains = project.settings.domains.map { DomainState(settings: $0) }
    project.lastChange = opening.lastChange
    project.toolchain = opening.toolchain
    if opening.isFirstRunHeld {
      project.firstRun = FirstRun(count: 0, started: moment.now)
      project.firstRun!.held = FirstRun.tooLong(nil, nil)
    }
    if project.domains.contains(where: {
      opening.settingsDigests[$0.name] != opening.report.domainDigests[$0.name]
    }) {
      // Runs of an earlier life that are still under way ran with other settings.
      move(&project, to: ticks.next())
    }
    for index in project.domains.indices {
      let name = project.domains[index].name
      let isChanged = opening.settingsDigests[name] != opening.report.domainDigests[name]
      for stored in opening.results where stored.result.unit.domain == name {
        var unit = UnitState(
          path: nil, lastTouch: isChanged ? project.lastChange : opening.lastChange,
          touch: isChanged ? .configuration(of: name) : UnitState.unarmed)
        unit.result = stored.result
        unit.log = stored.log
        unit.redSince = stored.redSince
        project.domains[index].units[stored.result.unit.unit] = unit
      }
      if isChanged { rememberSettings(project.name, name, opening.report.domainDigests[name]) }
      schedule(&project.domains[index])
    }
    projects.append(project)
    if !opening.report.diagnostics.isEmpty {
      tellComplaints(.config, opening.name, opening.report.diagnostics)
    }
  }

  mutating func removeProject(_ name: ProjectName) {
    guard let index = index(of: name) else { return }
    for (run, active) in runs where active.request.unit.project == name {
      runs[run]?.isVoid = true
      order(.stop(run))
    }
    projects.remove(at: index)
    order(.closeProject(name))
  }

  /// Takes new settings; without any the last good ones stay in force.
  mutating func takeSettings(_ report: SettingsReport, _ project: inout ProjectState) {
    let wasComplaining = project.configurationComplaints
    project.configurationComplaints = report.diagnostics
    if report.diagnostics != wasComplaining { tellComplaints(.config, project.name, report.diagnostics) }
    if let settings = report.settings {
      project.isDetected = report.isDetected
      if settings.ignore != project.settings.ignore || settings.settle != project.settings.settle {
        order(.reconfigureWatch(project.name, ignore: settings.ignore, settle: settings.settle))
      }
      let old = project.domains
      // New settings take a tick of the clock, like a change: what ran before it does not hold.
      let newSettings = ticks.next()
      move(&project, to: newSettings)
      project.domains = settings.domains.map { new in
        guard var domain = old.first(where: { $0.name == new.name }) else {
          return DomainState(settings: new)
        }
        guard domain.settings != new else { return domain }
        domain.settings = new
        for name in domain.units.keys {
          domain.units[name]!.lastTouch = newSettings
          domain.units[name]!.touch = .configuration(of: new.name)
          void(&domain.units[name]!)
        }
        domain.nextDue = nil
        return domain
      }
      for domain in old where project.index(of: domain.name) == nil { retire(domain, of: project.name) }
      for index in project.domains.indices {
        let name = project.domains[index].name
        rememberSettings(project.name, name, report.domainDigests[name])
        if project.domains[index].nextDue == nil { schedule(&project.domains[index]) }
      }
      project.settings = settings
    }
    guard project.pending != nil else { return }
    project.pending!.awaitsSettings = false
    discoverAll(&project)
    planIfReady(&project)
  }

  private mutating func rememberSettings(_ project: ProjectName, _ domain: DomainName, _ digest: String?) {
    set(Self.settingsKey(project, domain), digest)
  }

  package static func settingsKey(_ project: ProjectName, _ domain: DomainName) -> String {
    "settings/\(project)/\(domain)"
  }

  /// Something moved: verdicts from before this tick may not hold, also after a restart.
  mutating func move(_ project: inout ProjectState, to tick: Tick) {
    project.lastChange = tick
    set(Self.changedKey(project.name), String(tick.number))
  }

  package static func changedKey(_ project: ProjectName) -> String { "changed/\(project)" }
  package static func clockKey(_ project: ProjectName) -> String { "clock/\(project)" }
  package static func sniffingKey(_ project: ProjectName) -> String { "sniffing/\(project)" }

  /// The units of a domain that is no more: their runs are stopped, their verdicts retired.
  private mutating func retire(_ domain: DomainState, of project: ProjectName) {
    for (name, unit) in domain.units {
      stopRun(of: unit)
      draft.transaction.retiredUnits.append(UnitID(project: project, domain: domain.name, unit: name))
    }
  }

  /// The run of this unit, if there is one, ends without a verdict.
  private mutating func stopRun(of unit: UnitState, letFinish: Bool = false) {
    guard case .running(let run) = unit.phase, runs[run]?.isVoid == false else { return }
    runs[run]!.isVoid = true
    if !letFinish { order(.stop(run)) }
  }

  /// The run under way cannot earn a verdict any more. It is stopped at once, unless it may be the run itself that writes
  /// what looks like a change: then the rest of its writes is wanted too.
  mutating func void(_ unit: inout UnitState, letFinish: Bool = false) {
    stopRun(of: unit, letFinish: letFinish)
    unit.isCancelled = false
  }

  // MARK: Units

  mutating func discoverAll(_ project: inout ProjectState) {
    project.pending = project.pending ?? PendingPlan()
    for index in project.domains.indices {
      project.domains[index].generation += 1
      let domain = project.domains[index]
      project.pending!.awaitsUnits.insert(domain.name)
      order(.discover(project.name, root: project.root, domain.settings, generation: domain.generation))
    }
    project.pending!.awaitsUnits.formIntersection(project.domains.map(\.name))
  }

  mutating func unitsFound(
    _ name: DomainName, _ generation: UInt64, _ answer: DiscoveryAnswer, _ project: inout ProjectState
  ) {
    guard let index = project.index(of: name), project.domains[index].generation == generation else { return }
    switch answer {
    case .failed(let complaint):
      project.domains[index].complaint = complaint
    case .units(let found):
      project.domains[index].complaint = nil
      project.domains[index].hasUnits = true
      var old = project.domains[index].units
      var units: [String: UnitState] = [:]
      for one in found {
        var unit =
          old.removeValue(forKey: one.name)
          ?? UnitState(path: one.path, lastTouch: project.lastChange, touch: .isNew)
        unit.path = one.path
        units[one.name] = unit
      }
      project.domains[index].units = units
      project.domains[index].queue.removeAll { units[$0] == nil }
      for (name, unit) in old {
        stopRun(of: unit)
        project.writes.forget(.init(domain: project.domains[index].name, unit: name))
        draft.transaction.retiredUnits.append(
          UnitID(project: project.name, domain: project.domains[index].name, unit: name))
      }
    }
    project.pending?.awaitsUnits.remove(name)
    planIfReady(&project)
  }

  mutating func tellComplaints(_ kind: Event.Kind, _ project: ProjectName, _ complaints: [Diagnostic]) {
    tell(kind, project, .complaints(complaints))
  }

  mutating func schedule(_ domain: inout DomainState) {
    for case .every(let period) in domain.settings.triggers {
      let due = moment.now + period
      domain.nextDue = min(domain.nextDue ?? due, due)
    }
  }
}
