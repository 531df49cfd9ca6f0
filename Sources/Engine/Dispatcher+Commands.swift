internal import Model
internal import Planning
internal import Storage
internal import Wire

// Orders that change how the daemon works.
extension Dispatcher {
  mutating func perform(_ command: Command, _ ticket: Ticket) {
    switch command {
    case .startSniffing(let project): each(project, ticket) { $0.sniffing(true, &$1) }
    case .stopSniffing(let project): each(project, ticket) { $0.sniffing(false, &$1) }
    case .pause(nil):
      isPaused = true
      finish(ticket)
    case .resume(nil):
      isPaused = false
      for index in projects.indices { projects[index].isPaused = false }
      isQueueDirty = true
      finish(ticket)
    case .pause(let project): each(project, ticket) { $1.isPaused = true }
    case .resume(let project):
      isPaused = false
      each(project, ticket) { $1.isPaused = false }
    case .cancel(let run): cancel(run, ticket)
    case .addProject(let directory, let toolchain):
      order(.openProject(directory: directory, toolchain: toolchain, ticket))
    case .removeProject(let name):
      guard index(of: ProjectName(name)) != nil else {
        guard case .failure(let problem) = select(name) else { return finish(ticket) }
        return order(.answer(ticket, .refused(problem)))
      }
      removeProject(ProjectName(name))
      finish(ticket)
    case .reloadConfiguration:
      for name in projects.map(\.name) { order(.reloadSettings(name)) }
      finish(ticket)
    }
  }

  /// Answers when what this call recorded is durable.
  private mutating func finish(_ ticket: Ticket) {
    if draft.transaction.isEmpty {
      order(.answer(ticket, .done))
    } else {
      waits[ticket] = .storing(draft.sequence, .done)
    }
  }

  private mutating func each(
    _ project: String?, _ ticket: Ticket, _ body: (inout Dispatcher, inout ProjectState) -> Void
  ) {
    switch select(project) {
    case .failure(let problem): order(.answer(ticket, .refused(problem)))
    case .success(let names):
      for name in names { withProject(name, body) }
      isQueueDirty = true
      finish(ticket)
    }
  }

  private mutating func sniffing(_ isOn: Bool, _ project: inout ProjectState) {
    guard project.isSniffing != isOn else { return }
    project.isSniffing = isOn
    set(Self.sniffingKey(project.name), isOn ? nil : "off")
    if isOn {
      project.pending = project.pending ?? PendingPlan()
      planIfReady(&project)
    } else {
      // What was asked for by name goes on; what only a change brought waits for the next start.
      for index in project.domains.indices {
        for name in project.domains[index].queue {
          guard case .queued(let entry)? = project.domains[index].units[name]?.phase, !entry.isForced else {
            continue
          }
          dequeue(name, at: index, &project)
        }
      }
    }
  }

  private mutating func cancel(_ text: String, _ ticket: Ticket) {
    guard let run = RunID(text), let active = runs[run] else {
      return order(
        .answer(
          ticket,
          .refused(
            Problem(
              status: 404, code: "unknown-run", title: "No such run", detail: "no run \(text) is under way",
              hint: "mcpd-client queue shows what runs"))))
    }
    runs[run]!.isVoid = true
    runs[run]!.isCancelled = true
    order(.stop(run))
    withProject(active.request.unit.project) { _, project in
      guard let index = project.index(of: active.request.unit.domain) else { return }
      project.domains[index].units[active.request.unit.unit]?.cancel()
    }
    finish(ticket)
  }
}
