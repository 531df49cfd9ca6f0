package import Model
internal import Planning
internal import Storage

// First contact: what runs before anything is known of a project.
extension Dispatcher {
  package static func firstRunKey(_ project: ProjectName) -> String { "first-run/\(project)" }

  /// A unit of the first run has its verdict: at this pace the rest may take too long.
  mutating func paceFirstRun(_ project: inout ProjectState) {
    guard var first = project.firstRun, first.held == nil else { return }
    first.done += 1
    project.firstRun = first
    if first.done >= first.count { return endFirstRun(&project) }
    guard let estimate = first.estimate(at: moment.now), estimate > limits.longFirstRun else { return }
    hold(&project, FirstRun.tooLong(first.count, estimate))
  }

  /// Takes what nobody asked for out of the queues; it stays unknown until somebody does.
  private mutating func hold(_ project: inout ProjectState, _ why: Diagnostic) {
    project.firstRun?.held = why
    set(Self.firstRunKey(project.name), "held")
    tellComplaints(.degraded, project.name, [why])
    for index in project.domains.indices {
      for name in project.domains[index].queue {
        guard case .queued(let entry)? = project.domains[index].units[name]?.phase, !entry.isForced,
          project.domains[index].units[name]?.result == nil
        else { continue }
        dequeue(name, at: index, &project)
      }
    }
  }

  mutating func endFirstRun(_ project: inout ProjectState) {
    guard let first = project.firstRun else { return }
    project.firstRun = nil
    if first.held != nil {
      set(Self.firstRunKey(project.name), nil)
      tellComplaints(.degraded, project.name, [])
    }
  }

  /// Whether the unit waits for a person's word, and so is not planned.
  func isHeldBack(_ unit: UnitState, _ project: ProjectState) -> Bool {
    project.firstRun?.held != nil && unit.result == nil
  }
}
