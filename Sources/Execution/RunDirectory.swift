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

  var output: String { path + "/output" }
  private var lock: String { path + "/lock" }

  /// The entry by which processes of exactly this run are found, should its supervisor die.
  var marker: String { "MCPD_RUN_DIRECTORY=\(path)" }

  /// The part that the run itself may write: this directory, or one of its user's own when the run is another's. That
  /// one is named in the file `private`.
  var privatePath: String {
    guard let bytes = try? read("private", in: path, limit: 4096) else { return path }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Fresh, with the record that survives us; returns the private part. `user` gets a private part that they can reach:
  /// ours lies in a state directory that is closed to them.
  func make(for request: RunRequest, user: RunUser?) throws(SystemError) -> String {
    try remove()
    try Files.makeDirectory(path)
    try Files.replace(path + "/request", with: RunRecord(request).encoded, durable: false)
    var place = path
    if user != nil {
      var template = Array("/tmp/mcpd-run-XXXXXX".utf8CString)
      guard unsafe mkdtemp(&template) != nil else { throw .last("make a directory in", "/tmp") }
      place = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      try Files.replace(path + "/private", with: Array(place.utf8), durable: false)
    }
    try Files.makeDirectory(place + "/tmp")
    return place
  }

  /// Puts the runner's files into the private part and hands it over; its top last, so that until then nobody else can
  /// reach what we are changing.
  func write(_ files: [String: [UInt8]], into place: String, for user: RunUser?) throws(SystemError) {
    var made = [place, place + "/tmp"]
    for (name, bytes) in files {
      let file = "\(place)/\(name)"
      try Files.makeDirectory(Files.parent(of: file))
      try Files.replace(file, with: bytes, durable: false)
      made += [Files.parent(of: file), file]
    }
    guard let user else { return }
    for path in Set(made).sorted(by: >) {
      if unsafe Files.withPath(Array(path.utf8), { unsafe lchown($0, user.uid, user.gid) }) != 0 {
        throw .last("hand over", path)
      }
    }
  }

  func write(_ order: RunOrder) throws(SystemError) {
    try Files.replace(path + "/order", with: order.encoded, durable: false)
  }

  func remove() throws(SystemError) {
    let place = privatePath
    if place != path { try ScratchDirectory(path: place).remove() }
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

  /// Reads one file of the run. A run may have put anything in its place: links are not followed, and a file must belong
  /// to whom its directory belongs, or a run of another user could lead us to what only we may read.
  private func read(_ name: String, in place: String, limit: Int) throws(SystemError) -> [UInt8] {
    let file = "\(place)/\(name)"
    let descriptor = try Files.open(file, [.read, .nonBlocking, .noFollow])
    var status = stat()
    var owner = stat()
    guard unsafe fstat(descriptor.number, &status) == 0,
      unsafe Files.withPath(Array(place.utf8), { unsafe lstat($0, &owner) }) == 0
    else { throw .last("look at", file) }
    guard cl_is_regular(status.st_mode) != 0, status.st_uid == owner.st_uid
    else { throw SystemError(EPERM, "trust", file) }
    return try Files.read(descriptor, limit: limit, named: file)
  }

  var record: RunRecord? {
    guard let bytes = try? read("request", in: path, limit: 1 << 24),
      let record = try? RunRecord(decoding: bytes),
      record.run == run
    else { return nil }
    return record
  }

  /// Nil when there is none, or it is damaged.
  var outcome: RunOutcome? {
    guard let bytes = try? read("outcome", in: path, limit: 1 << 20),
      let outcome = try? RunOutcome(decoding: bytes),
      outcome.run == run
    else { return nil }
    return outcome
  }

  /// A report larger than this is not read: the verdict then goes by the exit code.
  var report: [UInt8]? { try? read("report", in: privatePath, limit: 64 << 20) }
  var keptOutput: [UInt8] { (try? read("output", in: path, limit: 4 << 20)) ?? [] }

  /// What the supervisor complained of.
  var complaint: String? {
    guard let bytes = try? read("complaint", in: path, limit: 1 << 16) else { return nil }
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
