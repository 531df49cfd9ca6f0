import Engine
import Model
import Planning
import Storage
import Synchronization
import Wire

/// Ticks for tests: a counter.
final class CountingTicks: TickSource {
  private let count: Mutex<UInt64>

  init(from start: UInt64 = 0) {
    count = Mutex(start)
  }

  func next() -> Tick {
    count.withLock {
      $0 += 1
      return Tick($0)
    }
  }

  var current: Tick { Tick(count.withLock { $0 }) }
}

/// A small fast generator with a seed that can be printed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A naive model of everything around the dispatcher: a tree that changes, runs whose verdicts depend on it, a journal
/// that takes its time, clients. It keeps the truth in the plainest form and says where the dispatcher departs from it.
struct World {
  static let project = ProjectName("shop")
  static let fast = DomainName("fast")!
  static let slow = DomainName("slow")!

  struct Run {
    let request: RunRequest
    /// Versions of the tree that it can have seen.
    var from: Int
    var to: Int?
    var isStopped = false
  }

  var generator: SeededGenerator
  let ticks = CountingTicks()
  var dispatcher: Dispatcher
  var now: Int64 = 0
  var complaints: [String] = []

  /// The tree is a number: each change takes the next one.
  var version = 0
  var deliveredVersion = 0
  var undelivered: [Change] = []
  var log: [Change] = []
  /// Ended runs that nobody has released.
  var finished: [RunID: RunEnd] = [:]
  var firstSequence: UInt64 = 0
  var isSniffing = true
  var syncs: [SyncTicket] = []
  var discoveries: [(DomainName, UInt64)] = []
  var reloads = 0
  var runs: [RunID: Run] = [:]
  /// Run directories that nobody has released: what a new life of the daemon would find.
  var directories: Set<RunID> = []
  var journal: [Record] = []
  var acknowledged = 0
  var lastEvent = Tick.zero
  var asked: Set<Ticket> = []
  var answered: Set<Ticket> = []
  var nextTicket: UInt64 = 0
  var isPaused = false
  var wrote: Set<RunID> = []
  var requests: [RunID: RunRequest] = [:]
  var answers: [Ticket: Order.Answer] = [:]
  var unitCount: [DomainName: Int] = [World.fast: 3, World.slow: 2]

  let limits: Dispatcher.Limits

  init(seed: UInt64, longFirstRun: Duration = .seconds(1 << 30)) {
    generator = SeededGenerator(seed: seed)
    var limits = Dispatcher.Limits(cores: 2)
    limits.longFirstRun = longFirstRun
    self.limits = limits
    dispatcher = Dispatcher(ticks: ticks, limits: limits)
    open(results: [])
  }

  static func settings() -> ProjectSettings {
    var settings = ProjectSettings(name: project.text)
    var slowSettings = DomainSettings(name: slow, runner: .command)
    slowSettings.parallel = 1
    slowSettings.priority = 20
    settings.domains = [DomainSettings(name: fast, runner: .command), slowSettings]
    return settings
  }

  /// What a run of the unit says of the tree as it was at that version.
  static func truth(_ unit: UnitID, _ version: Int) -> Verdict {
    var hash = UInt64(version) &* 0x9E37_79B9_7F4A_7C15
    for byte in unit.unit.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return hash >> 33 & 1 == 0 ? .passed : .failed
  }

  mutating func complain(_ text: String) { complaints.append(text) }

  mutating func send(_ message: Message) {
    for order in dispatcher.handle(
      message,
      at: .init(now: Instant(nanoseconds: now), wall: Timestamp(milliseconds: now / 1_000_000)))
    { perform(order) }
    check()
  }

