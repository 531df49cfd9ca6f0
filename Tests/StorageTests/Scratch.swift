import Glibc
import Model
import Platform
import Synchronization
import Testing

@testable import Storage

/// A directory of a test's own, removed with the value.
final class Scratch: Sendable {
  let path: String

  init() {
    // In memory where that is possible: what is tested here is what survives a process, not what survives a power cut.
    let place = unsafe access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(place)/mcpd-storage-XXXXXX".utf8CString)
    path = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe String(cString: mkdtemp(buffer.baseAddress!))
    }
  }

  deinit {
    try? Files.removeTree(path)
  }

  var state: String { path + "/state" }
}

/// Both clocks stand still until they are moved.
final class ManualClock: Clock {
  private let seconds = Mutex<Int64>(1_000_000)

  func now() -> Instant { Instant(nanoseconds: seconds.withLock { $0 } * 1_000_000_000) }
  func wall() -> Timestamp { Timestamp(milliseconds: seconds.withLock { $0 } * 1000) }
  func advance(seconds more: Int64) { seconds.withLock { $0 += more } }
}

/// Deterministic; the seed comes from `MCPD_SEED` or is printed.
struct Chance: RandomNumberGenerator {
  private var state: UInt64

  init(_ name: String) {
    let given = unsafe getenv("MCPD_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 1...UInt64(UInt32.max))
    print("\(name): MCPD_SEED=\(seed)")
    state = seed
  }

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

let shop = ProjectName("shop")
let unitDomain = DomainName("unit")!

func unit(_ name: String, project: ProjectName = shop, domain: DomainName = unitDomain) -> UnitID {
  UnitID(project: project, domain: domain, unit: name)
}

func event(
  _ tick: UInt64, _ kind: Event.Kind = .change, project: ProjectName? = shop, at seconds: Int64 = 1_000_000
) -> Event {
  Event(
    tick: Tick(tick), time: Timestamp(milliseconds: seconds * 1000), project: project, kind: kind,
    body: Array("{\"n\":\(tick)}".utf8))
}

func result(
  _ run: UInt64, _ unit: UnitID, _ verdict: Verdict? = .passed, source: VerdictSource = .run,
  clock: UInt64? = nil,
  at seconds: Int64 = 1_000_000, discarded: Bool = false, cases: [CaseResult] = []
) -> RunResult {
  RunResult(
    run: RunID(Tick(run)), unit: unit, verdict: verdict, source: source, clock: Tick(clock ?? run),
    started: Timestamp(milliseconds: seconds * 1000), duration: .milliseconds(41),
    reason: Reason(.changed, text: "src/cart.py changed"), cases: cases, discarded: discarded)
}

extension Store {
  static func opened(_ directory: String, clock: any Clock = ManualClock()) throws(StorageError) -> Store {
    try open(directory: directory, clock: clock, pace: Pace(retryAfter: .milliseconds(20), youngContent: 0))
      .store
  }

  /// Records and waits.
  @discardableResult
  func keep(
    events: [Event] = [], results: [RecordedResult] = [], settings: [(key: String, value: String?)] = [],
    retired: [UnitID] = []
  ) -> Result<Void, StorageError> {
    let answer = Answer<Result<Void, StorageError>>()
    record(JournalTransaction(events: events, results: results, settings: settings, retiredUnits: retired)) {
      answer.put($0)
    }
    return answer.take()
  }

  func ticks(after: UInt64, project: ProjectName? = nil, kinds: Set<Event.Kind> = [], limit: Int = 1_000_000)
    throws
    -> [UInt64]?
  {
    switch try events(after: Tick(after), project: project, kinds: kinds, limit: limit) {
    case .events(let events): events.map(\.tick.number)
    case .expired: nil
    }
  }
}
