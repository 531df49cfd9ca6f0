import Glibc
import Model
import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct StateDirectoryTests {
  let scratch = Scratch()

  private func refusal() throws -> StorageError {
    let error = try #require(throws: StorageError.self) { try Store.opened(scratch.state) }
    #expect(!error.message.isEmpty && error.hint != nil)
    return error
  }

  @Test func `it is made with those above it, and shut for others`() throws {
    let path = scratch.path + "/a/b/state"
    try Store.opened(path).close()
    _ = unsafe chmod(path, 0o755)
    try Store.opened(path).close()
    for name in ["", "/journal.db", "/cache.db", "/clock", "/lock", "/content"] {
      var status = stat()
      #expect(unsafe stat(path + name, &status) == 0 && status.st_mode & 0o077 == 0, "\(name)")
    }
    // A link to it is followed: people move their state to another disk.
    _ = unsafe symlink(path, scratch.path + "/link")
    try Store.opened(scratch.path + "/link").close()
  }

  @Test func `a directory that others use is not shut`() throws {
    try Files.makeDirectory(scratch.state)
    try Files.replace(scratch.state + "/thesis.tex", with: [])
    _ = unsafe chmod(scratch.state, 0o755)
    let error = try refusal()
    #expect(error.message == "\(scratch.state) is open to others and holds other things than mcpd's state")
    var status = stat()
    #expect(unsafe stat(scratch.state, &status) == 0 && status.st_mode & 0o777 == 0o755)
    #expect(try Files.names(in: scratch.state).count == 1)
    // Its owner's alone, it may hold other things of the daemon's.
    _ = unsafe chmod(scratch.state, 0o700)
    try Store.opened(scratch.state).close()
  }

  @Test func `what is no directory is said to be none`() throws {
    try Files.replace(scratch.state, with: [])
    #expect(try refusal().code == .stateUnusable)
    try Files.remove(scratch.state)
    _ = unsafe symlink("/nowhere/at/all", scratch.state)
    #expect(try refusal().code == .stateUnusable)
  }

  @Test func `links and directories in the place of its files are not followed into surprises`() throws {
    for name in ["lock", "clock", "journal.db", "cache.db", "content"] {
      try Files.removeTree(scratch.state)
      try Files.makeDirectory(scratch.state)
      let victim = scratch.path + "/victim"
      try Files.replace(victim, with: Array("precious".utf8))
      _ = unsafe symlink(victim, scratch.state + "/" + name)
      if let store = try? Store.opened(scratch.state) { store.close() }
      #expect(try Files.read(victim) == Array("precious".utf8), "\(name)")
    }
  }

  @Test(.enabled(if: geteuid() == 0, "needs root: another user's directory"))
  func `another user's directory is refused`() throws {
    try Files.makeDirectory(scratch.state)
    _ = unsafe chown(scratch.state, 12345, 12345)
    let error = try refusal()
    #expect(error.code == .stateUnusable)
    #expect(error.message == "\(scratch.state) belongs to another user (uid 12345, not 0)")
  }

  @Test(.enabled(if: geteuid() != 0, "only for a normal user: root may write anywhere"))
  func `a directory that may not be written is refused`() throws {
    try Files.makeDirectory(scratch.path + "/shut")
    _ = unsafe chmod(scratch.path + "/shut", 0o500)
    let error = try #require(throws: StorageError.self) { try Store.opened(scratch.path + "/shut/state") }
    #expect(error.code == .stateUnusable)
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs root: mounts a file system"))
  func `a read-only disk and a full one are told apart, and nothing is half-written`() throws {
    let disk = try SmallDisk(scratch.path + "/disk", kilobytes: 64)
    let path = disk.path + "/state"
    try disk.fill()
    let full = try #require(throws: StorageError.self) { try Store.opened(path) }
    #expect(full.code == .diskFull && full.hint == "free some space on that file system")
    disk.empty()
    try disk.resize(kilobytes: 4096)
    let store = try Store.opened(path)
    #expect(store.keep(events: [event(store.ticks.next().number)]).isSuccess)
    store.close()
    let view = try disk.readOnlyView(at: scratch.path + "/view")
    defer { _ = unsafe umount2(view, 2) }
    let error = try #require(throws: StorageError.self) { try Store.opened(view + "/state") }
    #expect(error.code == .diskReadOnly && error.hint != nil)
  }

  @Test(.enabled(if: SmallDisk.isPossible, "needs root: mounts a file system"))
  func
    `a disk that gets full in mid-life keeps everything waiting, and nothing is lost when there is space again`()
    throws
  {
    let disk = try SmallDisk(scratch.path + "/disk", kilobytes: 2048)
    try Self.survive(
      .diskFull, in: disk.path + "/state", becomeFull: { try disk.fill(leaving: 400) }, hasSpace: disk.empty)
  }

  /// The same without root: files may not grow beyond a bound, in a process of its own.
  @Test func `a bound on the size of files is survived like a full disk`() async {
    let path = scratch.state
    await #expect(processExitsWith: .success) { [path = path as String] in
      signal(SIGXFSZ, SIG_IGN)
      func bound(_ bytes: UInt) {
        var limit = rlimit(rlim_cur: bytes, rlim_max: UInt.max)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      }
      try Self.survive(
        .diskFailing, in: path, becomeFull: { bound(400 << 10) }, hasSpace: { bound(UInt.max) })
    }
  }

  private static func survive(
    _ code: StorageError.Code, in state: String, becomeFull: () throws -> Void, hasSpace: () -> Void
  ) throws {
    let store = try Store.opened(state)
    let changes = Changes(store)
    try becomeFull()
    var failed: [UInt64] = []
    var all: [UInt64] = []
    for number in 0..<80 {
      let tick = store.ticks.next().number
      all.append(tick)
      // Small ones and ones whose log needs a file.
      let log = [UInt8](repeating: UInt8(number), count: number % 5 == 0 ? 70_000 : 2000)
      let kept = store.keep(
        events: [event(tick)], results: [RecordedResult(result(tick, unit("u\(number)")), log: log)])
      if case .failure(let error) = kept {
        try #require(error.code == code, "\(error)")
        failed.append(tick)
      }
    }
    try #require(!failed.isEmpty && failed.count < 80)
    let complaint = try #require(store.health.first)
    try #require(complaint.code == code.rawValue && complaint.hints.first?.contains("space") == true)
    try #require(complaint.message.hasSuffix("\(failed.count) transactions wait in memory for it"))
    // Reading goes on meanwhile, and the clock too, beyond its reserved block.
    try #require(store.latestResults(project: shop).count == 80 - failed.count)
    for _ in 0..<100_000 { _ = store.ticks.next() }
    hasSpace()
    try #require(changes.wait { store.health.isEmpty })
    try #require(store.flush().isSuccess)
    try #require(try store.ticks(after: 0) == all)
    try #require(store.latestResults(project: shop).count == 80)
    for (number, tick) in all.enumerated() {
      try #require(store.log(of: RunID(Tick(tick)))?.first == UInt8(number))
    }
    store.close()
  }
}

