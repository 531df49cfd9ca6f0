import Engine
import Model
import Storage
import Testing
import Wire

/// A world at rest: armed, every unit run once on version 0, everything durable.
private func rested(_ seed: UInt64 = 1) -> World {
  var world = World(seed: seed)
  world.arm(since: nil)
  world.drain()
  return world
}

@Suite struct `The dispatcher` {
  @Test func `runs every unit once at first and then rests`() {
    var world = rested()
    #expect(world.complaints == [])
    #expect(world.journal.flatMap(\.transaction.results).count == 5)
    world.drain()
    #expect(world.journal.flatMap(\.transaction.results).count == 5)
  }

  @Test func `a change during a run voids it and queues the unit again`() {
    var world = rested()
    world.change()
    world.deliver()
    let first = world.runs
    #expect(first.count == 2)
    world.change()
    world.deliver()
    #expect(world.runs.values.allSatisfy { $0.isStopped })
    world.drain()
    let told = world.journal.flatMap(\.transaction.events).filter { $0.kind == .runFinished }
    for run in first.keys {
      let event = told.first { String(decoding: $0.body, as: UTF8.self).contains("\"run\":\"\(run)\"") }
      #expect(event.map { String(decoding: $0.body, as: UTF8.self).contains("\"discarded\":true") } == true)
    }
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 5)
  }

  @Test func `a change between the end of a run and its verdict discards the verdict`() {
    var world = rested()
    world.change()
    world.deliver()
    let before = world.journal.flatMap(\.transaction.results).count
    world.finish()
    world.change()
    world.sync()  // Brings the change in first, as the watcher does.
    #expect(world.journal.flatMap(\.transaction.results).count == before)
  }

  @Test func `a run of an earlier life that is taken over is not done again`() {
    var world = rested()
    world.change()
    world.deliver()
    world.acknowledge()
    let under = Set(world.runs.keys)
    #expect(!under.isEmpty)
    world.restart()
    world.drain()
    let stored = world.journal.flatMap(\.transaction.results).map(\.result)
    for run in under {
      #expect(stored.contains { $0.run == run }, "\(run) was taken over")
      let unit = world.requests[run]!.unit
      #expect(stored.last { $0.unit == unit }?.run == run, "\(unit) ran again")
    }
    #expect(world.complaints == [])
  }

  @Test func `one plan event tells of one settled set of changes`() {
    var world = rested()
    let before = world.journal.flatMap(\.transaction.events).count { $0.kind == .plan }
    for _ in 0..<3 { world.change() }
    world.deliver()
    world.drain()
    #expect(world.journal.flatMap(\.transaction.events).count { $0.kind == .plan } == before + 1)
    #expect(world.journal.flatMap(\.transaction.events).count { $0.kind == .change } == 3)
  }

  @Test func `stop keeps changes in sight and start runs what they touched`() {
    var world = rested()
    world.send(.command(.stopSniffing(project: nil), world.ticket()))
    world.change()
    world.drain()
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).isEmpty)
    #expect(
      world.journal.flatMap(\.transaction.settings).contains {
        $0.key == "sniffing/shop" && $0.value == "off"
      })
    world.send(.command(.startSniffing(project: nil), world.ticket()))
    world.drain()
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 5)
  }

  @Test func `a cancelled unit stays unknown until something changes`() {
    var world = rested()
    world.change()
    world.deliver()
    let run = world.runs.keys.sorted()[0]
    world.send(.command(.cancel(run: run.description), world.ticket()))
    world.drain()
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 4)
    world.change()
    world.drain()
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 5)
  }

  @Test(arguments: [
    ("project", 404, "unknown-project"), ("domain", 400, "unknown-domain"), ("unit", 400, "unknown-unit"),
  ])
  func `refuses what it does not know and names it`(kind: String, status: Int, code: String) {
    var world = rested()
    var request = SniffRequest()
    switch kind {
    case "project": request.project = "shpo"
    case "domain": request.domains = ["fast", "fats"]
    default: request.units = ["fast-9"]
    }
    let answer = world.answer(to: .sniff(request, world.ticket()))
    guard case .refused(let problem)? = answer else {
      Issue.record("not refused: \(String(describing: answer))")
      return
    }
    #expect(problem.status == status)
    #expect(problem.code == code)
    #expect(kind != "domain" || problem.pointer == "/domains/1")
    #expect(kind != "unit" || problem.hint == "did you mean fast-0?")
    #expect(world.runs.isEmpty)
  }

  @Test func `answers a sync once the plan of the changes before it is done`() {
    var world = rested()
    world.change()
    let ticket = world.ticket()
    world.send(.sync(project: nil, seenOnly: false, ticket))
    world.sync()
    #expect(!world.answered.contains(ticket))
    world.drain()
    #expect(world.answered.contains(ticket))
  }

  @Test func `answers a sync at once while paused`() {
    var world = rested()
    world.isPaused = true
    world.send(.command(.pause(project: nil), world.ticket()))
    world.change()
    let answer = world.answer(to: .sync(project: nil, seenOnly: false, world.ticket()))
    guard case .synced(let sync)? = answer else {
      Issue.record("not answered: \(String(describing: answer))")
      return
    }
    #expect(sync.state == .paused)
  }
}

@Suite struct `A run that writes what looks like a change` {
  @Test func `does not void itself for ever`() {
    var world = rested()
    world.change()
    world.deliver()
    world.drain(writer: "fast-0")
    #expect(world.complaints == [])
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 5)
  }

  @Test func `still runs again when a person edits that file`() {
    var world = rested()
    world.change()
    world.deliver()
    world.drain(writer: "fast-0")
    let before = world.starts(of: "fast-0")
    world.undelivered.append(Change(path: RelativePath("out.txt")!, kind: .changed, tick: world.ticks.next()))
    world.deliver()
    world.drain(writer: "fast-0")
    #expect(world.complaints == [])
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 5)
    // The blame was withdrawn with the person's edit, so it takes three runs again to find out.
    #expect(world.starts(of: "fast-0") >= before + 3)
  }
}

@Suite struct `First contact` {
  @Test func `a first run that would take long waits for a person's word`() {
    var world = World(seed: 3, longFirstRun: .seconds(60))
    world.arm(since: nil)
    world.discover()
    world.discover()
    #expect(world.runs.values.allSatisfy { $0.request.isBackground })
    // Three verdicts take a minute each: five of them are too long.
    for _ in 0..<3 {
      world.now += 60_000_000_000
      world.finish()
      world.sync()
      world.acknowledge()
    }
    world.drain()
    let held = world.dispatcher.results(of: World.project, where: { $0.holds })
    #expect(held.count < 5)
    #expect(world.dispatcher.state == .unknown || world.dispatcher.state == .red)
    #expect(
      world.journal.flatMap(\.transaction.settings).contains {
        $0.key == "first-run/shop" && $0.value == "held"
      })

    var request = SniffRequest()
    request.all = true
    _ = world.answer(to: .sniff(request, world.ticket()))
    world.drain()
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 5)
    #expect(world.complaints == [])
  }

  @Test func `a quick first run goes through, out of everybody's way`() {
    var world = World(seed: 4, longFirstRun: .seconds(60))
    world.arm(since: nil)
    world.drain(step: 1_000_000)
    #expect(world.dispatcher.results(of: World.project, where: { $0.holds }).count == 5)
    world.change()
    world.deliver()
    #expect(world.runs.values.allSatisfy { !$0.request.isBackground })
  }
}
