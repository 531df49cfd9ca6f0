internal import Model
internal import Wire

/// What the dispatcher knows of one project.
struct ProjectState: Sendable {
  enum Phase: Hashable, Sendable {
    /// The first crawl is under way: nothing runs, everything waits.
    case arming
    case watching
    case lost(Diagnostic)
  }

  let name: ProjectName
  let root: String
  var settings: ProjectSettings
  var isDetected: Bool
  var isSniffing: Bool
  var isPaused = false
  var phase = Phase.arming
  var gate = Gate.open
  var watch = WatchStatus()
  var watchComplaints: [Diagnostic] = []
  var configurationComplaints: [Diagnostic] = []
  /// Tick of the newest settled change.
  var lastChange = Tick.zero
  /// In the order of the settings.
  var domains: [DomainState] = []
  /// A plan in the making: what it waits for before it can be made.
  var pending: PendingPlan?
  var writes = WriteAttribution()
  /// The first full run, while it is under way or held back; nil once every unit had its chance.
  var firstRun: FirstRun?
  /// The variables of the person's shell that say where the tools are.
  var toolchain: [String: String] = [:]
  /// Whether any verdict has ever been earned here.
  var isKnown: Bool
  var lastToldState: Status.State?
  /// A plan has been told and its end has not.
  var isPlanOpen = false

  init(
    name: ProjectName, root: String, settings: ProjectSettings, isDetected: Bool, isSniffing: Bool,
    isKnown: Bool
  ) {
    self.name = name
    self.root = root
    self.settings = settings
    self.isDetected = isDetected
    self.isSniffing = isSniffing
    self.isKnown = isKnown
  }

  func index(of domain: DomainName) -> Int? { domains.firstIndex { $0.name == domain } }
}

/// Changes that have settled and wait for the settings or for discovery before they become a plan.
struct PendingPlan: Sendable {
  var changes: [Change] = []
  var awaitsSettings = false
  /// Domains whose units are being listed.
  var awaitsUnits: Set<DomainName> = []
  /// Whether a settled set of changes asked for it: then one `plan` event tells of it.
  var isForChanges = false

  var isReady: Bool { !awaitsSettings && awaitsUnits.isEmpty }
}

/// One domain of a project: its units and its queue.
struct DomainState: Sendable {
  var settings: DomainSettings
  var units: [String: UnitState] = [:]
  /// Names of queued units, first to run first.
  var queue: [String] = []
  var runningCount = 0
  /// Answers to older requests for units are ignored.
  var generation: UInt64 = 0
  var hasUnits = false
  var complaint: Diagnostic?
  /// When a domain with `every` is due next.
  var nextDue: Instant?

  init(settings: DomainSettings) {
    self.settings = settings
  }

  var name: DomainName { settings.name }
}

/// One unit: its last verdict, whether that holds, and what is happening with it.
struct UnitState: Sendable {
  enum Phase: Hashable, Sendable {
    case idle
    case queued(QueueEntry)
    case running(RunID)
    /// Its result is on the way to the journal: it counts once it is durable. The tick is what it takes into account.
    case storing(Tick)
  }

  var path: RelativePath?
  var phase = Phase.idle
  var result: RunResult?
  var log: Digest?
  var redSince: Timestamp?
  /// The newest tick at which something moved that it may depend on; a verdict holds if it takes that into account.
  var lastTouch: Tick
  /// Why it has to run since `lastTouch`.
  var touch: Reason?
  /// Asked for while it ran on inputs that have moved since: runs again for this reason.
  var again: Reason?
  /// Cancelled by a person: stays unknown until something changes.
  var isCancelled = false
  /// How often in a row a run of it was lost for reasons that are not the test's.
  var losses = 0

  init(path: RelativePath?, lastTouch: Tick, touch: Reason?) {
    self.path = path
    self.lastTouch = lastTouch
    self.touch = touch
  }

  /// Whether its verdict is true of what stands there now.
  var holds: Bool { touch == nil && (result?.clock).map { $0 >= lastTouch } ?? false }

  var holdingVerdict: Verdict? { holds ? result?.verdict : nil }

  var isBusy: Bool { phase != .idle }

  /// A stored verdict holds only once the watcher has said what changed while nobody watched.
  static let unarmed = Reason(.changed, text: "what changed while the daemon was down is not known yet")

  /// Makes the verdict not hold, for a reason that a stronger one stands before.
  mutating func doubt(_ reason: Reason) {
    if touch == nil { touch = reason }
  }

  mutating func cancel() {
    again = nil
    doubt(Reason(.forced, text: "its run was cancelled"))
  }
}

/// A unit's place in the queue.
struct QueueEntry: Hashable, Sendable {
  var reason: Reason
  var attempt = 1
  /// It writes files that look like changes; it runs alone, after a moment of quiet, to find out.
  var notBefore: Instant?
  /// Asked for by name: runs also when continuous testing is off.
  var isForced = false
  /// The complaints of earlier attempts on the same inputs.
  var redAttempts = 0
}
