internal import Model
internal import Wire

// What is queued and running, as the API shows it.
extension Dispatcher {
  func queues(of names: [ProjectName], clock: Tick) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.field("clock", clock.number)
      writer.array("queues") { writer in
        for project in projects where names.contains(project.name) {
          for domain in project.domains { write(domain, project, to: &writer) }
        }
      }
      writer.field("next_cursor", String?.none)
    }
    return writer.bytes
  }

  private func write(_ domain: DomainState, _ project: ProjectState, to writer: inout JSONWriter) {
    let running = runs.values.filter {
      $0.request.unit.project == project.name && $0.request.unit.domain == domain.name
    }.sorted { $0.request.run < $1.request.run }
    let blockers = blockers(of: domain, project)
    writer.object { writer in
      writer.field("project", project.name.text)
      writer.field("domain", domain.name.text)
      writer.field(
        "waiting", blockers.isEmpty ? nil : "waits for \(blockers.map(\.text).joined(separator: ", "))")
      writer.array("running") { writer in
        for run in running {
          writer.object {
            $0.field("run", run.request.run.description)
            $0.field("unit", run.request.unit.unit)
            $0.field("attempt", run.request.attempt)
            $0.field("reason", run.request.reason)
            $0.field("expected_ms", unit(run.request.unit)?.result?.duration.wholeMilliseconds)
          }
        }
      }
      writer.array("queued") { writer in
        for (position, name) in domain.queue.enumerated() {
          guard let unit = domain.units[name], case .queued(let entry) = unit.phase else { continue }
          writer.object {
            $0.field("unit", name)
            $0.field("position", position + 1)
            $0.field("reason", entry.reason)
            $0.field("expected_ms", unit.result?.duration.wholeMilliseconds)
          }
        }
      }
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
