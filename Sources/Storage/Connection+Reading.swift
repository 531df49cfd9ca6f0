internal import Model

extension Connection {
  /// Each (project, kind) is a range of its own in the index; SQLite merges the ranges by tick and stops at the limit,
  /// so a rare kind costs no walk through a million others.
  func events(
    after: Int64, project: ProjectName?, kinds: Set<Event.Kind>, limit: Int
  ) throws(StorageError) -> [Event] {
    let streams = try streams()
    let wanted = streams.filter { stream in
      (project == nil || stream.value.project == nil || stream.value.project == project)
        && (kinds.isEmpty || kinds.contains(stream.value.kind))
    }
    if wanted.isEmpty { return [] }
    let bound = Int64(max(0, limit))
    // SQLite takes 500 selects together; beyond a few dozen the plain walk is as good.
    if wanted.count == streams.count || wanted.count > 64 {
      return try use("SELECT tick, time, stream, body FROM events WHERE tick > ? ORDER BY tick") {
        statement throws(StorageError) in
        var events: [Event] = []
        _ = statement.bind(after)
        while events.count < bound, try statement.step() {
          if let stream = wanted[statement.integer(2)] { events.append(statement.event(stream)) }
        }
        return events
      }
    }
    let one = "SELECT tick, time, stream, body FROM events WHERE stream = ? AND tick > ?"
    let sql =
      Array(repeating: one, count: wanted.count).joined(separator: " UNION ALL ") + " ORDER BY tick LIMIT ?"
    return try use(sql) { statement throws(StorageError) in
      for id in wanted.keys { _ = statement.bind(id).bind(after) }
      _ = statement.bind(bound)
      var events: [Event] = []
      while try statement.step() {
        if let stream = wanted[statement.integer(2)] { events.append(statement.event(stream)) }
      }
      return events
    }
  }

  struct Stream {
    var project: ProjectName?
    var kind: Event.Kind
  }

  /// Kinds that this version does not know are passed over.
  private func streams() throws(StorageError) -> [Int64: Stream] {
    try use("SELECT id, project, kind FROM streams") { statement throws(StorageError) in
      var streams: [Int64: Stream] = [:]
      while try statement.step() {
        guard let kind = Event.Kind(rawValue: statement.text(2)) else { continue }
        streams[statement.integer(0)] = Stream(
          project: statement.optionalText(1).map { ProjectName($0) }, kind: kind)
      }
      return streams
    }
  }

  /// Whether a row is a run as it was, or a unit's newest verdict, whose source and clock may be a recall's.
  enum Origin: String {
    case runs = """
      SELECT runs.*, units.project, units.domain, units.name, units.path, runs.source AS told, runs.clock AS at
      FROM runs JOIN units ON units.id = runs.unit
      """
    case verdicts = """
      SELECT runs.*, units.project, units.domain, units.name, units.path, verdicts.source AS told, verdicts.clock AS at
      FROM verdicts JOIN runs ON runs.id = verdicts.run JOIN units ON units.id = verdicts.unit
      """
  }

  func results(
    where condition: String, order: String, from origin: Origin, bind: (Statement) -> Statement
  ) throws(StorageError) -> [StoredResult] {
    let only = origin == .verdicts ? "AND verdicts.\"case\" = 0 " : ""
    let rows = try use("\(origin.rawValue) WHERE \(condition) \(only)ORDER BY \(order)") {
      statement throws(StorageError) in
      var rows: [(Int64, PartialResult)] = []
      _ = bind(statement)
      while try statement.step() {
        if let row = PartialResult(statement) { rows.append((statement.integer(0), row)) }
      }
      return rows
    }
    var results: [StoredResult] = []
    results.reserveCapacity(rows.count)
    for (run, row) in rows { results.append(try complete(row, run: run)) }
    return results
  }

  /// Walks back along the unit's runs to the last one that was not red.
  func redSince(_ run: RunID) throws(StorageError) -> Timestamp? {
    try use(
      """
      SELECT verdict, discarded, started FROM runs WHERE unit = (SELECT unit FROM runs WHERE id = ?1) AND id <= ?1
      ORDER BY id DESC
      """
    ) { statement throws(StorageError) in
      var since: Timestamp?
      _ = statement.bind(Int64(clamping: run.tick.number))
      while try statement.step() {
        guard let verdict = Verdict(rawValue: statement.text(0)), statement.integer(1) == 0 else { continue }
        if !verdict.isRed { break }
        since = Timestamp(milliseconds: statement.integer(2))
      }
      return since
    }
  }

