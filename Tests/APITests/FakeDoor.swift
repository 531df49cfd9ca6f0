import API
import Engine
import Model
import Synchronization
import Wire

/// A door whose answers the test decides, and that remembers what it was asked.
final class FakeDoor: Door {
  struct State {
    var clock: UInt64 = 1042
    var isReady = true
    var status = FakeDoor.status
    var events: [Event] = []
    /// Events up to this one are gone.
    var lost: UInt64 = 0
    var wakes: [Int: @Sendable () -> Void] = [:]
    var nextWake = 0
    var asked: [String] = []
    var isPaused = false
    var openSniffs: [@Sendable (Result<ResultsPage, Problem>) -> Void] = []
    var openSyncs: [@Sendable (Result<SyncAnswer, Problem>) -> Void] = []
    var holdsSyncs = false
    var givenUp = 0
    var eventReads = 0
  }

  let state = Mutex(State())

  func note(_ text: String) { state.withLock { $0.asked.append(text) } }
  var asked: [String] { state.withLock { $0.asked } }

  static let status = Array(
    """
    {"clock":1042,"state":"red","daemon":{"version":"1"},"degraded":[],"projects":[{"name":"shop","root":"/home/a/shop",\
    "state":"red","sniffing":true,"watch":{"mode":"inotify","directories":7,"files":20,"overflows":1,"rescans":0},\
    "domains":[{"name":"unit","state":"red","queued":1,"running":2},{"name":"docs","state":"green","queued":0,"running":0}],\
    "failures":[{"domain":"unit","unit":"tests/a.py"}],"failing":1}]}
    """.utf8)

  static func result(_ unit: String, _ verdict: Verdict, run: UInt64 = 7) -> ResultBody {
    ResultBody(
      result: RunResult(
        run: RunID(Tick(run)),
        unit: UnitID(project: ProjectName("shop"), domain: DomainName("unit")!, unit: unit), verdict: verdict,
        clock: Tick(1042), started: Timestamp(milliseconds: 1_767_323_045_678), duration: .milliseconds(41),
        reason: Reason(.new, text: "it has not run yet")), holds: true, log: nil)
  }