/// Waits for a change of the store's health.
private final class Changes: Sendable {
  private let changed = Condition()

  init(_ store: Store) {
    store.onHealthChange { [changed] in changed.signal() }
  }

  func wait(until predicate: () -> Bool) -> Bool {
    changed.wait(atMost: .seconds(20), until: predicate)
  }
}

/// A file system of its own that is soon full.
final class SmallDisk {
  static var isPossible: Bool {
    guard geteuid() == 0 else { return false }
    let probe = Scratch()
    guard unsafe mount("none", probe.path, "tmpfs", 0, "size=4k") == 0 else { return false }
    return unsafe umount2(probe.path, 2) == 0
  }

  let path: String

  init(_ path: String, kilobytes: Int) throws {
    self.path = path
    try Files.makeDirectory(path)
    guard unsafe mount("none", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
      throw SystemError.last("mount", path)
    }
  }

  deinit {
    _ = unsafe umount2(path, 2)
  }

  func fill(leaving kilobytes: Int = 0) throws {
    try Files.replace(path + "/room", with: [UInt8](repeating: 0, count: kilobytes << 10), durable: false)
    let ballast = try Files.open(path + "/ballast", [.write, .create])
    while (try? Files.write([UInt8](repeating: 1, count: 1024), to: ballast, named: "ballast")) != nil {}
    try Files.remove(path + "/room")
  }

  func empty() {
    try? Files.remove(path + "/ballast")
  }

  func resize(kilobytes: Int) throws {
    guard unsafe mount("none", path, nil, UInt(MS_REMOUNT), "size=\(kilobytes)k") == 0 else {
      throw SystemError.last("resize", path)
    }
  }

  func readOnlyView(at view: String) throws -> String {
    try Files.makeDirectory(view)
    guard unsafe mount(path, view, nil, UInt(MS_BIND), nil) == 0,
      unsafe mount("none", view, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil) == 0
    else { throw SystemError.last("bind", view) }
    return view
  }
}
