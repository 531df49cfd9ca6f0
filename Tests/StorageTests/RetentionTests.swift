import Glibc
import Model
import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct RetentionTests {
  let scratch = Scratch()
  let clock = ManualClock()

  private func trim(_ store: Store) {
    let answer = Answer<Void>()
    store.trim { answer.put(()) }
    answer.take()
  }

  private func files(_ store: Store) throws -> Set<Digest> {
    var found: Set<Digest> = []
    for shard in try Files.names(in: store.contents.directory) where shard.count == 2 {
      let shard = String(decoding: shard, as: UTF8.self)
      for name in try Files.names(in: "\(store.contents.directory)/\(shard)") {
        found.insert(try #require(Digest(hex: shard + String(decoding: name, as: UTF8.self))))
      }
    }
    return found
  }

  /// What the journal should know, in the plainest form.
  private struct Model {
    struct Run {
      var unit: UnitID
      var started: Int64
      var log: Digest?
      var isLarge = false
    }

    var runs: [UInt64: Run] = [:]
    var newest: [UnitID: UInt64] = [:]

    mutating func trim(before seconds: Int64) {
      runs = runs.filter { $0.value.started >= seconds || newest.values.contains($0.key) }
    }
  }

  @Test
  func `runs, references and contents are what a plain dictionary says, whatever comes in whatever order`()
    throws
  {
    var chance = Chance("retention")
    let store = try Store.opened(scratch.state, clock: clock)
    defer { store.close() }
    let age: Int64 = 1000
    store.setRetention(Retention(age: .seconds(age)))
    let units = (0..<6).map { unit("u\($0)") }
    let logs = (0..<8).map { [UInt8](repeating: UInt8($0), count: $0 % 2 == 0 ? 70_000 + $0 : 100 + $0) }
    var model = Model()
    for step in 1...400 as ClosedRange<UInt64> {
      let now = clock.wall().milliseconds / 1000
      let unit = units.randomElement(using: &chance)!
      switch Int.random(in: 0...11, using: &chance) {
      case 0...6:
        let log = Int.random(in: 0...4, using: &chance) == 0 ? nil : logs.randomElement(using: &chance)!
        let isDiscarded = Int.random(in: 0...5, using: &chance) == 0
        let verdict = isDiscarded ? nil : Verdict.allCases.randomElement(using: &chance)!
        store.keep(results: [
          RecordedResult(result(step, unit, verdict, at: now, discarded: isDiscarded), log: log)
        ])
        model.runs[step] = Model.Run(
          unit: unit, started: now, log: log.map { Digester.digest(of: $0) },
          isLarge: (log?.count ?? 0) > Journal.inlineLimit)
        if !isDiscarded { model.newest[unit] = step }
      case 7:
        // A recall of some earlier run of the unit that had a verdict.
        let earlier = store.history(unit: unit, limit: 100).filter { $0.result.verdict != nil }
        guard let recalled = earlier.randomElement(using: &chance) else { continue }
        let run = recalled.result.run.tick.number
        store.keep(results: [
          RecordedResult(result(run, unit, recalled.result.verdict, source: .cache, clock: step))
        ])
        model.newest[unit] = run
      case 8:
        store.keep(retired: [unit])
        model.newest[unit] = nil
      case 9: clock.advance(seconds: Int64.random(in: 0...400, using: &chance))
      default:
        trim(store)
        model.trim(before: now - age)
      }
      guard step % 10 == 0 else { continue }
      trim(store)
      model.trim(before: clock.wall().milliseconds / 1000 - age)
      #expect(
        Set(store.latestResults(project: shop).map { $0.result.run.tick.number }) == Set(model.newest.values))
      for unit in units {
        #expect(
          store.history(unit: unit, limit: 1000).map(\.result.run.tick.number)
            == model.runs.filter { $0.value.unit == unit }.keys.sorted(by: >))
      }
      for (run, expected) in model.runs {
        #expect(store.run(RunID(Tick(run)))?.log == expected.log)
        #expect((store.log(of: RunID(Tick(run))) != nil) == (expected.log != nil))
      }
      #expect(try files(store) == Set(model.runs.values.filter(\.isLarge).compactMap(\.log)))
      let counts = try store.reader.withLock { reader throws(StorageError) in
        [
          try reader.integer("SELECT count(*) FROM contents"),
          try reader.integer("SELECT count(*) FROM content_references"),
          try reader.integer("SELECT count(*) FROM units"),
        ]
      }
      #expect(counts[0] == Set(model.runs.values.compactMap(\.log)).count)
      #expect(counts[1] == model.runs.values.filter { $0.log != nil }.count)
      #expect(counts[2] == Set(model.runs.values.map(\.unit)).count)
    }
  }

  @Test func `old events expire, and a reader from before them is told so`() throws {
    let store = try Store.opened(scratch.state, clock: clock)
    defer { store.close() }
    store.setRetention(Retention(age: .seconds(100)))
    store.keep(events: (1...5000).map { event($0, at: 1_000_000) })
    clock.advance(seconds: 60)
    store.keep(events: (5001...5010).map { event($0, at: 1_000_060) })
    trim(store)
    #expect(try store.ticks(after: 0)?.count == 5010)
    clock.advance(seconds: 60)
    trim(store)
    #expect(
      try store.events(after: Tick(4999), project: nil, kinds: [], limit: 5) == .expired(oldest: Tick(5001)))
    #expect(try store.ticks(after: 5000) == Array(5001...5010))
    // It stays so after a restart.
    store.close()
    let again = try Store.opened(scratch.state, clock: clock)
    #expect(try again.ticks(after: 4999) == nil && again.ticks(after: 5000)?.count == 10)
    again.close()
  }

  @Test func `over its size the oldest goes first, the newest verdict and the newest events never`() throws {
    let store = try Store.opened(scratch.state, clock: clock)
    defer { store.close() }
    for tick in 1...120 as ClosedRange<UInt64> {
      let log = [UInt8](repeating: UInt8(tick), count: 70_000)
      store.keep(
        events: [event(tick * 200)], results: [RecordedResult(result(tick, unit("u\(tick % 10)")), log: log)])
    }
    store.setRetention(Retention(bytes: 4 << 20))
    trim(store)
    let kept = (0..<10).flatMap { store.history(unit: unit("u\($0)"), limit: 100) }.map(
      \.result.run.tick.number
    ).sorted()
    #expect(kept.count < 60 && kept.count >= 10 && kept == Array((121 - UInt64(kept.count))...120))
    #expect(try files(store).count == kept.count)
    #expect(try store.ticks(after: 0)?.count == 120)
    store.setRetention(Retention(bytes: 0))
    trim(store)
    #expect(store.latestResults(project: shop).map(\.result.run.tick.number) == Array(111...120))
    #expect(store.latestResults(project: shop).allSatisfy { store.log(of: $0.result.run)?.count == 70_000 })
    #expect(try store.ticks(after: 0)?.count == 120)
  }

  @Test func `a content that is put while others are collected is never taken away`() throws {
    let contents = try ContentStore(scratch.path + "/content", youngAge: 3600)
    let other = try ContentStore(scratch.path + "/content", youngAge: 3600)
    let bytes = (0..<64).map { [UInt8](repeating: UInt8($0), count: 10) }
    let digests = bytes.map { Digester.digest(of: $0) }
    try contents.put(Array(zip(digests, bytes)))
    let stop = Mutex(false)
    let ended = Answer<Void>()
    ThreadBody {
      while !stop.withLock({ $0 }) {
        for shard in UInt8.min...UInt8.max { other.collect(shard: shard) { _ in false } }
      }
      ended.put(())
    }.start(named: "collector")
    for round in 0..<2000 {
      let index = round % 64
      // Old and unknown: fair game until it is put again.
      let old = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
      _ = unsafe old.withUnsafeBufferPointer {
        unsafe utimensat(AT_FDCWD, contents.path(of: digests[index]), $0.baseAddress, 0)
      }
      try contents.put([(digests[index], bytes[index])])
      #expect(contents.bytes(of: digests[index]) == bytes[index])
    }
    stop.withLock { $0 = true }
    ended.take()
  }

  @Test func `whoever puts a content waits for the collector, in whatever process that is`() throws {
    let contents = try ContentStore(scratch.path + "/content")
    let lock = try Files.open(contents.directory + "/lock", .readWrite)
    #expect(flock(lock.number, LOCK_EX) == 0)
    let done = Answer<Bool>()
    ThreadBody { done.put((try? contents.put([(Digester.digest(of: [1]), [1])])) != nil) }.start(
      named: "putter")
    // The kernel lists who waits for a lock, with an arrow.
    var lines: [Substring] = []
    repeat {
      lines = String(decoding: try Files.read("/proc/locks"), as: UTF8.self).split(separator: "\n")
      #expect(contents.bytes(of: Digester.digest(of: [1])) == nil)
    } while !lines.contains { $0.contains("->") && $0.contains(" \(getpid()) ") }
    #expect(flock(lock.number, LOCK_UN) == 0)
    #expect(done.take() && contents.bytes(of: Digester.digest(of: [1])) == [1])
  }

  @Test func `a million events are read in pages without a walk through all of them`() throws {
    let store = try Store.opened(scratch.state, clock: clock)
    defer { store.close() }
    store.keep(events: Event.Kind.allCases.enumerated().map { event(UInt64($0.offset + 1), $0.element) })
    let system = SystemClock()
    try store.journal.withLock { journal throws(StorageError) in
      try journal.connection.execute(
        """
        WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 1000099)
        INSERT INTO events SELECT i, 1 + (i % 997 = 0), 1000000000, CAST('{"path":"src/cart.py","kind":"changed"}' AS BLOB) FROM n
        """)
    }
    func timed(_ name: String, _ body: () throws -> Int) rethrows {
      let start = system.now()
      let count = try body()
      print("1M events: \(name): \(count) in \((system.now() - start).wholeMilliseconds) ms")
    }
    try timed("newest 1000") { try store.ticks(after: 999_099, limit: 1000)!.count }
    try timed("1000 of a rare kind from the start") {
      try store.ticks(after: 0, project: shop, kinds: [.plan], limit: 1000)!.count
    }
    try timed("a kind that is not there") { try store.ticks(after: 0, kinds: [.queue], limit: 1000)!.count }
    try timed("all in pages of 1000") {
      var (after, count) = (UInt64(0), 0)
      while let page = try store.ticks(after: after, limit: 1000), let last = page.last {
        count += page.count
        after = last
      }
      return count
    }
  }
}