  private mutating func perform(_ order: Order) {
    switch order {
    case .discover(_, _, let settings, let generation): discoveries.append((settings.name, generation))
    case .reloadSettings: reloads += 1
    case .syncWatch(_, let ticket): syncs.append(ticket)
    case .start(let request):
      if isPaused { complain("\(request.run) started while paused") }
      if runs.values.contains(where: { $0.request.unit == request.unit }) {
        complain("\(request.unit) runs twice at once")
      }
      runs[request.run] = Run(request: request, from: version)
      directories.insert(request.run)
      requests[request.run] = request
    case .stop(let run): runs[run]?.isStopped = true
    case .release(let run):
      directories.remove(run)
      finished[run] = nil
    case .record(let record):
      if record.sequence != UInt64(journal.count + 1) - firstSequence {
        complain("record \(record.sequence) out of order")
      }
      for event in record.transaction.events {
        if event.tick <= lastEvent { complain("event \(event.tick) after \(lastEvent)") }
        lastEvent = event.tick
      }
      journal.append(record)
    case .answer(_, .accepted): break
    case .answer(let ticket, let answer):
      answers[ticket] = answer
      if !answered.insert(ticket).inserted { complain("ticket \(ticket.number) answered twice") }
    case .reconfigureWatch, .wake, .openProject, .closeProject: break
    }
  }

  /// What is told to people is true of the tree as far as the daemon knows it, and durable.
  private mutating func check() {
    for body in dispatcher.results(of: World.project, where: { $0.holds }) {
      let truth = World.truth(body.result.unit, deliveredVersion)
      if body.result.verdict != truth && body.result.verdict != .error {
        complain(
          "\(body.result.unit) shows \(body.result.verdict!) where \(truth) is true at \(deliveredVersion)")
      }
      if !journal[..<acknowledged].contains(where: {
        $0.transaction.results.contains { $0.result.run == body.result.run }
      }) {
        complain("\(body.result.run) is shown before it is durable")
      }
    }
  }

  func starts(of unit: String) -> Int {
    journal.flatMap(\.transaction.events).count {
      $0.kind == .runStarted && String(decoding: $0.body, as: UTF8.self).contains("\"unit\":\"\(unit)\"")
    }
  }

  // MARK: Things that happen

  mutating func change() {
    version += 1
    let change = Change(path: RelativePath("f\(version)")!, kind: .changed, tick: ticks.next())
    undelivered.append(change)
    log.append(change)
  }

  mutating func deliver() {
    guard !undelivered.isEmpty else { return }
    let changes = undelivered
    undelivered = []
    deliveredVersion = version
    send(.changed(World.project, ChangeSet(tick: changes.last!.tick, changes: changes)))
  }

  mutating func sync() {
    guard !syncs.isEmpty else { return }
    let ticket = syncs.removeFirst()
    deliver()
    send(.synced(ticket, ticks.current))
  }

  mutating func discover() {
    guard !discoveries.isEmpty else { return }
    let (domain, generation) = discoveries.removeFirst()
    let units = (0..<unitCount[domain]!).map { DiscoveredUnit(name: "\(domain)-\($0)", path: nil) }
    send(.unitsFound(World.project, domain, generation: generation, .units(units)))
  }

  mutating func finish(lost: Bool = false) {
    guard
      let run = runs.values.sorted(by: { $0.request.run < $1.request.run }).randomElement(using: &generator)
    else { return }
    runs[run.request.run] = nil
    let seen = Int.random(in: run.from...version, using: &generator)
    let kind: RunEnd.Kind =
      lost
      ? .lost("its supervisor died")
      : run.isStopped && Bool.random(using: &generator)
        ? .stopped : .judged(Judgement(verdict: World.truth(run.request.unit, seen)))
    let end = RunEnd(
      request: run.request, kind: kind, started: Timestamp(milliseconds: 0), duration: .milliseconds(5))
    finished[run.request.run] = end
    send(.runEnded(end))
  }

  mutating func acknowledge() {
    guard acknowledged < journal.count else { return }
    acknowledged = Int.random(in: (acknowledged + 1)...journal.count, using: &generator)
    send(.recorded(UInt64(acknowledged) - firstSequence))
  }

  mutating func ticket() -> Ticket {
    nextTicket += 1
    asked.insert(Ticket(nextTicket))
    return Ticket(nextTicket)
  }

