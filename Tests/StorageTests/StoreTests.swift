import Glibc
import Model
import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct StoreTests {
  let scratch = Scratch()

  @Test func `what was acknowledged is there after a restart`() throws {
    let path = RelativePath(unchecked: [0x66, 0xff, 0x2f, 0x67])
    let full = RunResult(
      run: RunID(Tick(7)), unit: unit("tests/test_cart.py"), verdict: .failed, clock: Tick(5),
      started: Timestamp(milliseconds: 123_456), duration: .nanoseconds(41_000_001), attempts: 2,
      reason: Reason(.changed, paths: [path, .root], text: "f\u{fffd}/g changed"),
      cases: [
        CaseResult(name: "test_total", verdict: .failed, duration: .milliseconds(3)),
        CaseResult(name: "", verdict: .skipped), CaseResult(name: "nul \0 and ü", verdict: .passed),
      ],
      failures: [
        Failure(caseName: "test_total", message: "assert 3 == 4", file: "tests/test_cart.py", line: 12),
        Failure(caseName: nil, message: ""),
      ], usage: Usage(cpu: .milliseconds(30), memoryPeakBytes: 31_457_280), isolation: .full, budget: .cgroup,
      tracing: .seccomp, note: "a note")
    let settings = Digester.digest(of: Array("settings".utf8))
    let stored = { (log: [UInt8]) in
      StoredResult(
        result: full, log: Digester.digest(of: log), path: RelativePath("tests/test_cart.py"),
        settingsDigest: settings)
    }
    let log = Array("output\0of a test".utf8)
    do {
      let store = try Store.opened(scratch.state)
      let recorded = RecordedResult(
        full, log: log, path: RelativePath("tests/test_cart.py"), settingsDigest: settings)
      try store.keep(
        events: [event(6), event(8, .degraded, project: nil)], results: [recorded],
        settings: [("sniffing", "off"), ("empty", "")]
      ).get()
      #expect(store.run(RunID(Tick(7))) == stored(log))
      store.close()
    }
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    var newest = stored(log)
    newest.redSince = Timestamp(milliseconds: 123_456)
    #expect(store.latestResults(project: shop) == [newest])
    #expect(store.history(unit: unit("tests/test_cart.py"), limit: 9) == [stored(log)])
    #expect(store.log(of: RunID(Tick(7))) == log)
    #expect(
      try store.events(after: .zero, project: nil, kinds: [], limit: 9)
        == .events([event(6), event(8, .degraded, project: nil)]))
    #expect(
      store.setting("sniffing") == "off" && store.setting("empty") == "" && store.setting("none") == nil)
    #expect(store.projects() == [shop])
    #expect(store.health.isEmpty)
  }

  @Test
  func `the newest verdict is what was recorded last, and neither discarded runs nor retired units have one`()
    throws
  {
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    let a = unit("a"), b = unit("b"), c = unit("c", project: ProjectName("other"))
    let log = [UInt8](repeating: 7, count: 100_000)
    let first = [CaseResult(name: "one", verdict: .failed), CaseResult(name: "two", verdict: .passed)]
    store.keep(results: [
      RecordedResult(result(1, a, .failed, cases: first), log: log), RecordedResult(result(2, b)),
      RecordedResult(result(3, a, .passed)), RecordedResult(result(4, a, nil, discarded: true)),
      RecordedResult(result(5, b, .error, discarded: true)), RecordedResult(result(6, c)),
    ])
    #expect(store.latestResults(project: shop).map(\.result.run.tick.number) == [2, 3])
    // Yesterday's inputs came back: run 1 is recalled at clock 9, with its cases and its log.
    store.keep(results: [RecordedResult(result(1, a, .failed, source: .cache, clock: 9))])
    let recalled = try #require(store.latestResults(project: shop).first { $0.result.unit == a })
    #expect(recalled.result.run == RunID(Tick(1)) && recalled.result.source == .cache)
    #expect(recalled.result.clock == Tick(9) && recalled.result.cases == first)
    #expect(recalled.log == Digester.digest(of: log) && store.log(of: RunID(Tick(1))) == log)
    // The run itself stays what it was.
    #expect(
      store.run(RunID(Tick(1)))?.result.source == .run && store.run(RunID(Tick(1)))?.result.clock == Tick(1))
    store.keep(retired: [b, unit("never was")])
    #expect(store.latestResults(project: shop).map(\.result.unit) == [a])
    #expect(store.history(unit: b, limit: 9).map(\.result.run.tick.number) == [5, 2])
    #expect(
      store.history(unit: "a", project: nil, domain: nil, limit: 2).map(\.result.run.tick.number) == [4, 3])
    #expect(store.history(unit: "a", project: ProjectName("other"), domain: nil, limit: 2).isEmpty)
    // The same run again replaces it (a transaction repeated after a crash).
    store.keep(results: [RecordedResult(result(6, c, .failed))])
    #expect(store.latestResults(project: ProjectName("other")).map(\.result.verdict) == [.failed])
    #expect(store.projects() == [ProjectName("other"), shop])
  }

  @Test func `events are read by project and kind, in order, in pages`() throws {
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    var chance = Chance("events")
    var all: [Event] = []
    let projects: [ProjectName?] = [nil, shop, ProjectName("other"), ProjectName("")]
    for tick in 1...500 as ClosedRange<UInt64> {
      all.append(
        event(
          tick, Event.Kind.allCases.randomElement(using: &chance)!,
          project: projects.randomElement(using: &chance)!))
    }
    for part in stride(from: 0, to: 500, by: 50) { store.keep(events: Array(all[part..<(part + 50)])) }
    for _ in 0..<200 {
      let after = UInt64.random(in: 0...510, using: &chance)
      let project = projects.randomElement(using: &chance)!
      let kinds = Set(
        Event.Kind.allCases.shuffled(using: &chance).prefix(Int.random(in: 0...4, using: &chance)))
      let limit = Int.random(in: 0...60, using: &chance)
      let expected = all.filter {
        $0.tick.number > after && (project == nil || $0.project == nil || $0.project == project)
          && (kinds.isEmpty || kinds.contains($0.kind))
      }.prefix(limit)
      #expect(
        try store.events(after: Tick(after), project: project, kinds: kinds, limit: limit)
          == .events(Array(expected)))
    }
    #expect(try store.ticks(after: .max) == [])
  }

  @Test func `a transaction that fails in its middle leaves nothing, and nothing else suffers`() throws {
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    try store.journal.withLock { journal throws(StorageError) in
      try journal.connection.execute(
        "CREATE TRIGGER t BEFORE INSERT ON settings WHEN new.key = 'bad' BEGIN SELECT RAISE(ABORT, 'no'); END"
      )
    }
    let outcomes = Mutex<[Bool]>([])
    for tick in 1...20 as ClosedRange<UInt64> {
      store.record(
        JournalTransaction(
          events: [event(tick, .plan)],
          results: [RecordedResult(result(tick, unit("u\(tick / 2)")), log: [UInt8(tick)])],
          settings: [(tick % 2 == 0 ? "bad" : "good", "v")])
      ) { outcome in outcomes.withLock { $0.append(outcome.isSuccess) } }
    }
    store.flush()
    #expect(outcomes.withLock { $0 } == (1...20).map { $0 % 2 == 1 })
    let odd = (1...20).filter { $0 % 2 == 1 }.map { UInt64($0) }
    #expect(try store.ticks(after: 0) == odd)
    #expect(store.latestResults(project: shop).map(\.result.run.tick.number) == odd)
    #expect(store.log(of: RunID(Tick(4))) == nil && store.log(of: RunID(Tick(5))) == [5])
    #expect(store.setting("bad") == nil && store.health.isEmpty)
  }

  @Test func `a red unit is red since the first of its unbroken row of red runs`() throws {
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    let row: [(Verdict?, Bool)] = [
      (.failed, false), (.passed, false), (.error, false), (nil, true), (.failed, false), (.passed, true),
      (.timedOut, false),
    ]
    for (index, (verdict, isDiscarded)) in row.enumerated() {
      let run = result(
        UInt64(index + 1), unit("a"), verdict, at: 1_000_000 + Int64(index), discarded: isDiscarded)
      store.keep(results: [RecordedResult(run)])
    }
    store.keep(results: [RecordedResult(result(9, unit("b")))])
    #expect(
      store.latestResults(project: shop).map(\.redSince) == [Timestamp(milliseconds: 1_000_002_000), nil])
  }

  @Test func `settings are set, replaced and taken away`() throws {
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    store.keep(settings: [("path/a", "1"), ("path/b", "2"), ("pathology", "3"), ("%", "4")])
    store.keep(settings: [("path/a", "ü"), ("path/b", nil), ("never", nil)])
    #expect(store.settings(prefix: "path/").map { "\($0.key)=\($0.value)" } == ["path/a=ü"])
    #expect(store.settings(prefix: "").count == 3)
    #expect(store.setting("path/b") == nil)
  }

  @Test func `a second daemon is told who has the directory, and gets it when that one has gone`() throws {
    let first = try Store.opened(scratch.state)
    let error = try #require(throws: StorageError.self) { try Store.opened(scratch.state) }
    #expect(error.code == .stateInUse && error.pid == Int(getpid()))
    #expect(error.message == "\(scratch.state) is in use by another mcpd (pid \(getpid()))")
    #expect(first.keep(events: [event(1)]).isSuccess)
    first.close()
    #expect(!first.keep(events: [event(2)]).isSuccess)
    let second = try Store.opened(scratch.state)
    #expect(try second.ticks(after: 0) == [1])
    second.close()
  }

  @Test func `a backup is a whole journal`() throws {
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    store.keep(events: [event(1), event(2)], settings: [("a", "b")])
    let copy = scratch.path + "/copy"
    try Files.makeDirectory(copy)
    try store.backUp(to: copy + "/journal.db")
    store.keep(events: [event(3)])
    try store.backUp(to: copy + "/journal.db")
    let restored = try Store.opened(copy)
    defer { restored.close() }
    #expect(try restored.ticks(after: 0) == [1, 2, 3])
    #expect(restored.setting("a") == "b")
    #expect(throws: StorageError.self) { try store.backUp(to: scratch.path + "/no/such/place") }
  }
}

extension Result {
  var isSuccess: Bool { if case .success = self { true } else { false } }
}
