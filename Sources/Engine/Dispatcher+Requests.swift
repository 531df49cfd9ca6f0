internal import Model
internal import Planning
internal import Wire

// What clients ask for, and when they get their answer.
extension Dispatcher {
  /// A request that is not answered yet.
  enum Wait: Sendable {
    /// Waits for the watcher to have seen everything before the call.
    case seeing(Purpose, project: [ProjectName])
    /// Waits until nothing of these projects is under way.
    case quiet([ProjectName])
    /// Waits until each of these units has a verdict from a run that started after the request, or cannot get one.
    case units(Set<UnitID>, all: [UnitID])
    /// Its answer is known, and is given when the journal has this record.
    case storing(UInt64, Order.Answer)

    enum Purpose: Sendable {
      case seen
      case sync
      case sniff(SniffRequest)
    }
  }

  // MARK: Selecting

  /// By name, or by directory: the innermost project that holds it. Nil selects all.
  func select(_ selector: String?) -> Result<[ProjectName], Problem> {
    guard let selector else { return .success(projects.map(\.name)) }
    if let named = projects.first(where: { $0.name.text == selector }) { return .success([named.name]) }
    if selector.hasPrefix("/") {
      let holding = projects.filter { selector == $0.root || selector.hasPrefix($0.root + "/") }
      if let innermost = holding.max(by: { $0.root.utf8.count < $1.root.utf8.count }) {
        return .success([innermost.name])
      }
      return .failure(
        Problem(
          status: 404, code: "unknown-project", title: "No such project",
          detail: "no watched project holds \(selector)", hint: "add it: mcpd-client projects add \(selector)"
        ))
    }
    let known = projects.map(\.name.text).joined(separator: ", ")
    return .failure(
      Problem(
        status: 404, code: "unknown-project", title: "No such project",
        detail: "no project is named \(selector)",
        hint: projects.isEmpty ? "no project is watched" : "watched are: \(known)"))
  }

  // MARK: Sync

  mutating func sync(_ project: String?, _ seenOnly: Bool, _ ticket: Ticket) {
    switch select(project) {
    case .failure(let problem): order(.answer(ticket, .refused(problem)))
    case .success(let names): see(names, for: seenOnly ? .seen : .sync, ticket)
    }
  }

  /// Asks the watchers of these projects for a proof that they have seen everything; lost projects have nothing to prove.
  private mutating func see(_ names: [ProjectName], for purpose: Wait.Purpose, _ ticket: Ticket) {
    let watched = names.filter { name in
      guard let index = index(of: name) else { return false }
      if case .lost = projects[index].phase { return false }
      return true
    }
    waits[ticket] = .seeing(purpose, project: names)
    outstanding[ticket] = watched.count
    for name in watched { order(.syncWatch(name, .client(ticket))) }
    if watched.isEmpty { seen(ticket) }
  }

  mutating func clientSynced(_ ticket: Ticket, _ tick: Tick) {
    guard let count = outstanding[ticket] else { return }
    outstanding[ticket] = count - 1
    if count == 1 { seen(ticket) }
  }

  private mutating func seen(_ ticket: Ticket) {
    outstanding[ticket] = nil
    guard case .seeing(let purpose, let names)? = waits[ticket] else { return }
    switch purpose {
    case .seen:
      waits[ticket] = nil
      order(.answer(ticket, .synced(syncAnswer(names))))
    case .sync: waits[ticket] = .quiet(names)
    case .sniff(let request): choose(request, names, ticket)
    }
  }

  private func syncAnswer(_ names: [ProjectName]) -> SyncAnswer {
    let states = projects.filter { names.contains($0.name) }.map { state(of: $0) }
    let worst: Status.State? = [.paused, .red, .running, .unknown].first { states.contains($0) }
    return SyncAnswer(clock: ticks.current.number, state: worst ?? (states.isEmpty ? .unknown : .green))
  }

  // MARK: Sniff