  mutating func reload() {
    guard reloads > 0 else { return }
    reloads -= 1
    send(.settings(World.project, report()))
  }

  func report() -> SettingsReport {
    SettingsReport(
      settings: World.settings(), diagnostics: [], isDetected: false,
      domainDigests: [World.fast: "1", World.slow: "1"])
  }

  /// Opens the project as a new life of the daemon does, with what the journal had acknowledged.
  private mutating func open(results: [StoredVerdict], lastChange: UInt64 = 0) {
    let isFirst = results.isEmpty
    send(
      .projectAdded(
        ProjectOpening(
          name: World.project, root: "/shop", report: report(), isSniffing: true,
          lastChange: Tick(lastChange),
          results: results,
          settingsDigests: isFirst ? [:] : [World.fast: "1", World.slow: "1"])))
  }

  /// `kill -9` and a new start: what was not acknowledged is gone, runs go on under their supervisors.
  mutating func restart() {
    let durable = Array(journal[..<acknowledged])
    let clockKey = Dispatcher.clockKey(World.project)
    func stored(_ key: String) -> UInt64? {
      durable.flatMap(\.transaction.settings).last { $0.key == key }?.value.flatMap { UInt64($0) }
    }
    let clock = stored(clockKey)
    var newest: [UnitID: RunResult] = [:]
    for result in durable.flatMap(\.transaction.results) { newest[result.result.unit] = result.result }
    journal = durable
    firstSequence = UInt64(acknowledged)
    (syncs, discoveries, reloads, asked, answered, isPaused, isSniffing) = ([], [], 0, [], [], false, true)
    undelivered = []
    dispatcher = Dispatcher(ticks: ticks, limits: limits)
    open(
      results: newest.values.map { StoredVerdict(result: $0, log: nil, redSince: nil) },
      lastChange: stored(Dispatcher.changedKey(World.project)) ?? 0)
    for run in directories.sorted() {
      if durable.contains(where: { $0.transaction.results.contains { $0.result.run == run } }) {
        directories.remove(run)
      } else if let end = finished[run] {
        send(.adopted(end.request))
        send(.runEnded(end))
      } else if let running = runs[run] {
        send(.adopted(running.request))
      }
    }
    arm(since: clock)
  }

  /// The watcher's table knows what differs since the last clock that the journal has.
  mutating func arm(since clock: UInt64?) {
    deliveredVersion = version
    let changes = clock.map { clock in log.filter { $0.tick.number > clock } } ?? []
    send(.armed(World.project, ChangesAnswer(clock: ticks.current, fresh: clock == nil, changes: changes)))
  }

  /// Sends a request and lets the watcher and the journal do their part, but no run.
  mutating func answer(to message: Message) -> Order.Answer? {
    let ticket = Ticket(nextTicket)
    send(message)
    while answers[ticket] == nil, !syncs.isEmpty || !discoveries.isEmpty || acknowledged < journal.count {
      sync()
      discover()
      acknowledge()
    }
    return answers[ticket]
  }

  /// Lets everything that is under way come to its end.
  ///
  /// Every run of `writer` rewrites `out.txt` before it ends.
  mutating func drain(writer: String? = nil, step: Int64 = 2_000_000_000) {
    for _ in 0..<10_000 {
      now += step
      if !undelivered.isEmpty {
        deliver()
      } else if reloads > 0 {
        reload()
      } else if !discoveries.isEmpty {
        discover()
      } else if !syncs.isEmpty {
        sync()
      } else if acknowledged < journal.count {
        acknowledge()
      } else if !runs.isEmpty {
        if let writer,
          runs.values.contains(where: { $0.request.unit.unit == writer && !wrote.contains($0.request.run) })
        {
          for run in runs.keys { wrote.insert(run) }
          undelivered.append(Change(path: RelativePath("out.txt")!, kind: .changed, tick: ticks.next()))
          deliver()
        } else {
          finish()
        }
      } else {
        send(.woken)
        if runs.isEmpty && acknowledged == journal.count && syncs.isEmpty { return }
      }
    }
    complain("it never comes to rest")
  }
}
