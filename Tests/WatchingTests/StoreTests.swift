import Glibc
import Model
import Platform
import Testing
import Watching

@Suite struct StoreTests {
  private func text(_ changes: [Change]?) -> [String]? {
    changes?.map { "\($0.kind.rawValue) \($0.path.text)" }.sorted()
  }

  private func changedWhileDown(_ rig: Rig) -> [String]? {
    for case .armed(_, let set) in rig.events { return text(set?.changes) }
    return nil
  }

  /// Waits until the digests of all files have been read, and stored.
  private func waitForDigests(_ rig: Rig) {
    while rig.view().contains(where: { $0.digest == nil && $0.status.kind == .file }) { usleep(2000) }
  }

  @Test func `what changed while no watcher ran is told at the start, exactly`() throws {
    let scratch = try Scratch()
    let ticks = CountingTicks()
    for file in ["a", "b", "c/d", "c/e", "f/g"] { try scratch.write(file) }
    let first = try Rig(scratch, ticks: ticks)
    #expect(changedWhileDown(first) == nil)
    waitForDigests(first)
    try scratch.write("b", "seen")
    first.sync()
    let clock = ticks.current
    first.stop()
    try scratch.write("a", "other")
    try scratch.write("c/d", "text")  // The same bytes.
    scratch.chmod("c/e", 0o600)
    try scratch.move("f", "h")
    try scratch.write("new/er")
    let second = try Rig(scratch, ticks: ticks)
    let expected = ["changed a", "changed c/e", "created h/g", "created new/er", "deleted f/g"]
    #expect(changedWhileDown(second) == expected)
    let answer = second.changes(since: clock)
    #expect(!answer.fresh && text(answer.changes) == expected)
    #expect(text(second.changes(since: .zero).changes)?.count == 6)
    second.stop()
    let third = try Rig(scratch, ticks: ticks)
    #expect(changedWhileDown(third) == [])
    third.stop()
  }

  @Test func `a killed watcher's successor names nothing that was told before`() throws {
    let scratch = try Scratch()
    let ticks = CountingTicks()
    for file in ["a", "b", "c"] { try scratch.write(file) }
    let first = try Rig(scratch, ticks: ticks)
    waitForDigests(first)
    try scratch.write("a", "1")
    first.sync()
    let afterA = ticks.current
    try scratch.write("b", "2")
    try scratch.remove("c")
    first.sync()
    let afterB = ticks.current
    // As if it were killed here: its files as they are now, and nothing of what it does later.
    try #require(shell("cp -r '\(scratch.state)' '\(scratch.state)2'") != nil)
    try scratch.write("d")
    let second = try Rig(scratch, ticks: ticks) { $0.stateDirectory = scratch.state + "2" }
    #expect(changedWhileDown(second) == ["created d"])
    #expect(text(second.changes(since: afterB).changes) == ["created d"])
    #expect(text(second.changes(since: afterA).changes) == ["changed b", "created d", "deleted c"])
    second.stop()
    first.stop()
    // Whoever kept less is told more.
    let third = try Rig(scratch, ticks: ticks) {
      $0.stateDirectory = scratch.state + "2"
      $0.resumeAfter = afterA
    }
    #expect(changedWhileDown(third) == ["changed b", "created d", "deleted c"])
    third.stop()
  }

  @Test func `a clock that cannot be known is answered with everything`() throws {
    let scratch = try Scratch()
    try scratch.write("a")
    let rig = try Rig(scratch, ticks: CountingTicks(100))
    for clock in [Tick(99), Tick(1_000_000)] {
      let answer = rig.changes(since: clock)
      #expect(answer.fresh && text(answer.changes) == ["created a"])
    }
    #expect(!rig.changes(since: Tick(100)).fresh)
    rig.stop()
  }

  private func sample() -> StoredView {
    var table = FileTable()
    var paths = PathBook()
    var history = ChangeHistory(floor: Tick(5))
    var directory = EntryStatus()
    directory.mode = 0o040_755
    directory.inode = 7
    directory.device = 3
    var file = EntryStatus()
    file.mode = 0o100_644
    for number in 0..<20 {
      let place = table.insert(
        directory, in: FileTable.root, named: table.names.intern(Array("d\(number)".utf8)))
      for below in 0..<5 {
        file.inode = UInt64(number * 10 + below)
        let entry = table.insert(file, in: place, named: table.names.intern(Array("f\(below)".utf8)))
        if below % 2 == 0 { table.setDigest(entry, SIMD2(UInt64(below), 9)) }
        history.append(
          ChangeHistory.Entry(
            tick: Tick(UInt64(10 + number * 10 + below)), path: paths.id(of: entry, in: table), kind: .created
          ))
      }
    }
    return StoredView(generation: 4, table: table, paths: paths, history: history)
  }

  @Test func `a stored view comes back as it was, and with any byte wrong not at all`() throws {
    let bytes = sample().encoded()
    let back = try StoredView(decoding: bytes)
    #expect(back.generation == 4 && back.table.fileCount == 100 && back.table.directoryCount == 21)
    #expect(back.history.since(Tick(5))?.count == 100)
    #expect(back.encoded().count == bytes.count)
    for place in stride(from: 0, to: bytes.count, by: 37) {
      var broken = bytes
      broken[place] ^= 0x10
      #expect(throws: StoredView.Malformed.self) { try StoredView(decoding: broken) }
    }
    for length in stride(from: 0, to: bytes.count, by: 101) {
      #expect(throws: StoredView.Malformed.self) { try StoredView(decoding: Array(bytes[..<length])) }
    }
  }

  @Test func `a torn journal counts up to its tear`() throws {
    let scratch = try Scratch()
    var journal = try ChangeJournal(creating: scratch.path("journal"))
    var ends = [0]
    for number in 1...5 {
      let change = Change(
        path: RelativePath("d/f\(number)")!, kind: .created, tick: Tick(UInt64(1000 + number)))
      var status = EntryStatus()
      status.mode = 0o100_644
      status.inode = UInt64(number)
      try journal.append([ChangeJournal.Record(change: change, status: status, digest: nil)])
      ends.append(journal.length)
    }
    let bytes = try Files.read(scratch.path("journal"))
    for length in 0...bytes.count {
      let sets = ChangeJournal.records(in: Array(bytes[..<length]))
      #expect(sets.count == ends.lastIndex { $0 <= length })
    }
    var view = sample()
    view.apply(ChangeJournal.records(in: bytes))
    #expect(view.table.find(Array("d/f5".utf8)) != nil && view.history.newestTick == Tick(1005))
    view.apply(ChangeJournal.records(in: bytes))  // Known ticks count once.
    #expect(view.history.since(Tick(1000))?.count == 5)
  }

  @Test func `only the first change since a clock decides what existed then`() {
    var history = ChangeHistory(floor: .zero, limit: 100)
    var tick: UInt64 = 0
    func add(_ path: UInt32, _ kind: ChangeKind) {
      tick += 1
      history.append(ChangeHistory.Entry(tick: Tick(tick), path: path, kind: kind))
    }
    for kind in [ChangeKind.created, .changed, .changed, .deleted, .created, .changed] { add(1, kind) }
    let existed = (0...6).map { history.since(Tick($0))?.first?.existed }
    #expect(existed == [false, true, true, true, false, true, nil])
    for _ in 0..<5000 { add(2, .changed) }
    #expect(history.since(.zero)?.count == 2 && history.all.count < 20)
    for path in 3..<200 as Range<UInt32> { add(path, .created) }
    #expect(history.since(.zero) == nil && history.since(history.floor) != nil)
  }
}
