internal import Model
internal import Wire

// What is queued and running, as the API shows it.
extension Dispatcher {
  func queues(of names: [ProjectName], clock: Tick) -> QueuesPage {
    var page = QueuesPage(clock: clock.number, queues: [])
    for project in projects where names.contains(project.name) {
      for domain in project.domains {
        page.queues += running(in: domain, project) + queued(in: domain, project)
      }
    }
    return page
  }

  private func running(in domain: DomainState, _ project: ProjectState) -> [QueuesPage.Entry] {
    runs.values.filter {
      $0.request.unit.project == project.name && $0.request.unit.domain == domain.name && $0.end == nil
    }.sorted { $0.request.run < $1.request.run }.map { run in
      QueuesPage.Entry(
        assignment: Plan.Assignment(
          unit: run.request.unit, priority: domain.settings.priority, reason: run.request.reason),
        state: .running, run: run.request.run.description, started: run.started)
    }
  }

  private func queued(in domain: DomainState, _ project: ProjectState) -> [QueuesPage.Entry] {
    let blockers = blockers(of: domain, project)
    let waiting = blockers.isEmpty ? nil : "waits for \(blockers.map(\.text).joined(separator: ", "))"
    return domain.queue.compactMap { name in
      guard case .queued(let entry)? = domain.units[name]?.phase else { return nil }
      let unit = UnitID(project: project.name, domain: domain.name, unit: name)
      return QueuesPage.Entry(
        assignment: Plan.Assignment(unit: unit, priority: domain.settings.priority, reason: entry.reason),
        state: waiting == nil ? .queued : .waiting, waiting: waiting)
    }
  }

  func units(named name: String, in project: ProjectName) -> [UnitState] {
    guard let index = index(of: project) else { return [] }
    return projects[index].domains.compactMap { $0.units[name] }
  }

  func unknownUnit(_ name: String, in names: [ProjectName], status: Int) -> Problem {
    let known = projects.filter { names.contains($0.name) }.flatMap {
      $0.domains.flatMap { $0.units.keys.sorted() }
    }
    var problem = unknownUnit(name, "", known)
    problem.status = status
    problem.pointer = nil
    return problem
  }
}

extension UnitState {
  var newestRun: RunID? {
    if case .running(let run) = phase { return run }
    return result?.run
  }
}