  static func event(_ tick: UInt64, _ kind: Event.Kind = .state, _ body: String = #"{"state":"green"}"#)
    -> Event
  {
    Event(
      tick: Tick(tick), time: Timestamp(milliseconds: 1_767_323_045_678), project: ProjectName("shop"),
      kind: kind,
      body: Array(body.utf8))
  }

  /// Stores an event and tells the followers.
  func happen(_ tick: UInt64, _ kind: Event.Kind = .state) {
    let wakes = state.withLock { state in
      state.events.append(Self.event(tick, kind))
      state.clock = max(state.clock, tick)
      return Array(state.wakes.values)
    }
    for wake in wakes { wake() }
  }

  // MARK: Door

  var clock: Tick { state.withLock { Tick($0.clock) } }
  var isReady: Bool { state.withLock { $0.isReady } }

  private static func refuse(_ project: String?) -> Problem? {
    project.flatMap { name in
      name == "shop"
        ? nil
        : Problem(
          status: 404, code: "unknown-project", title: "No such project",
          detail: "no project is named \(name)")
    }
  }

  func status(project: String?) -> Result<[UInt8], Problem> {
    if let problem = Self.refuse(project) { return .failure(problem) }
    return .success(state.withLock { $0.status })
  }

  func results(_ query: ResultsQuery) -> Result<ResultsPage, Problem> {
    if let problem = Self.refuse(query.project) { return .failure(problem) }
    note(
      "results \(query.domain ?? "-") \(query.unit ?? "-") \(query.verdict ?? "-") \(query.limit) \(query.cursor ?? "-")"
    )
    if let domain = query.domain, domain != "unit" {
      return .failure(
        Problem(
          status: 404, code: "unknown-domain", title: "No such domain", detail: "no domain is named \(domain)"
        ))
    }
    let all = [Self.result("tests/a.py", .failed), Self.result("tests/b.py", .passed, run: 8)]
    return .success(
      ResultsPage(
        clock: 1042, results: all.filter { query.unit == nil || $0.result.unit.unit == query.unit },
        nextCursor: nil))
  }

  func sniff(
    _ request: SniffRequest, accepted: @escaping @Sendable (Tick) -> Void,
    done: @escaping @Sendable (Result<ResultsPage, Problem>) -> Void
  ) -> @Sendable () -> Void {
    note(
      "sniff \(request.domains ?? []) \(request.files ?? []) \(request.units ?? []) \(request.force) \(request.wait) \(request.project ?? "-")"
    )
    if let index = request.domains?.firstIndex(where: { $0 != "unit" }) {
      done(
        .failure(
          Problem(
            status: 400, code: "unknown-domain", title: "No such domain",
            detail: "no domain is named \(request.domains![index])", pointer: "/domains/\(index)")))
      return {}
    }
    if request.wait && state.withLock({ $0.isPaused }) {
      done(.failure(Problem(status: 409, code: "paused", title: "Paused", detail: "nothing starts")))
      return {}
    }
    state.withLock { $0.openSniffs.append(done) }
    accepted(Tick(1042))
    return { [self] in state.withLock { $0.givenUp += 1 } }
  }

  func finishSniffs() {
    let open = state.withLock { state in
      defer { state.openSniffs = [] }
      return state.openSniffs
    }
    for done in open {
      done(
        .success(
          ResultsPage(clock: 1050, results: [Self.result("tests/a.py", .passed)], nextCursor: nil)))
    }
  }

  func sync(
    project: String?, seenOnly: Bool, done: @escaping @Sendable (Result<SyncAnswer, Problem>) -> Void
  ) -> @Sendable () -> Void {
    note("sync \(project ?? "-") \(seenOnly)")
    if let problem = Self.refuse(project) {
      done(.failure(problem))
      return {}
    }
    if state.withLock({ $0.holdsSyncs }) {
      state.withLock { $0.openSyncs.append(done) }
    } else {
      done(.success(SyncAnswer(clock: 1042, state: .green)))
    }
    return { [self] in state.withLock { $0.givenUp += 1 } }
  }

  func changes(
    project: String?, since: Tick, done: @escaping @Sendable (Result<ChangesAnswer, Problem>) -> Void
  ) {
    done(
      .success(
        ChangesAnswer(
          clock: Tick(1042), fresh: false,
          changes: [Change(path: RelativePath("src/cart.py")!, kind: .changed, tick: Tick(since.number + 1))])
      ))
  }

  func events(after: Tick, project: String?, kinds: Set<Event.Kind>, limit: Int) -> Result<[Event], Problem> {
    if let problem = Self.refuse(project) { return .failure(problem) }
    return state.withLock { state in
      state.eventReads += 1
      if after.number < state.lost {
        return .failure(
          Problem(
            status: 410, code: "clock-expired", title: "Too old", detail: "events after \(after) are gone"))
      }
      let wanted = state.events.filter { $0.tick > after && (kinds.isEmpty || kinds.contains($0.kind)) }
      return .success(Array(wanted.prefix(limit)))
    }
  }

  func follow(_ wake: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
    let number = state.withLock { state in
      state.nextWake += 1
      state.wakes[state.nextWake] = wake
      return state.nextWake
    }
    return { [self] in state.withLock { $0.wakes[number] = nil } }
  }

  func run(_ id: String) -> Result<ResultBody, Problem> {
    id == "r7"
      ? .success(Self.result("tests/a.py", .failed))
      : .failure(
        Problem(status: 404, code: "unknown-run", title: "No such run", detail: "no run \(id) is kept"))
  }

  func log(runOrUnit: String, project: String?) -> Result<[UInt8], Problem> {
    .success(Array("log of \(runOrUnit)\n".utf8))
  }

  func history(unit: String, project: String?, domain: String?, limit: Int) -> Result<[ResultBody], Problem> {
    .success([Self.result(unit, .passed, run: UInt64(limit))])
  }

  func command(_ command: Command, done: @escaping @Sendable (Result<Void, Problem>) -> Void) {
    note("\(command)")
    if case .cancel("r404") = command {
      return done(
        .failure(Problem(status: 404, code: "unknown-run", title: "No such run", detail: "no such run")))
    }
    done(.success(()))
  }

  func queues(project: String?) -> Result<QueuesPage, Problem> {
    .success(QueuesPage(clock: 1042, queues: []))
  }
}
