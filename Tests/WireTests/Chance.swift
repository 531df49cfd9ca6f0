internal import Glibc
import Model
import Wire

/// Seeded chance: the seed is printed when a test fails by it, and `MCPD_SEED` replays it.
struct Chance: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// From the environment, else from the system.
  init() {
    let given = unsafe getenv("MCPD_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    self.init(seed: given ?? UInt64.random(in: 0...UInt64(UInt32.max)))
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func flip() -> Bool { Bool.random(using: &self) }

  mutating func text() -> String {
    let pieces = [
      "a", "src/cart.py", "\"", "\\", "\n", "\u{0}", "\u{1f}", "é", "✗", "😀", "\u{7f}", "\u{fffd}", "", " ",
      "]}",
    ]
    return (0..<below(5)).map { _ in pieces[below(pieces.count)] }.joined()
  }

  mutating func json(depth: Int = 0) -> JSON {
    switch below(depth < 5 ? 8 : 6) {
    case 0: return .null
    case 1: return .bool(flip())
    case 2: return .integer(Int64(truncatingIfNeeded: next()) >> Int64(below(64)))
    case 3:
      let number = Double(bitPattern: next())
      return .number(number.isFinite ? number : 0.5)
    case 4, 5: return .string(text())
    case 6: return .array((0..<below(4)).map { _ in json(depth: depth + 1) })
    default:
      return .object((0..<below(20)).map { JSON.Member("\($0)" + text(), json(depth: depth + 1)) })
    }
  }

  mutating func path() -> RelativePath {
    if below(4) > 0 { return RelativePath(unchecked: Array("src/π.py".utf8)) }
    return RelativePath(unchecked: [0x61, 0xff, UInt8(below(255) + 1)])
  }

  mutating func result() -> ResultBody {
    let verdicts: [Verdict?] = [.passed, .failed, .error, .timedOut, .skipped, .flaky, nil]
    let cases = (0..<below(4)).map { index in
      CaseResult(
        name: "\(index)" + text(), verdict: Verdict.allCases[below(Verdict.allCases.count)],
        duration: flip() ? .milliseconds(below(99)) : nil)
    }
    let reason = Reason(
      Reason.Kind.allCases[below(Reason.Kind.allCases.count)], paths: (0..<below(3)).map { _ in path() },
      text: text())
    let failures = (0..<below(3)).map { _ in
      Failure(
        caseName: flip() ? text() : nil, message: text(), file: flip() ? text() : nil,
        line: flip() ? below(99) : nil)
    }
    let result = RunResult(
      run: RunID(Tick(next() >> 2)),
      unit: UnitID(project: ProjectName(text()), domain: DomainName("unit")!, unit: text()),
      verdict: verdicts[below(verdicts.count)], source: flip() ? .run : .cache, clock: Tick(next() >> 1),
      started: Timestamp(milliseconds: Int64(below(4_000_000_000_000))),
      duration: .milliseconds(below(100_000)),
      attempts: below(4), reason: reason, cases: cases, failures: failures,
      usage: Usage(cpu: flip() ? .milliseconds(below(99)) : nil, memoryPeakBytes: flip() ? next() >> 1 : nil),
      isolation: IsolationKind.allCases[below(3)], budget: flip() ? .cgroup : .soft,
      tracing: flip() ? .seccomp : .none, discarded: flip(), note: flip() ? text() : nil)
    return ResultBody(result: result, holds: flip(), log: nil, counts: CaseCounts(of: cases))
  }

  /// Damages a document as a bad disk, a cut connection or an attacker would.
  mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0...below(4) where !bytes.isEmpty {
      switch below(5) {
      case 0: bytes[below(bytes.count)] = UInt8(truncatingIfNeeded: next())
      case 1: bytes.remove(at: below(bytes.count))
      case 2:
        bytes.insert(Array("{}[]\",:\\u0e-\u{7f}".utf8).randomElement(using: &self)!, at: below(bytes.count))
      case 3: bytes.removeSubrange(below(bytes.count)...)
      default:
        let start = below(bytes.count)
        bytes.insert(contentsOf: bytes[start..<min(bytes.count, start + 9)], at: below(bytes.count))
      }
    }
    return bytes
  }
}
