/// The journal's first layout, as it was released, and some rows in it. Never edited: `Schema` must grow it.
enum Version1 {
  static let journal = """
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

  static let rows = """
    UPDATE clock SET reserved = 500;
    INSERT INTO settings VALUES ('k', 'v');
    INSERT INTO streams VALUES (1, NULL, 'state'), (2, 'shop', 'run-finished');
    INSERT INTO events VALUES (9, 1, 1000000000, x'7b7d'), (41, 2, 1000000000, x'7b7d');
    INSERT INTO units VALUES (1, 'shop', 'unit', 't.py', x'742e7079');
    INSERT INTO cases VALUES (1, 1, 'test_a');
    INSERT INTO paths VALUES (1, x'7372632f612e7079');
    INSERT INTO runs VALUES (40, 1, 'failed', 'run', 39, 1000000000, 7, 1, 'changed', 'src/a.py changed', NULL, NULL,
      'full', 'soft', 'none', 0, NULL, NULL);
    INSERT INTO reason_paths VALUES (40, 0, 1);
    INSERT INTO run_cases VALUES (40, 0, 1, 'failed', 5);
    INSERT INTO failures VALUES (40, 0, 'test_a', 'no', 't.py', 3);
    INSERT INTO verdicts VALUES (1, 0, 40, 'failed', 'run', 39), (1, 1, 40, 'failed', 'run', 39);
    INSERT INTO contents VALUES (1, x'2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', 5, x'68656c6c6f');
    INSERT INTO content_references VALUES (40, 'log', 1);
    """
}
