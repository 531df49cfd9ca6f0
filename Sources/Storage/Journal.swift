internal import Model

/// The writing side of `journal.db`: turns transactions into rows.
///
/// One thread at a time; its owner's lock sees to that.
final class Journal {
  let connection: Connection
  /// Contents up to this size lie in the database: one flush instead of three, which is most of the time between a
  /// verdict and its acknowledgement.
  static let inlineLimit = 64 << 10

  // What was looked up before. Ids never change while the row is there; the caches are emptied when rows go.
  private var streams: [Stream: Int64] = [:]
  private var units: [UnitID: Int64] = [:]
  private var paths: [[UInt8]: Int64] = [:]

  /// What the last commit wrote as reserved.
  var keptReserve: UInt64 = 0

  struct Stream: Hashable {
    let project: String?
    let kind: String
  }

  /// Nothing is kept in it: the file is closed or set aside.
  let isStandIn: Bool

  init(_ connection: Connection, isStandIn: Bool = false) {
    self.connection = connection
    self.isStandIn = isStandIn
  }

  func forgetIDs() {
    streams.removeAll()
    units.removeAll()
    paths.removeAll()
    keptReserve = 0
  }

  /// `logs`: the digest of each result's log, in their order.
  func apply(_ transaction: JournalTransaction, logs: [Digest?]) throws(StorageError) {
    for event in transaction.events { try insert(event) }
    for (result, log) in zip(transaction.results, logs) { try insert(result, log: log) }
    for (key, value) in transaction.settings { try set(key, value) }
    for unit in transaction.retiredUnits { try retire(unit) }
  }

  // MARK: Events

  private func insert(_ event: Event) throws(StorageError) {
    let stream = try id(of: Stream(project: event.project?.text, kind: event.kind.rawValue))
    // The same tick again is the same event again (a repeated transaction).
    try connection.use("INSERT OR REPLACE INTO events (tick, stream, time, body) VALUES (?, ?, ?, ?)") {
      statement throws(StorageError) in
      try statement.bind(Int64(clamping: event.tick.number)).bind(stream).bind(event.time.milliseconds)
        .bind(event.body).run()
    }
  }

  private func id(of stream: Stream) throws(StorageError) -> Int64 {
    if let id = streams[stream] { return id }
    let found = try connection.use("SELECT id FROM streams WHERE project IS ? AND kind = ?") {
      statement throws(StorageError) -> Int64? in
      try statement.bind(stream.project).bind(stream.kind).step() ? statement.integer(0) : nil
    }
    let id: Int64
    if let found {
      id = found
    } else {
      try connection.use("INSERT INTO streams (project, kind) VALUES (?, ?)") {
        statement throws(StorageError) in
        try statement.bind(stream.project).bind(stream.kind).run()
      }
      id = connection.lastRowID
    }
    streams[stream] = id
    return id
  }

  // MARK: Settings

  private func set(_ key: String, _ value: String?) throws(StorageError) {
    guard let value else {
      return try connection.use("DELETE FROM settings WHERE key = ?") { statement throws(StorageError) in
        try statement.bind(key).run()
      }
    }
    try connection.use("INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)") {
      statement throws(StorageError) in
      try statement.bind(key).bind(value).run()
    }
  }

  // MARK: Results

  private func insert(_ recorded: RecordedResult, log: Digest?) throws(StorageError) {
    let result = recorded.result
    let unit = try id(of: result.unit, path: recorded.path)
    let run = Int64(clamping: result.run.tick.number)
    // A recall names a run that is there already: only the newest verdict moves.
    let isThere = try connection.use("SELECT 1 FROM runs WHERE id = ? AND unit = ?") {
      statement throws(StorageError) in
      try statement.bind(run).bind(unit).step()
    }
    if result.source == .run || !isThere { try insert(recorded, log: log, run: run, unit: unit) }
    guard let verdict = result.verdict, !result.discarded else { return }
    try delete("DELETE FROM verdicts WHERE unit = ?", unit)
    let sql = "INSERT INTO verdicts (unit, \"case\", run, verdict, source, clock) VALUES (?, ?, ?, ?, ?, ?)"
    try connection.use(sql) { statement throws(StorageError) in
      try statement.bind(unit).bind(0).bind(run).bind(verdict.rawValue).bind(result.source.rawValue)
        .bind(Int64(clamping: result.clock.number)).run()
    }
    // Of a case that is named twice the last one counts.
    try connection.use(
      """
      INSERT OR REPLACE INTO verdicts (unit, "case", run, verdict, source, clock)
      SELECT ?, "case", run, verdict, ?, ? FROM run_cases WHERE run = ? ORDER BY position
      """
    ) { statement throws(StorageError) in
      try statement.bind(unit).bind(result.source.rawValue).bind(Int64(clamping: result.clock.number)).bind(
        run
      ).run()
    }
  }

