package import Model
internal import Storage
internal import Wire

/// The one ordered loop that owns the truth: takes one message at a time and gives orders as values.
///
/// It does no I/O and asks no clock; whoever drives it hands in the moment. Three rules hold everywhere in it:
/// a verdict counts only when everything that happened before the end of its run has been taken in (`.syncWatch`) and
/// nothing it may depend on moved since its start; nothing is told to anyone before the journal has it (`.record` and
/// `.recorded`); and a touched unit is queued again whatever happens to the run that is under way.
package struct Dispatcher: Sendable {
  package struct Moment: Hashable, Sendable {
    package let now: Instant
    package let wall: Timestamp

    package init(now: Instant, wall: Timestamp) {
      self.now = now
      self.wall = wall
    }
  }

  package struct Limits: Hashable, Sendable {
    package var cores: Int
    /// A first full run that takes longer than this waits for a person's word.
    package var longFirstRun: Duration = .seconds(300)

    package init(cores: Int) {
      self.cores = cores
    }
  }

  let ticks: any TickSource
  let limits: Limits
  /// In the order in which they were added.
  var projects: [ProjectState] = []
  var runs: [RunID: ActiveRun] = [:]
  var waits: [Ticket: Wait] = [:]
  /// How many watchers have yet to say that they have seen everything.
  var outstanding: [Ticket: Int] = [:]
  /// Results on the way to the journal, by the sequence number of their record.
  var storing: [UInt64: [StoringResult]] = [:]
  var storageComplaints: [Diagnostic] = []
  var isPaused = false
  var lastSequence: UInt64 = 0
  var recordedSequence: UInt64 = 0
  /// Counts everything that a status would show.
  package private(set) var revision: UInt64 = 0

  // What one call of `handle` has gathered.
  var moment = Moment(now: Instant(nanoseconds: 0), wall: Timestamp(milliseconds: 0))
  var orders: [Order] = []
  var draft = Record(sequence: 0)
  var isQueueDirty = false

  package init(ticks: any TickSource, limits: Limits) {
    self.ticks = ticks
    self.limits = limits
  }

  /// A run that was started and has not been told of.
  struct ActiveRun: Sendable {
    let request: RunRequest
    var entry: QueueEntry
    /// Its inputs moved or somebody cancelled it: it ends without a verdict.
    var isVoid = false
    var isCancelled = false
    var started = Timestamp(milliseconds: 0)
    /// Set when it has ended and waits for the watcher's word.
    var end: RunEnd?
  }

  struct StoringResult: Sendable {
    let unit: UnitID
    let result: RunResult
    let entry: QueueEntry
  }

  package mutating func handle(_ message: Message, at moment: Moment) -> [Order] {
    self.moment = moment
    orders = []
    draft = Record(sequence: lastSequence + 1)
    isQueueDirty = false
    revision += 1
    take(message)
    concludeVoidRuns()
    chooseWaiting()
    if isQueueDirty { fillSlots() }
    if !draft.transaction.isEmpty {
      lastSequence = draft.sequence
      orders.append(.record(draft))
    }
    settleWaits()
    if let next = nextDeadline { orders.append(.wake(at: next)) }
    return orders
  }

  private mutating func take(_ message: Message) {
    switch message {
    case .projectAdded(let opening): addProject(opening)
    case .settings(let name, let report): withProject(name) { $0.takeSettings(report, &$1) }
    case .projectRemoved(let name): removeProject(name)
    case .armed(let name, let answer): withProject(name) { $0.armed(answer, &$1) }
    case .changed(let name, let changes): withProject(name) { $0.changed(changes, &$1) }
    case .gate(let name, let gate): withProject(name) { $0.gateMoved(gate, &$1) }
    case .watch(let name, let status): withProject(name) { $1.watch = status }
    case .overflow(let name, let total): overflowed(name, total)
    case .degraded(let name, let complaints): withProject(name) { $0.degraded(complaints, &$1) }
    case .rootLost(let name, let why): withProject(name) { $0.rootLost(why, &$1) }
    case .rootFound(let name): withProject(name) { $0.rootFound(&$1) }
    case .synced(.client(let ticket), let tick): clientSynced(ticket, tick)
    case .synced(.run(let run), _): runSynced(run)
    case .unitsFound(let name, let domain, let generation, let answer):
      withProject(name) { $0.unitsFound(domain, generation, answer, &$1) }
    case .adopted(let request): adopted(request)
    case .runEnded(let end): runEnded(end)
    case .recorded(let sequence): recorded(sequence)
    case .storage(let complaints): storageComplaints = complaints
    case .sniff(let request, let ticket): sniff(request, ticket)
    case .sync(let project, let seenOnly, let ticket): sync(project, seenOnly, ticket)
    case .giveUp(let ticket):
      waits[ticket] = nil
      outstanding[ticket] = nil
    case .command(let command, let ticket): perform(command, ticket)
    case .woken: woken()
    }
  }

  // MARK: Small tools

  func index(of name: ProjectName) -> Int? { projects.firstIndex { $0.name == name } }

  /// Takes the project out of the state while `body` works on it, so that neither copies the other.
  mutating func withProject(_ name: ProjectName, _ body: (inout Dispatcher, inout ProjectState) -> Void) {
    guard let index = index(of: name) else { return }
    var project = projects[index]
    projects[index].domains = []  // One owner of the units at a time: no copy on write.
    body(&self, &project)
    projects[index] = project
  }

  /// An event of its own tick. Ticks are taken here, in the order of the journal, so a reader who follows by tick misses none.
  @discardableResult
  mutating func tell(_ kind: Event.Kind, _ project: ProjectName?, _ body: EventData) -> Tick {
    let tick = ticks.next()
    draft.transaction.events.append(
      Event(tick: tick, time: moment.wall, project: project, kind: kind, body: body.encoded))
    return tick
  }

  mutating func order(_ order: Order) { orders.append(order) }

  mutating func set(_ key: String, _ value: String?) { draft.transaction.settings.append((key, value)) }
}