  mutating func sniff(_ request: SniffRequest, _ ticket: Ticket) {
    switch select(request.project) {
    case .failure(let problem): order(.answer(ticket, .refused(problem)))
    case .success(let names):
      if let problem = refuse(request, names) { return order(.answer(ticket, .refused(problem))) }
      see(names, for: .sniff(request), ticket)
    }
  }

  /// What can be said to be wrong before anything is looked at.
  private func refuse(_ request: SniffRequest, _ names: [ProjectName]) -> Problem? {
    if names.isEmpty {
      return Problem(
        status: 404, code: "unknown-project", title: "No project", detail: "no project is watched",
        hint: "add one: mcpd-client projects add DIR")
    }
    let known = projects.filter { names.contains($0.name) }.flatMap { $0.domains.map(\.name.text) }
    for (index, domain) in (request.domains ?? []).enumerated() where !known.contains(domain) {
      return Problem(
        status: 400, code: "unknown-domain", title: "No such domain", detail: "no domain is named \(domain)",
        hint: known.isEmpty ? nil : "domains are: \(known.joined(separator: ", "))",
        pointer: "/domains/\(index)")
    }
    if request.wait && (isPaused || projects.contains { names.contains($0.name) && $0.isPaused }) {
      return Problem(
        status: 409, code: "paused", title: "Paused", detail: "nothing starts while mcpd is paused",
        hint: "go on: mcpd-client resume")
    }
    return nil
  }

  /// All changes before the call are in: now the units that were asked for can be named.
  private mutating func choose(_ request: SniffRequest, _ names: [ProjectName], _ ticket: Ticket) {
    // Discovery may be under way (a file was just made): the choice waits for it.
    if names.contains(where: { name in
      index(of: name).map { projects[$0].pending != nil || projects[$0].phase == .arming } ?? false
    }) {
      return
    }
    waits[ticket] = nil
    switch units(for: request, names) {
    case .failure(let problem): order(.answer(ticket, .refused(problem)))
    case .success(let chosen):
      if request.all { for name in names { withProject(name) { $0.endFirstRun(&$1) } } }
      for id in chosen where needsRun(id, request) {
        withProject(id.project) {
          $0.enqueue(id.unit, in: id.domain, QueueEntry(reason: .forced, isForced: true), &$1)
        }
      }
      let busy = Set(chosen.filter { unit($0)?.isBusy == true })
      waits[ticket] = .units(busy, all: chosen)
      order(.answer(ticket, .accepted(clock: ticks.current.number)))
    }
  }

  func unit(_ id: UnitID) -> UnitState? {
    guard let p = index(of: id.project), let d = projects[p].index(of: id.domain) else { return nil }
    return projects[p].domains[d].units[id.unit]
  }

  /// A unit whose good verdict holds is recalled; a red one runs again when somebody asks.
  private func needsRun(_ id: UnitID, _ request: SniffRequest) -> Bool {
    guard let unit = unit(id) else { return false }
    if unit.isBusy && !request.force { return false }
    return request.force || !unit.holds || unit.holdingVerdict?.isRed == true
  }

  private func units(for request: SniffRequest, _ names: [ProjectName]) -> Result<[UnitID], Problem> {
    let chosen = projects.filter { names.contains($0.name) }
    let domains = request.domains.map(Set.init)
    let named = Set(request.units ?? []).union(request.files ?? [])
    var everything: [UnitID] = []
    for project in chosen {
      for domain in project.domains where domains?.contains(domain.name.text) ?? true {
        // A manual domain runs by name only.
        let isAskedFor = domains != nil || !named.isEmpty || domain.settings.triggers != [.manual]
        guard isAskedFor else { continue }
        everything += domain.units.keys.sorted().map {
          UnitID(project: project.name, domain: domain.name, unit: $0)
        }
      }
    }
    if request.failedOnly {
      everything = everything.filter { unit($0)?.result?.verdict?.isRed == true }
    }
    if request.units == nil && request.files == nil { return .success(everything) }
    var found = Set<UnitID>()
    for (index, name) in (request.units ?? []).enumerated() {
      let unitName = Self.unitName(in: name)
      let matches = everything.filter { $0.unit == name || $0.unit == unitName }
      if matches.isEmpty { return .failure(unknownUnit(name, "/units/\(index)", everything.map(\.unit))) }
      found.formUnion(matches)
    }
    for (index, file) in (request.files ?? []).enumerated() {
      switch relative(file, chosen, "/files/\(index)") {
      case .failure(let problem): return .failure(problem)
      case .success(let path):
        let own = everything.filter { unit($0)?.path.map { $0.isInside(path) } ?? ($0.unit == path.text) }
        // Nothing is known yet of what a unit looks at: a file that is no unit may concern all of them.
        found.formUnion(own.isEmpty ? everything : own)
      }
    }
    return .success(found.sorted())
  }