  private func complete(_ row: PartialResult, run: Int64) throws(StorageError) -> StoredResult {
    let paths = try use(
      "SELECT bytes FROM reason_paths JOIN paths ON paths.id = path WHERE run = ? ORDER BY position"
    ) { statement throws(StorageError) in
      var paths: [RelativePath] = []
      _ = statement.bind(run)
      while try statement.step() { paths.append(RelativePath(unchecked: statement.bytes(0))) }
      return paths
    }
    let cases = try use(
      """
      SELECT name, verdict, duration FROM run_cases JOIN cases ON cases.id = "case" WHERE run = ? ORDER BY position
      """
    ) { statement throws(StorageError) in
      var cases: [CaseResult] = []
      _ = statement.bind(run)
      while try statement.step() {
        guard let verdict = Verdict(rawValue: statement.text(1)) else { continue }
        cases.append(
          CaseResult(
            name: statement.text(0), verdict: verdict,
            duration: statement.optionalInteger(2).map { .nanoseconds($0) }))
      }
      return cases
    }
    let failures = try use(
      "SELECT \"case\", message, file, line FROM failures WHERE run = ? ORDER BY position"
    ) { statement throws(StorageError) in
      var failures: [Failure] = []
      _ = statement.bind(run)
      while try statement.step() {
        failures.append(
          Failure(
            caseName: statement.optionalText(0), message: statement.text(1), file: statement.optionalText(2),
            line: statement.optionalInteger(3).map { Int($0) }))
      }
      return failures
    }
    let log = try use(
      """
      SELECT digest FROM content_references JOIN contents ON contents.id = content WHERE run = ? AND role = 'log'
      """
    ) { statement throws(StorageError) in
      try statement.bind(run).step() ? Digest(bytes: statement.bytes(0)) : nil
    }
    return row.with(paths: paths, cases: cases, failures: failures, log: log)
  }
}

extension Statement {
  func event(_ stream: Connection.Stream) -> Event {
    Event(
      tick: Tick(UInt64(clamping: integer(0))), time: Timestamp(milliseconds: integer(1)),
      project: stream.project,
      kind: stream.kind, body: bytes(3))
  }
}

/// One row of `runs` before its lists are added.
///
/// Nil when a word in it is unknown to this version: then the run is as if it had never been, and its unit
/// runs.
struct PartialResult {
  private let result: RunResult
  private let path: RelativePath?
  private let settingsDigest: Digest?

  init?(_ row: Statement) {
    let verdictText = row.optionalText(2)
    let verdict = verdictText.flatMap { Verdict(rawValue: $0) }
    guard verdictText == nil || verdict != nil, let source = VerdictSource(rawValue: row.text(22)),
      let kind = Reason.Kind(rawValue: row.text(8)), let isolation = IsolationKind(rawValue: row.text(12)),
      let budget = BudgetMode(rawValue: row.text(13)), let tracing = TracingMode(rawValue: row.text(14)),
      let domain = DomainName(row.text(19))
    else { return nil }
    result = RunResult(
      run: RunID(Tick(UInt64(clamping: row.integer(0)))),
      unit: UnitID(project: ProjectName(row.text(18)), domain: domain, unit: row.text(20)), verdict: verdict,
      source: source, clock: Tick(UInt64(clamping: row.integer(23))),
      started: Timestamp(milliseconds: row.integer(5)), duration: .nanoseconds(row.integer(6)),
      attempts: Int(row.integer(7)), reason: Reason(kind, text: row.text(9)),
      usage: Usage(
        cpu: row.optionalInteger(10).map { .nanoseconds($0) },
        memoryPeakBytes: row.optionalInteger(11).map { UInt64(clamping: $0) }), isolation: isolation,
      budget: budget,
      tracing: tracing, discarded: row.integer(15) != 0, note: row.optionalText(16))
    path = row.optionalBytes(21).map { RelativePath(unchecked: $0) }
    settingsDigest = row.optionalBytes(17).flatMap { Digest(bytes: $0) }
  }

  func with(paths: [RelativePath], cases: [CaseResult], failures: [Failure], log: Digest?) -> StoredResult {
    StoredResult(
      result: RunResult(
        run: result.run, unit: result.unit, verdict: result.verdict, source: result.source,
        clock: result.clock,
        started: result.started, duration: result.duration, attempts: result.attempts,
        reason: Reason(result.reason.kind, paths: paths, text: result.reason.text), cases: cases,
        failures: failures,
        usage: result.usage, isolation: result.isolation, budget: result.budget, tracing: result.tracing,
        discarded: result.discarded, note: result.note), log: log, path: path, settingsDigest: settingsDigest)
  }
}
