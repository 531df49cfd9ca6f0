/// The shape of a database file as an ordered list of steps; each step is taken in a transaction of its own.
struct Schema {
  /// Says whose file it is, in the file's own header.
  let applicationID: Int64
  /// Step *n* leads from version *n* to version *n + 1*.
  ///
  /// Steps are never edited once released, only added to.
  let steps: [String]

  var version: Int64 { Int64(steps.count) }

  /// Brings the file to the newest version, or as far as `target` for tests.
  func migrate(_ connection: Connection, to target: Int64? = nil) throws(StorageError) {
    var version = try connection.integer("PRAGMA user_version")
    while version < target ?? self.version {
      let step = steps[Int(version)]
      let next = version + 1
      try connection.transaction { () throws(StorageError) in
        try connection.execute(step)
        try connection.execute("PRAGMA application_id=\(applicationID)")
        try connection.execute("PRAGMA user_version=\(next)")
      }
      version = next
    }
  }

  /// Finds damage in the names and shapes themselves, which SQLite's own check does not compare with anything.
  func compare(_ connection: Connection) throws(StorageError) {
    let model = try Connection(":memory:", .create)
    try migrate(model)
    let found = Set(try Self.shapes(connection))
    for shape in try Self.shapes(model) where !found.contains(shape) {
      throw StorageError(
        .corrupt, "\(connection.path) is damaged: its layout lacks \(shape.prefix { $0 != "(" })")
    }
  }

  private static func shapes(_ connection: Connection) throws(StorageError) -> [String] {
    try connection.use("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name") {
      statement throws(StorageError) in
      var shapes: [String] = []
      while try statement.step() { shapes.append(statement.text(0)) }
      return shapes
    }
  }

  /// "mcpj": runs, verdicts, events, settings.
  static let journal = Schema(applicationID: 0x6d63_706a, steps: [journal1])

  /// "mcpc": what can be lost at any time.
  static let cache = Schema(applicationID: 0x6d63_7063, steps: [cache1])

  private static let journal1 = """
    CREATE TABLE settings (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    -- reserved: no tick above it was ever handed out when this was written. lost: no event up to it can be promised.
    CREATE TABLE clock (
      id INTEGER PRIMARY KEY CHECK (id = 1), reserved INTEGER NOT NULL, lost INTEGER NOT NULL) STRICT;
    INSERT INTO clock VALUES (1, 0, 0);

    -- Events are of few (project, kind) pairs: each pair is one stream. A NULL project is the whole daemon.
    CREATE TABLE streams (id INTEGER PRIMARY KEY, project TEXT, kind TEXT NOT NULL) STRICT;
    CREATE TABLE events (
      tick INTEGER PRIMARY KEY, stream INTEGER NOT NULL, time INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX events_of_stream ON events (stream, tick);

    CREATE TABLE units (
      id INTEGER PRIMARY KEY, project TEXT NOT NULL, domain TEXT NOT NULL, name TEXT NOT NULL, path BLOB,
      UNIQUE (project, domain, name)) STRICT;
    CREATE INDEX units_of_name ON units (name);
    CREATE TABLE cases (
      id INTEGER PRIMARY KEY, unit INTEGER NOT NULL REFERENCES units ON DELETE CASCADE, name TEXT NOT NULL,
      UNIQUE (unit, name)) STRICT;
    CREATE TABLE paths (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL UNIQUE) STRICT;

    -- A run's id is the tick at which it was started. Durations are in nanoseconds, times in milliseconds since 1970.
    CREATE TABLE runs (
      id INTEGER PRIMARY KEY, unit INTEGER NOT NULL REFERENCES units ON DELETE CASCADE, verdict TEXT,
      source TEXT NOT NULL, clock INTEGER NOT NULL, started INTEGER NOT NULL, duration INTEGER NOT NULL,
      attempts INTEGER NOT NULL, reason TEXT NOT NULL, reason_text TEXT NOT NULL, cpu INTEGER, memory INTEGER,
      isolation TEXT NOT NULL, budget TEXT NOT NULL, tracing TEXT NOT NULL, discarded INTEGER NOT NULL, note TEXT,
      settings BLOB) STRICT;
    CREATE INDEX runs_of_unit ON runs (unit, id);
    CREATE TABLE reason_paths (
      run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL, path INTEGER NOT NULL,
      PRIMARY KEY (run, position)) STRICT, WITHOUT ROWID;
    CREATE TABLE run_cases (
      run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL,
      "case" INTEGER NOT NULL REFERENCES cases ON DELETE CASCADE, verdict TEXT NOT NULL, duration INTEGER,
      PRIMARY KEY (run, position)) STRICT, WITHOUT ROWID;
    CREATE INDEX runs_of_case ON run_cases ("case", run);
    CREATE TABLE failures (
      run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, position INTEGER NOT NULL, "case" TEXT,
      message TEXT NOT NULL, file TEXT, line INTEGER, PRIMARY KEY (run, position)) STRICT, WITHOUT ROWID;

    -- The newest verdict of each (unit, case); case 0 is the unit as a whole.
    CREATE TABLE verdicts (
      unit INTEGER NOT NULL REFERENCES units ON DELETE CASCADE, "case" INTEGER NOT NULL, run INTEGER NOT NULL,
      verdict TEXT NOT NULL, source TEXT NOT NULL, clock INTEGER NOT NULL, PRIMARY KEY (unit, "case"))
      STRICT, WITHOUT ROWID;
    CREATE INDEX verdicts_of_run ON verdicts (run);

    -- Small contents lie here, large ones (data is NULL) as files; nothing refers to them but these references.
    CREATE TABLE contents (
      id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), size INTEGER NOT NULL,
      data BLOB) STRICT;
    CREATE INDEX contents_in_files ON contents (size) WHERE data IS NULL;
    CREATE TABLE content_references (
      run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, role TEXT NOT NULL,
      content INTEGER NOT NULL REFERENCES contents, PRIMARY KEY (run, role)) STRICT, WITHOUT ROWID;
    CREATE INDEX references_to_content ON content_references (content);
    """

  private static let cache1 = """
    CREATE TABLE entries (
      space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (space, key))
      STRICT, WITHOUT ROWID;
    CREATE INDEX entries_by_use ON entries (used);
    """
}
