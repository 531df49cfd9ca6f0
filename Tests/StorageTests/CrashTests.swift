import Glibc
import Model
import Platform
import Synchronization
import Testing

@testable import Storage

/// A process of its own that writes from several threads and is killed by SIGKILL at a moment of chance.
@Suite struct CrashTests {
  @Test
  func `every transaction acknowledged before a kill -9 is there afterwards, whole, and no tick comes twice`()
    async throws
  {
    let scratch = Scratch()
    var chance = Chance("crash")
    var highest: UInt64 = 0
    var acknowledged: Set<UInt64> = []
    for round in 0..<10 {
      let state = scratch.state
      let notes = "\(scratch.path)/notes"
      // The first ones die while they open the store, the others some microseconds after so many acknowledgements.
      let after = round < 3 ? -1 : Int.random(in: 0...300, using: &chance)
      let delay = UInt64.random(in: 0...(round < 3 ? 30_000 : 3_000), using: &chance)
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [state = state as String, notes = notes as String, after = after as Int, delay = delay as UInt64] in
        try CrashTests.write(to: state, notes: notes, killAfter: after, microseconds: delay)
      }
      for line in String(decoding: (try? Files.read(notes)) ?? [], as: UTF8.self).split(separator: "\n") {
        let number = try #require(UInt64(line.dropFirst()))
        highest = max(highest, number)
        if line.first == "a" { acknowledged.insert(number) }
      }
      let (store, diagnostics) = try Store.open(directory: state, clock: ManualClock())
      #expect(diagnostics.isEmpty)
      #expect(store.ticks.next().number > highest)
      let runs = Set(
        store.latestResults(project: shop).flatMap { store.history(unit: $0.result.unit, limit: 100_000) }
          .map(\.result.run.tick.number))
      let events = Set(try #require(try store.ticks(after: 0)))
      #expect(acknowledged.isSubset(of: runs) && acknowledged.isSubset(of: events))
      // All or nothing, acknowledged or not.
      #expect(runs == events)
      for number in runs.shuffled(using: &chance).prefix(50) {
        #expect(store.log(of: RunID(Tick(number))) == Self.log(number))
        #expect(store.setting("run/\(number)") == "\(number)")
      }
      print(
        "round \(round): killed after \(after) and \(delay) µs, \(acknowledged.count) acknowledged, \(runs.count) kept"
      )
      store.close()
    }
  }

  /// Every third one is large enough to lie in a file.
  private static func log(_ number: UInt64) -> [UInt8] {
    [UInt8](repeating: UInt8(number % 251), count: number % 3 == 0 ? 70_000 : Int(number % 100))
  }

  private static func write(to state: String, notes: String, killAfter count: Int, microseconds delay: UInt64)
    throws
  {
    // Stays open until the end of the process.
    let number = try Files.open(notes, [.write, .create, .append]).release()
    let note = { @Sendable (line: String) in
      _ = unsafe line.withCString { unsafe Glibc.write(number, $0, strlen($0)) }
    }
    let (acknowledged, changed) = (Acknowledged(), Condition())
    // The killer starts first: opening the store is no safe time either.
    ThreadBody {
      changed.wait { acknowledged.count.load(ordering: .acquiring) >= count }
      usleep(UInt32(delay))
      kill(getpid(), SIGKILL)
    }.start(named: "killer")
    let store = try Store.open(directory: state, clock: ManualClock()).store
    for thread in 0..<3 {
      ThreadBody {
        while true {
          let tick = store.ticks.next().number
          note("t\(tick)\n")
          let answer = Answer<Bool>()
          store.record(
            JournalTransaction(
              events: [event(tick)],
              results: [RecordedResult(result(tick, unit("u\(thread)")), log: log(tick))],
              settings: [("run/\(tick)", "\(tick)")])
          ) { outcome in
            if outcome.isSuccess { note("a\(tick)\n") }
            acknowledged.count.wrappingAdd(1, ordering: .acquiringAndReleasing)
            changed.signal()
            answer.put(true)
          }
          _ = answer.take()
        }
      }.start(named: "writer")
    }
    while true { pause() }
  }
}

private final class Acknowledged: Sendable {
  let count = Atomic(-1)
}
