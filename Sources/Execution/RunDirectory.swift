internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// `runs/<id>`: all that belongs to one run, and all that a daemon which comes later needs to know of it.
struct RunDirectory {
  let run: RunID
  let path: String

  init(run: RunID, in runs: String) {
    self.run = run
    path = "\(runs)/\(run)"
  }

  var temporary: String { path + "/tmp" }
  var output: String { path + "/output" }
  private var lock: String { path + "/lock" }

  /// The entry by which processes of exactly this run are found, should its supervisor die.
  var marker: String { "MCPD_RUN_DIRECTORY=\(path)" }

  /// Fresh, with the record that survives us.
  func make(for request: RunRequest) throws(SystemError) {
    try ScratchDirectory(path: path).remove()
    try Files.makeDirectory(temporary)
    try Files.replace(path + "/request", with: RunRecord(request).encoded, durable: false)
  }

  func write(_ files: [String: [UInt8]]) throws(SystemError) {
    for (name, bytes) in files {
      let file = "\(path)/\(name)"
      try Files.makeDirectory(Files.parent(of: file))
      try Files.replace(file, with: bytes, durable: false)
    }
  }

  func write(_ order: RunOrder) throws(SystemError) {
    try Files.replace(path + "/order", with: order.encoded, durable: false)
  }

  func remove() throws(SystemError) {
    try ScratchDirectory(path: path).remove()
  }

  // MARK: - The lock that says whether a supervisor lives

  /// Takes it; nil when a supervisor holds it. The descriptor is handed on to the supervisor, so that the run is never
  /// without a holder from before its start to its end.
  func takeLock() throws(SystemError) -> Descriptor? {
    let descriptor = try Files.open(lock, [.readWrite, .create])
    if flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 { return descriptor }
    if errno == EWOULDBLOCK { return nil }
    throw .last("lock", lock)
  }

  /// Waits on the calling thread until no supervisor holds it.
  func waitForLock() {
    guard let descriptor = try? Files.open(lock, [.readWrite, .create]) else { return }
    while flock(descriptor.number, LOCK_EX) != 0 && errno == EINTR {}
  }

  /// Who holds the lock; nil while the supervisor has not written it yet.
  var holder: ProcessIdentity? {
    guard let bytes = try? Files.read(lock, limit: 256) else { return nil }
    let words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard bytes.last == UInt8(ascii: "\n"), words.count == 2, let pid = Int32(words[0]), pid > 1,
      let start = UInt64(words[1])
    else { return nil }
    return ProcessIdentity(pid: pid, startTime: start)
  }

  // MARK: - What is left in it

  var record: RunRecord? {
    guard let bytes = try? Files.read(path + "/request", limit: 1 << 24),
      let record = try? RunRecord(decoding: bytes), record.run == run
    else { return nil }
    return record
  }

  /// Nil when there is none, or it is damaged.
  var outcome: RunOutcome? {
    guard let bytes = try? Files.read(path + "/outcome", limit: 1 << 20),
      let outcome = try? RunOutcome(decoding: bytes), outcome.run == run
    else { return nil }
    return outcome
  }

  /// A report larger than this is not read: the verdict then goes by the exit code.
  var report: [UInt8]? { try? Files.read(path + "/report", limit: 64 << 20) }
  var keptOutput: [UInt8] { (try? Files.read(output, limit: 4 << 20)) ?? [] }

  /// What the supervisor complained of.
  var complaint: String? {
    guard let bytes = try? Files.read(path + "/complaint", limit: 1 << 16) else { return nil }
    return OutputLines.lastMeaningful(in: bytes)
  }

  /// Ends whatever still carries this run's marker, after its supervisor has died.
  func endLeftOvers() {
    for _ in 0..<20 {
      let found = ProcessTable.marked(marker)
      if found.isEmpty { return }
      for entry in found { entry.identity.signal(SIGSTOP) }
      for entry in found { entry.identity.signal(SIGKILL) }
    }
  }
}