  /// `tests/test_cart.py::test_total` names a case of `tests/test_cart.py`.
  static func unitName(in text: String) -> String {
    let bytes = Array(text.utf8)
    for index in bytes.indices.dropLast()
    where bytes[index] == UInt8(ascii: ":") && bytes[index + 1] == bytes[index] {
      return String(decoding: bytes[..<index], as: UTF8.self)
    }
    return text
  }

  private func relative(
    _ file: String, _ projects: [ProjectState], _ pointer: String
  ) -> Result<RelativePath, Problem> {
    for project in projects {
      if file == project.root { return .success(.root) }
      if file.hasPrefix(project.root + "/"),
        let path = RelativePath(String(file.dropFirst(project.root.count + 1)))
      {
        return .success(path)
      }
    }
    if !file.hasPrefix("/"), let path = RelativePath(file) { return .success(path) }
    return .failure(
      Problem(
        status: 400, code: "outside-project", title: "Outside the project",
        detail: "\(file) lies outside the project", pointer: pointer))
  }

  func unknownUnit(_ name: String, _ pointer: String, _ known: [String]) -> Problem {
    let nearest = Spelling.nearest(to: name, among: known)
    return Problem(
      status: 400, code: "unknown-unit", title: "No such unit", detail: "no unit is named \(name)",
      hint: nearest.map { "did you mean \($0)?" }, pointer: pointer)
  }

  // MARK: Answers

  /// Sniffs whose units could not be named yet because discovery was under way.
  mutating func chooseWaiting() {
    for (ticket, wait) in waits {
      guard case .seeing(.sniff(let request), let names) = wait, outstanding[ticket] == nil else { continue }
      choose(request, names, ticket)
    }
  }

  /// Gives every answer whose condition holds now and is durable.
  mutating func settleWaits() {
    for (ticket, wait) in waits {
      if let answer = answer(to: wait) { waits[ticket] = .storing(lastSequence, answer) }
      guard case .storing(let sequence, let answer)? = waits[ticket], recordedSequence >= sequence else {
        continue
      }
      waits[ticket] = nil
      order(.answer(ticket, answer))
    }
  }

  /// The answer, if what it waits for has come about.
  private func answer(to wait: Wait) -> Order.Answer? {
    switch wait {
    case .seeing, .storing: return nil
    case .quiet(let names):
      let watched = projects.filter { names.contains($0.name) }
      if watched.contains(where: isBusy) && !isPaused && !watched.contains(where: \.isPaused) { return nil }
      return .synced(syncAnswer(names))
    case .units(let open, let all):
      if open.contains(where: isUnderWay) { return nil }
      let bodies = all.compactMap { id in
        unit(id).flatMap { unit in
          unit.result.map { ResultBody(result: $0, holds: unit.holds, log: unit.log) }
        }
      }
      return .results(bodies, clock: ticks.current.number)
    }
  }

  private func isUnderWay(_ id: UnitID) -> Bool {
    guard let unit = unit(id), unit.isBusy, let p = index(of: id.project),
      let d = projects[p].index(of: id.domain)
    else { return false }
    if case .queued = unit.phase { return blockers(of: projects[p].domains[d], projects[p]).isEmpty }
    return true
  }
}
