import Engine
import Model
import Testing
import Wire

@Suite struct `The dispatcher against a naive model` {
  /// `MCPD_SEED` replays one.
  static let seeds: [UInt64] =
    Seed.fromEnvironment.map { [$0] } ?? (0..<150).map { _ in .random(in: 0..<1 << 48) }

  @Test(arguments: seeds)
  func `shows only true and durable verdicts under any interleaving`(seed: UInt64) {
    var world = World(seed: seed)
    world.arm(since: nil)
    for _ in 0..<300 where world.complaints.isEmpty { step(&world) }
    #expect(world.complaints == [], "MCPD_SEED=\(seed)")
    guard world.complaints.isEmpty else { return }

    // At rest, everything that may run has run on the tree as it stands.
    world.now += 10_000_000_000
    world.isPaused = false
    world.send(.command(.resume(project: nil), world.ticket()))
    world.send(.command(.startSniffing(project: nil), world.ticket()))
    world.change()
    world.drain()
    #expect(world.complaints == [], "MCPD_SEED=\(seed)")
    let held = world.dispatcher.results(of: World.project, where: { $0.holds })
    #expect(held.count == 5, "MCPD_SEED=\(seed)")
    #expect(world.answered == world.asked, "MCPD_SEED=\(seed)")
    #expect(world.directories == [], "MCPD_SEED=\(seed)")
    let isRed = held.contains { $0.result.verdict != .passed }
    #expect(world.dispatcher.state == (isRed ? .red : .green), "MCPD_SEED=\(seed)")
  }

  private func step(_ world: inout World) {
    world.now += Int64.random(in: 0...50_000_000, using: &world.generator)
    switch Int.random(in: 0..<100, using: &world.generator) {
    case 0..<14: world.change()
    case 14..<28: world.deliver()
    case 28..<42: world.sync()
    case 42..<52: world.discover()
    case 52..<70: world.finish()
    case 70..<72: world.finish(lost: true)
    case 72..<84: world.acknowledge()
    case 84: world.restart()
    case 85: world.send(.settings(World.project, world.report()))
    case 86:
      let pause = Bool.random(using: &world.generator)
      let ticket = world.ticket()
      world.isPaused = pause
      world.send(.command(pause ? .pause(project: nil) : .resume(project: nil), ticket))
    case 87:
      world.send(
        .command(
          Bool.random(using: &world.generator) ? .stopSniffing(project: nil) : .startSniffing(project: nil),
          world.ticket()))
    case 88:
      if let run = world.runs.keys.sorted().first {
        world.send(.command(.cancel(run: run.description), world.ticket()))
      }
    case 89..<92:
      world.send(.sync(project: nil, seenOnly: Bool.random(using: &world.generator), world.ticket()))
    case 92..<95:
      var request = SniffRequest()
      request.force = Bool.random(using: &world.generator)
      request.wait = Bool.random(using: &world.generator)
      world.send(.sniff(request, world.ticket()))
    case 95:
      if let ticket = world.asked.subtracting(world.answered).sorted(by: { $0.number < $1.number }).first {
        world.asked.remove(ticket)
        world.send(.giveUp(ticket))
      }
    default: world.send(.woken)
    }
  }
}

enum Seed {
  static var fromEnvironment: UInt64? {
    Environment.variable("MCPD_SEED").flatMap { UInt64($0) }
  }
}
