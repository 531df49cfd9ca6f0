internal import Glibc

/// Seeded chance: the seed is named when a test fails by it, and `MCPD_SEED` replays it.
struct Chance: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init() {
    let given = unsafe getenv("MCPD_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    seed = given ?? UInt64.random(in: 0...UInt64(UInt32.max))
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

  mutating func mutate(_ bytes: [UInt8], with alphabet: String) -> [UInt8] {
    var bytes = bytes
    let letters = Array(alphabet.utf8)
    for _ in 0...below(4) where !bytes.isEmpty {
      switch below(4) {
      case 0: bytes[below(bytes.count)] = UInt8(truncatingIfNeeded: next())
      case 1: bytes.remove(at: below(bytes.count))
      case 2: bytes.insert(letters[below(letters.count)], at: below(bytes.count))
      default: bytes.removeSubrange(below(bytes.count)...)
      }
    }
    return bytes
  }
}
