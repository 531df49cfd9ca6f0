import Glibc
import Model
import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct DamageTests {
  let scratch = Scratch()

  private func filled(_ state: String) throws -> Store {
    let store = try Store.opened(state)
    for _ in 0..<60 {
      let tick = store.ticks.next().number
      let cases = (0..<20).map { CaseResult(name: "case \($0)", verdict: .passed) }
      store.keep(
        events: [event(tick)],
        results: [
          RecordedResult(
            result(tick, unit("u\(tick % 7)"), cases: cases),
            log: [UInt8](repeating: UInt8(tick), count: tick % 20 == 0 ? 70_000 : 500))
        ], settings: [("s\(tick)", "v")])
    }
    store.cache.set("facts", [(Array("k".utf8), Array("v".utf8))])
    return store
  }

  /// A copy as a power cut would leave it, the write-ahead log included.
  private func copy(_ from: String, _ to: String) throws {
    try Files.removeTree(to)
    try Files.makeDirectory(to)
    for name in try Files.names(in: from) {
      let name = String(decoding: name, as: UTF8.self)
      let (source, target) = (from + "/" + name, to + "/" + name)
      if Files.kind(of: source) == .directory {
        try copy(source, target)
      } else {
        try Files.replace(target, with: try Files.read(source), durable: false)
      }
    }
  }

  @Test func `whatever bytes are wrong, it opens, answers and goes on keeping`() throws {
    var chance = Chance("damage")
    let live = try filled(scratch.path + "/live")
    try copy(scratch.path + "/live", scratch.path + "/with log")
    live.close()
    try copy(scratch.path + "/live", scratch.path + "/closed")
    var setAside = 0
    for round in 0..<50 {
      try copy(scratch.path + (round % 2 == 0 ? "/with log" : "/closed"), scratch.state)
      var files = ["journal.db", "journal.db", "cache.db", "clock", "lock"]
      if round % 2 == 0 { files += ["journal.db-wal", "journal.db-shm"] }
      let file = scratch.state + "/" + files.randomElement(using: &chance)!
      var bytes = try Files.read(file)
      switch Int.random(in: 0...3, using: &chance) {
      case 0: bytes.removeLast(Int.random(in: 0...bytes.count, using: &chance))
      case 1: bytes = (0..<bytes.count).map { _ in UInt8.random(in: 0...255, using: &chance) }
      case _ where bytes.isEmpty: break
      case 2:
        for _ in 0..<20 {
          bytes[Int.random(in: 0..<bytes.count, using: &chance)] ^=
            1 << UInt8.random(in: 0...7, using: &chance)
        }
      default:
        let start = Int.random(in: 0..<bytes.count, using: &chance)
        for index in start..<min(bytes.count, start + 4096) {
          bytes[index] = UInt8.random(in: 0...255, using: &chance)
        }
      }
      try Files.replace(file, with: bytes, durable: false)

      let (store, diagnostics) = try Store.open(directory: scratch.state, clock: ManualClock())
      if diagnostics.contains(where: { $0.code == "journal-corrupt" }) { setAside += 1 }
      _ = store.latestResults(project: shop)
      _ = store.history(unit: unit("u3"), limit: 100)
      for tick in 1...60 as ClosedRange<UInt64> { _ = store.log(of: RunID(Tick(tick))) }
      _ = try? store.events(after: .zero, project: shop, kinds: [.change], limit: 1000)
      _ = store.cache.values("facts")
      store.cache.set("facts", [(Array("new".utf8), Array("v".utf8))])
      let tick = store.ticks.next().number
      #expect(tick > 60, "round \(round): \(file)")
      let kept = store.keep(events: [event(tick)], results: [RecordedResult(result(tick, unit("new")))])
      #expect(kept.isSuccess, "round \(round): \(file): \(kept)")
      #expect(store.run(RunID(Tick(tick))) != nil, "round \(round): \(file)")
      store.close()
    }
    print("\(setAside) of 50 journals were set aside at their start")
  }

  @Test func `a log cut short anywhere leaves the first transactions, whole`() throws {
    var chance = Chance("cuts")
    let store = try Store.opened(scratch.path + "/live")
    store.close()
    let live = try Store.opened(scratch.path + "/live")
    defer { live.close() }
    for tick in 1...25 as ClosedRange<UInt64> {
      let cases = (0..<Int(tick)).map { CaseResult(name: "case \($0)", verdict: .passed) }
      live.keep(
        events: [event(tick), event(tick + 100, .plan)],
        results: [RecordedResult(result(tick, unit("u\(tick)"), cases: cases), log: [UInt8(tick)])],
        settings: [("newest", "\(tick)")])
    }
    try copy(scratch.path + "/live", scratch.path + "/copy")
    let log = try Files.read(scratch.path + "/copy/journal.db-wal")
    var most: [(cut: Int, kept: UInt64)] = []
    let cuts = (0..<40).map { _ in Int.random(in: 0...log.count, using: &chance) } + [0, log.count]
    for cut in cuts.sorted() {
      try copy(scratch.path + "/copy", scratch.state)
      // Behind the cut lies nothing, or what the disk held before.
      let rest = (0..<Int.random(in: 0...1, using: &chance) * 5000).map { _ in
        UInt8.random(in: 0...255, using: &chance)
      }
      try Files.replace(scratch.state + "/journal.db-wal", with: log[..<cut] + rest, durable: false)
      try Files.remove(scratch.state + "/journal.db-shm")
      let (store, diagnostics) = try Store.open(directory: scratch.state, clock: ManualClock())
      defer { store.close() }
      #expect(diagnostics.isEmpty)
      let kept = store.setting("newest").flatMap { UInt64($0) } ?? 0
      #expect(
        try store.ticks(after: 0) == (kept == 0 ? [] : Array(1...kept) + (1...kept).map { $0 + 100 }),
        "cut at \(cut)")
      let results = store.latestResults(project: shop)
      #expect(results.map { UInt64($0.result.cases.count) } == (kept == 0 ? [] : Array(1...kept)))
      #expect(results.allSatisfy { store.log(of: $0.result.run) == [UInt8($0.result.run.tick.number)] })
      #expect(kept >= most.last?.kept ?? 0)
      most.append((cut, kept))
    }
    #expect(most.last?.kept == 25 && most.first?.kept == 0)
  }

  @Test
  func `a damaged journal is kept under another name, its settings are rescued, and old clocks have expired`()
    throws
  {
    let store = try filled(scratch.state)
    let newest = (1...100).map { _ in store.ticks.next() }.last!
    store.close()
    let path = scratch.state + "/journal.db"
    var bytes = try Files.read(path)
    // Page 1 and the settings near the start stay; everything behind is noise.
    var chance = Chance("rescue")
    for index in (bytes.count / 2)..<bytes.count { bytes[index] = UInt8.random(in: 0...255, using: &chance) }
    try Files.replace(path, with: bytes)

    let clock = ManualClock()
    let (again, diagnostics) = try Store.open(directory: scratch.state, clock: clock)
    let complaint = try #require(diagnostics.first)
    #expect(complaint.code == "journal-corrupt" && complaint.severity == .warning)
    #expect(complaint.message.contains("journal.db.corrupt-19700112T134640000Z and a new journal is begun"))
    #expect(try Files.read(path + ".corrupt-19700112T134640000Z") == bytes)
    #expect(complaint.message.contains("settings were rescued") && again.setting("s60") == "v")
    #expect(again.latestResults(project: shop).isEmpty)
    #expect(
      try again.events(after: Tick(60), project: nil, kinds: [], limit: 9)
        == .expired(oldest: Tick(newest.number + 1)))
    #expect(again.ticks.next() > newest)
    again.close()
    // The next start finds nothing to complain about.
    let (third, quiet) = try Store.open(directory: scratch.state, clock: clock)
    #expect(quiet.isEmpty)
    third.close()
  }

  @Test func `damage in mid-life begins a new journal and loses no transaction that comes after it`() throws {
    let store = try filled(scratch.state)
    defer { store.close() }
    let path = scratch.state + "/journal.db"
    for file in [path, path + "-wal"] {
      let size = try Files.read(file).count
      let descriptor = try Files.open(file, .readWrite)
      try Files.write([UInt8](repeating: 0xa5, count: size), to: descriptor, named: file)
    }
    // What SQLite still has in memory hides the damage only for a while.
    try store.journal.withLock { try $0.connection.execute("PRAGMA shrink_memory") }
    var kept: [UInt64] = []
    for _ in 0..<20 {
      let tick = store.ticks.next().number
      #expect(
        store.keep(events: [event(tick)], results: [RecordedResult(result(tick, unit("new")))]).isSuccess)
      kept.append(tick)
      _ = store.history(unit: unit("u1"), limit: 10)
    }
    #expect(store.health.map(\.code) == ["journal-corrupt"])
    let last = try #require(kept.last)
    #expect(store.run(RunID(Tick(last))) != nil)
    #expect(try store.ticks(after: last - 1) == [last])
  }

  @Test func `a journal of a newer mcpd is refused and left as it is`() throws {
    try filled(scratch.state).close()
    let path = scratch.state + "/journal.db"
    do {
      let connection = try Connection(path, .create)
      try connection.execute("PRAGMA user_version=9")
    }
    let before = try Files.read(path)
    let error = try #require(throws: StorageError.self) { try Store.opened(scratch.state) }
    #expect(error.code == .stateNewer)
    #expect(
      error.message == "\(path) was written by a newer mcpd (version 9 of its layout; this one knows 1)")
    #expect(try Files.read(path) == before)
    // A file of somebody else's is not overwritten either.
    try Files.remove(path)
    do {
      let connection = try Connection(path, .create)
      try connection.execute("CREATE TABLE theirs (a)")
    }
    let theirs = try Files.read(path)
    let (store, diagnostics) = try Store.open(directory: scratch.state, clock: ManualClock())
    #expect(diagnostics.map(\.code) == ["journal-corrupt"])
    #expect(try Files.read(path + ".corrupt-19700112T134640000Z") == theirs)
    store.close()
  }

  @Test func `the cache may vanish or be damaged at any time`() throws {
    let path = scratch.state + "/cache.db"
    try filled(scratch.state).close()
    try Files.replace(path, with: Array("no database at all, and long enough to look like one".utf8))
    let (store, notes) = try Store.open(directory: scratch.state, clock: ManualClock())
    #expect(notes.map(\.code) == ["cache-renewed"] && notes.map(\.severity) == [.note])
    #expect(store.cache.value("facts", Array("k".utf8)) == nil)
    store.cache.set("facts", [(Array("k".utf8), [1]), ([], []), ([0xff], [2])])
    #expect(
      store.cache.value("facts", []) == []
        && store.cache.values("facts").map(\.key) == [[], Array("k".utf8), [0xff]])
    store.cache.set("facts", [([], nil)])
    #expect(store.cache.value("facts", []) == nil)
    // Cut short under the open connection.
    for size in [5000, 0] {
      _ = unsafe Files.withPath(Array(path.utf8)) { unsafe truncate($0, size) }
      _ = unsafe Files.withPath(Array((path + "-wal").utf8)) { unsafe truncate($0, size) }
      for round in 0..<3 {
        store.cache.set("facts", [([UInt8(round)], [9])])
        _ = store.cache.value("facts", [UInt8(round)])
      }
    }
    store.close()
    let reopened = try Store.opened(scratch.state)
    reopened.cache.set("facts", [([7], [8])])
    #expect(reopened.cache.value("facts", [7]) == [8])
    reopened.close()
  }

  @Test func `damaged and missing contents are as if they had never been, and are written again`() throws {
    let store = try Store.opened(scratch.state)
    defer { store.close() }
    let log = [UInt8](repeating: 5, count: 70_000)
    let digest = Digester.digest(of: log)
    let file = store.contents.path(of: digest)
    store.keep(results: [RecordedResult(result(1, unit("a")), log: log)])
    #expect(store.log(of: RunID(Tick(1))) == log && store.verifyContents() == 0)
    var wrong = log
    wrong[9] = 6
    try Files.replace(file, with: wrong)
    #expect(store.verifyContents() == 1 && Files.kind(of: file) == nil)
    #expect(store.log(of: RunID(Tick(1))) == nil && store.run(RunID(Tick(1)))?.log == digest)
    store.keep(results: [RecordedResult(result(2, unit("b")), log: log)])
    #expect(store.log(of: RunID(Tick(1))) == log && store.log(of: RunID(Tick(2))) == log)
    // A file cut short by a power cut is not believed by its name.
    try Files.replace(file, with: log.dropLast())
    store.keep(results: [RecordedResult(result(3, unit("b")), log: log)])
    #expect(store.log(of: RunID(Tick(3))) == log)
  }
}
