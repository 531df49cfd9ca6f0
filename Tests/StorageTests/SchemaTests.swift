import CSQLite
import Model
import Platform
import Testing

@testable import Storage

@Suite struct SchemaTests {
  let scratch = Scratch()

  private static let grown = Schema(
    applicationID: 77,
    steps: [
      "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);",
      "ALTER TABLE a ADD COLUMN y TEXT; UPDATE a SET y = 'from one';",
      "CREATE TABLE b AS SELECT x, y FROM a; DROP TABLE a;",
    ])

  @Test(arguments: 0...3 as ClosedRange<Int64>)
  func `every earlier version grows to the newest, with what it held`(version: Int64) throws {
    let connection = try Connection(scratch.path + "/grown.db", .create)
    try Self.grown.migrate(connection, to: version)
    #expect(try connection.integer("PRAGMA user_version") == version)
    try Self.grown.migrate(connection)
    #expect(try connection.integer("PRAGMA user_version") == 3)
    #expect(try connection.integer("SELECT x FROM b WHERE y = 'from one'") == 1)
    try Self.grown.compare(connection)
    try Self.grown.migrate(connection)
  }

  @Test func `a step that fails leaves the version before it, whole`() throws {
    let broken = Schema(
      applicationID: 77, steps: [Self.grown.steps[0], "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1);"])
    let connection = try Connection(scratch.path + "/broken.db", .create)
    #expect(throws: StorageError.self) { try broken.migrate(connection) }
    #expect(try connection.integer("PRAGMA user_version") == 1)
    #expect(try connection.integer("SELECT count(*) FROM sqlite_schema") == 1)
    #expect(try connection.integer("SELECT x FROM a") == 1)
  }

  /// The first version as it was released: a journal made from it must be one that this mcpd can use.
  @Test func `a journal of version 1 is read and written`() throws {
    try Files.makeDirectory(scratch.state)
    do {
      let connection = try Connection(scratch.state + "/journal.db", .create)
      try connection.execute("PRAGMA journal_mode=WAL")
      try connection.execute(Version1.journal)
      try connection.execute("PRAGMA application_id=\(0x6d63_706a)")
      try connection.execute("PRAGMA user_version=1")
      try connection.execute(Version1.rows)
    }
    let (store, diagnostics) = try Store.open(directory: scratch.state, clock: ManualClock())
    defer { store.close() }
    #expect(diagnostics.isEmpty)
    let newest = try #require(store.latestResults(project: shop).first)
    #expect(newest.result.verdict == .failed && newest.result.reason.paths == [RelativePath("src/a.py")!])
    #expect(newest.result.cases == [CaseResult(name: "test_a", verdict: .failed, duration: .nanoseconds(5))])
    #expect(newest.result.failures == [Failure(caseName: "test_a", message: "no", file: "t.py", line: 3)])
    #expect(store.log(of: RunID(Tick(40))) == Array("hello".utf8) && store.setting("k") == "v")
    #expect(try store.events(after: Tick(9), project: nil, kinds: [], limit: 1).isEvents(1))
    #expect(store.ticks.next().number > 500)
    #expect(store.keep(results: [RecordedResult(result(900, unit("t.py")))]).isSuccess)
    #expect(store.latestResults(project: shop).map(\.result.run.tick.number) == [900])
  }

  @Test func `what cannot be bound, prepared or stepped is an error with SQLite's own code`() throws {
    let connection = try Connection(":memory:", .create)
    try connection.execute("CREATE TABLE a (x INTEGER PRIMARY KEY, y TEXT NOT NULL) STRICT")
    for sql in ["SELECT", "SELECT * FROM b", "INSERT INTO a VALUES (?, ?)"] {
      #expect(throws: StorageError.self) { try connection.use(sql) { s throws(StorageError) in try s.run() } }
    }
    let insert = "INSERT INTO a VALUES (?, ?)"
    let error = try #require(throws: StorageError.self) {
      try connection.use(insert) { s throws(StorageError) in try s.bind(1).bind(nil as String?).run() }
    }
    #expect(error.sqlite == SQLITE_CONSTRAINT | (5 << 8) && error.code == .failed)
    #expect(throws: StorageError.self) {
      try connection.use(insert) { s throws(StorageError) in try s.bind(1).bind("a").bind("too many").run() }
    }
    // The statement is clean afterwards, and may be used inside itself.
    try connection.use(insert) { s throws(StorageError) in
      try connection.use(insert) { inner throws(StorageError) in try inner.bind(1).bind("").run() }
      try s.bind(2).bind("\0").run()
    }
    let read = try connection.use("SELECT y, x FROM a ORDER BY x") { s throws(StorageError) in
      var read: [String] = []
      while try s.step() { read.append("\(s.integer(1))\(s.text(0))\(s.text(9))\(s.integer(0))") }
      return read
    }
    #expect(read == ["10", "2\00"])
  }
}

extension EventsPage {
  func isEvents(_ count: Int) -> Bool {
    if case .events(let events) = self { events.count == count } else { false }
  }
}
