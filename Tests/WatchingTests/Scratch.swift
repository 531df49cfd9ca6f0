import CLinux
import Glibc
import Model
import Platform
import Synchronization
import Testing
import Watching

/// A private directory for one test, removed with it, and shell-like operations in it by relative path.
final class Scratch: Sendable {
  let top: String
  var root: String { top + "/root" }
  var state: String { top + "/state" }

  init() throws {
    var template = Array("/tmp/mcpd-watch-XXXXXX".utf8CString)
    top = unsafe template.withUnsafeMutableBufferPointer { unsafe String(cString: mkdtemp($0.baseAddress!)) }
    try Files.makeDirectory(root)
  }

  deinit { try? Files.removeTree(top) }

  func path(_ relative: String) -> String { relative.hasPrefix("/") ? relative : root + "/" + relative }

  func write(_ relative: String, _ text: String = "text") throws {
    try Files.makeDirectory(Files.parent(of: path(relative)), permissions: 0o755)
    let file = try Files.open(path(relative), [.write, .create, .truncate], permissions: 0o644)
    try Files.write(Array(text.utf8), to: file, named: relative)
  }

  func mkdir(_ relative: String) throws { try Files.makeDirectory(path(relative), permissions: 0o755) }
  func move(_ from: String, _ to: String) throws { try Files.rename(path(from), to: path(to)) }
  func remove(_ relative: String) throws { try Files.removeTree(path(relative)) }
  func chmod(_ relative: String, _ mode: mode_t) { _ = unsafe Glibc.chmod(path(relative), mode) }
  func link(_ from: String, _ to: String) { _ = unsafe Glibc.link(path(from), path(to)) }
  func symlink(_ target: String, _ at: String) { _ = unsafe Glibc.symlink(target, path(at)) }
  func exchange(_ one: String, _ other: String) {
    _ = unsafe cl_renameat2(AT_FDCWD, path(one), AT_FDCWD, path(other), 2)
  }
}

/// Ticks for one test.
final class CountingTicks: TickSource {
  private let number: Mutex<UInt64>

  init(_ first: UInt64 = 0) { number = Mutex(first) }

  func next() -> Tick {
    number.withLock { number in
      number += 1
      return Tick(number)
    }
  }

  var current: Tick { Tick(number.withLock { $0 }) }
}

/// A real watcher on a scratch directory. Everything it tells is kept; waiting is for a condition on that.
final class Rig: Sendable {
  let scratch: Scratch
  let ticks: CountingTicks
  let watcher: ProjectWatcher
  private let told: Told

  final class Told: Sendable {
    let events = Mutex<[WatchEvent]>([])
    let condition = Condition()
    let isPaused = Mutex(false)
  }

  init(
    _ scratch: Scratch? = nil, ticks: CountingTicks = CountingTicks(), clock: any Clock = SystemClock(),
    waitsUntilArmed: Bool = true, _ configure: (inout WatcherOptions) -> Void = { _ in }
  ) throws {
    let scratch = try scratch ?? Scratch()
    self.scratch = scratch
    self.ticks = ticks
    var options = WatcherOptions(root: Array(scratch.root.utf8), stateDirectory: scratch.state)
    // Only a `sync` settles, unless a test says otherwise: what is told then does not depend on the machine's pace.
    options.settle.quiet = .seconds(30)
    options.settle.atMost = .seconds(60)
    configure(&options)
    let told = Told()
    self.told = told
    watcher = ProjectWatcher(options: options, ticks: ticks, clock: clock) { event in
      told.events.withLock { $0.append(event) }
      told.condition.signal()
      // Whoever wants a race keeps the watcher here while it makes one.
      told.condition.wait { !told.isPaused.withLock { $0 } }
    }
    watcher.start()
    if waitsUntilArmed { wait { if case .armed = $0 { true } else { false } } }
  }

  func stop() {
    let answer = Answer<Bool>()
    watcher.stop { answer.put(true) }
    _ = answer.take()
  }

  var events: [WatchEvent] { told.events.withLock { $0 } }

  /// Waits until an event like that has been told.
  func wait(for isWanted: @escaping (WatchEvent) -> Bool) {
    told.condition.wait { told.events.withLock { $0.contains(where: isWanted) } }
  }

  @discardableResult
  func sync(passGate: Bool = false) -> Tick {
    let answer = Answer<Tick>()
    watcher.sync(passGate: passGate) { answer.put($0) }
    return answer.take()
  }

  /// Keeps the watcher from reading its queue until `goOn`.
  func pause() {
    told.isPaused.withLock { $0 = true }
    // A hold is told as a closed gate: the watcher is in `deliver` after that.
    let before = takeEvents()
    watcher.hold("paused") { _ in }
    wait { if case .gate(let gate) = $0 { !gate.isOpen } else { false } }
    told.events.withLock { $0 = before }
    watcher.release(hold: 1)
  }

  func goOn() {
    told.isPaused.withLock { $0 = false }
    told.condition.signal()
  }

  /// Syncs again and again until it holds; for what no event announces (a mount, a poll). Gives up after ten seconds.
  func waitUntil(_ holds: () -> Bool) {
    for _ in 0..<1000 {
      sync()
      if holds() { return }
      usleep(10_000)
    }
    Issue.record("it never came to hold")
  }

  func takeEvents() -> [WatchEvent] {
    told.events.withLock { events in
      defer { events.removeAll() }
      return events
    }
  }

  func view() -> [ViewedFile] {
    let answer = Answer<[ViewedFile]>()
    watcher.view { answer.put($0) }
    return answer.take()
  }

  func audit() -> AuditAnswer {
    let answer = Answer<AuditAnswer>()
    watcher.audit { answer.put($0) }
    return answer.take()
  }

  /// Syncs, and takes what was settled since the last time, as `created a`, `changed b`, merged and sorted.
  func changes() -> [String] {
    sync()
    return takeEvents().flatMap { event in
      if case .settled(let set) = event {
        set.changes.map { "\($0.kind.rawValue) \($0.path.text)" }
      } else {
        [String]()
      }
    }.sorted()
  }

  func changes(since tick: Tick) -> ChangesAnswer {
    let answer = Answer<ChangesAnswer>()
    watcher.changes(since: tick) { answer.put($0) }
    return answer.take()
  }

  func files(_ patterns: String...) -> [String] {
    watcher.files(matching: (patterns.isEmpty ? ["**"] : patterns).map { Wildmatch($0) }).map(\.text)
  }
}
