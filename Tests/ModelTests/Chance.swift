import Glibc

/// A small generator whose seed is printed, so that a failing run can be had again: `MCPD_SEED=… swift test`.
struct Chance: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init() {
    let given = unsafe getenv("MCPD_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    seed = given ?? UInt64.random(in: 1...UInt64.max)
    state = seed
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: ClosedRange<Int>, from alphabet: String) -> [UInt8] {
    let letters = Array(alphabet.utf8)
    return (0..<Int.random(in: count, using: &self)).map { _ in letters.randomElement(using: &self)! }
  }
}