  private func insert(
    _ recorded: RecordedResult, log: Digest?, run: Int64, unit: Int64
  ) throws(StorageError) {
    let result = recorded.result
    try delete("DELETE FROM runs WHERE id = ?", run)
    try connection.use(
      """
      INSERT INTO runs (id, unit, verdict, source, clock, started, duration, attempts, reason, reason_text, cpu, memory,
        isolation, budget, tracing, discarded, note, settings)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    ) { statement throws(StorageError) in
      try statement.bind(run).bind(unit).bind(result.verdict?.rawValue).bind(result.source.rawValue)
        .bind(Int64(clamping: result.clock.number)).bind(result.started.milliseconds)
        .bind(result.duration.wholeNanoseconds).bind(Int64(result.attempts)).bind(result.reason.kind.rawValue)
        .bind(result.reason.text).bind(result.usage.cpu?.wholeNanoseconds)
        .bind(result.usage.memoryPeakBytes.map { Int64(clamping: $0) }).bind(result.isolation.rawValue)
        .bind(result.budget.rawValue).bind(result.tracing.rawValue).bind(result.discarded ? 1 : 0).bind(
          result.note
        )
        .bind(recorded.settingsDigest?.bytes).run()
    }
    for (position, path) in result.reason.paths.enumerated() {
      let path = try id(of: path)
      try connection.use("INSERT INTO reason_paths (run, position, path) VALUES (?, ?, ?)") {
        statement throws(StorageError) in
        try statement.bind(run).bind(Int64(position)).bind(path).run()
      }
    }
    for (position, item) in result.cases.enumerated() {
      let id = try id(ofCase: item.name, in: unit)
      let sql = "INSERT INTO run_cases (run, position, \"case\", verdict, duration) VALUES (?, ?, ?, ?, ?)"
      try connection.use(sql) { statement throws(StorageError) in
        try statement.bind(run).bind(Int64(position)).bind(id).bind(item.verdict.rawValue)
          .bind(item.duration?.wholeNanoseconds).run()
      }
    }
    for (position, failure) in result.failures.enumerated() {
      let sql =
        "INSERT INTO failures (run, position, \"case\", message, file, line) VALUES (?, ?, ?, ?, ?, ?)"
      try connection.use(sql) { statement throws(StorageError) in
        try statement.bind(run).bind(Int64(position)).bind(failure.caseName).bind(failure.message).bind(
          failure.file
        )
        .bind(failure.line.map { Int64($0) }).run()
      }
    }
    if let log, let bytes = recorded.log { try refer(run, role: "log", to: bytes, digest: log) }
  }

  private func delete(_ sql: String, _ id: Int64) throws(StorageError) {
    try connection.use(sql) { statement throws(StorageError) in try statement.bind(id).run() }
  }

  private func retire(_ unit: UnitID) throws(StorageError) {
    let sql =
      "DELETE FROM verdicts WHERE unit = (SELECT id FROM units WHERE project = ? AND domain = ? AND name = ?)"
    try connection.use(sql) { statement throws(StorageError) in
      try statement.bind(unit.project.text).bind(unit.domain.text).bind(unit.unit).run()
    }
  }

  // MARK: Contents

  /// The file of a content above the inline limit is on disk already: contents first, then what refers to them.
  private func refer(_ run: Int64, role: String, to bytes: [UInt8], digest: Digest) throws(StorageError) {
    let found = try connection.use("SELECT id FROM contents WHERE digest = ?") {
      statement throws(StorageError) -> Int64? in
      try statement.bind(digest.bytes).step() ? statement.integer(0) : nil
    }
    let content: Int64
    if let found {
      content = found
    } else {
      try connection.use("INSERT INTO contents (digest, size, data) VALUES (?, ?, ?)") {
        statement throws(StorageError) in
        try statement.bind(digest.bytes).bind(Int64(bytes.count))
          .bind(bytes.count <= Self.inlineLimit ? bytes : nil).run()
      }
      content = connection.lastRowID
    }
    try connection.use("INSERT INTO content_references (run, role, content) VALUES (?, ?, ?)") {
      statement throws(StorageError) in
      try statement.bind(run).bind(role).bind(content).run()
    }
  }

  // MARK: Interned names

  private func id(of unit: UnitID, path: RelativePath?) throws(StorageError) -> Int64 {
    if let id = units[unit] { return id }
    try connection.use(
      """
      INSERT INTO units (project, domain, name, path) VALUES (?, ?, ?, ?)
      ON CONFLICT (project, domain, name) DO UPDATE SET path = ifnull(excluded.path, path)
      """
    ) { statement throws(StorageError) in
      try statement.bind(unit.project.text).bind(unit.domain.text).bind(unit.unit).bind(path?.bytes).run()
    }
    let id = try connection.use("SELECT id FROM units WHERE project = ? AND domain = ? AND name = ?") {
      statement throws(StorageError) -> Int64 in
      try statement.bind(unit.project.text).bind(unit.domain.text).bind(unit.unit).step()
        ? statement.integer(0) : 0
    }
    if units.count >= 50_000 { units.removeAll() }
    units[unit] = id
    return id
  }

  private func id(ofCase name: String, in unit: Int64) throws(StorageError) -> Int64 {
    let found = try connection.use("SELECT id FROM cases WHERE unit = ? AND name = ?") {
      statement throws(StorageError) -> Int64? in
      try statement.bind(unit).bind(name).step() ? statement.integer(0) : nil
    }
    if let found { return found }
    try connection.use("INSERT INTO cases (unit, name) VALUES (?, ?)") { statement throws(StorageError) in
      try statement.bind(unit).bind(name).run()
    }
    return connection.lastRowID
  }

  private func id(of path: RelativePath) throws(StorageError) -> Int64 {
    if let id = paths[path.bytes] { return id }
    let found = try connection.use("SELECT id FROM paths WHERE bytes = ?") {
      statement throws(StorageError) -> Int64? in
      try statement.bind(path.bytes).step() ? statement.integer(0) : nil
    }
    let id: Int64
    if let found {
      id = found
    } else {
      try connection.use("INSERT INTO paths (bytes) VALUES (?)") { statement throws(StorageError) in
        try statement.bind(path.bytes).run()
      }
      id = connection.lastRowID
    }
    if paths.count >= 20_000 { paths.removeAll() }
    paths[path.bytes] = id
    return id
  }
}
