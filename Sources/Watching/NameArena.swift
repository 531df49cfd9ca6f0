/// File names, each kept once: an id is a place in one array of bytes (a length byte, then the name).
///
/// A tree repeats its names (`__init__.py`, `index.ts`), and equal names having equal ids makes a look-up by
/// (directory, name) two integer comparisons. Names are never removed one by one: the owner rebuilds the arena when
/// most of it is unused.
package struct NameArena: Sendable {
  /// The empty name, which is the root's.
  package static let empty: UInt32 = 0

  package private(set) var bytes: [UInt8] = [0]
  /// Open addressing with linear probing; 0 is a free slot (the empty name is not looked up here).
  private var slots: [UInt32]
  package private(set) var count = 0
  /// Names come from outside: a different seed in every process keeps chosen names from piling up in one place.
  private let seed: UInt64

  package init(seed: UInt64 = .random(in: .min ... .max)) {
    self.seed = seed
    slots = [UInt32](repeating: 0, count: 64)
  }

  /// The id of a name of 1 to 255 bytes, made if it is new.
  package mutating func intern(_ name: Span<UInt8>) -> UInt32 {
    if name.isEmpty { return Self.empty }
    if count * 4 >= slots.count * 3 { grow() }
    var slot = Int(truncatingIfNeeded: hash(name)) & (slots.count - 1)
    while slots[slot] != 0 {
      if equals(slots[slot], name) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    let id = UInt32(bytes.count)
    bytes.append(UInt8(truncatingIfNeeded: name.count))
    for index in name.indices { bytes.append(name[index]) }
    slots[slot] = id
    count += 1
    return id
  }

  package mutating func intern(_ name: some Sequence<UInt8>) -> UInt32 { intern(Array(name).span) }

  /// The id of a name that is known; nil for one that never was.
  package func find(_ name: Span<UInt8>) -> UInt32? {
    if name.isEmpty { return Self.empty }
    var slot = Int(truncatingIfNeeded: hash(name)) & (slots.count - 1)
    while slots[slot] != 0 {
      if equals(slots[slot], name) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  package func find(_ name: some Sequence<UInt8>) -> UInt32? { find(Array(name).span) }

  package func name(_ id: UInt32) -> ArraySlice<UInt8> {
    let start = Int(id) + 1
    return bytes[start..<(start + Int(bytes[Int(id)]))]
  }

  package func length(_ id: UInt32) -> Int { Int(bytes[Int(id)]) }

  private func equals(_ id: UInt32, _ name: Span<UInt8>) -> Bool {
    let start = Int(id)
    guard Int(bytes[start]) == name.count else { return false }
    for index in name.indices where bytes[start + 1 + index] != name[index] { return false }
    return true
  }

  private func hash(_ name: Span<UInt8>) -> UInt64 {
    var hash = seed ^ UInt64(name.count)
    for index in name.indices {
      hash = (hash ^ UInt64(name[index])) &* 0x0000_0100_0000_01b3
    }
    hash ^= hash >> 32
    hash = hash &* 0x9e37_79b9_7f4a_7c15
    return hash ^ (hash >> 29)
  }

  private mutating func grow() {
    var larger = [UInt32](repeating: 0, count: slots.count * 2)
    var id = 1
    while id < bytes.count {
      let length = Int(bytes[id])
      var slot =
        Int(truncatingIfNeeded: hash(bytes.span.extracting((id + 1)..<(id + 1 + length))))
        & (larger.count - 1)
      while larger[slot] != 0 { slot = (slot + 1) & (larger.count - 1) }
      larger[slot] = UInt32(id)
      id += 1 + length
    }
    slots = larger
  }
}
