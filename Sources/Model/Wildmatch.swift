/// One glob pattern as git reads it (`wildmatch` with pathname rules): `*` and `?` stop at a slash, `**` between
/// slashes crosses directories, `[…]` is a class, `\` quotes.
///
/// The pattern is compiled to steps and matched by following every possible position in it at once, so a match costs at
/// most (length of pattern × length of text), whatever the pattern.
package struct Wildmatch: Sendable {
  package let pattern: [UInt8]

  private enum Step: Sendable {
    case byte(UInt8)
    case anyButSlash
    case oneOf(ByteSet)
    /// `*`: any bytes but slashes.
    case star
    /// The beginning of `**/`: what follows it may start right here, or after any bytes and a slash (`deep`, `/`).
    case deepStart
    /// Any bytes.
    case deep
    /// A malformed class or a lone `\` at the end: git matches nothing with it.
    case never
  }

  private let steps: [Step]
  /// For patterns of fewer than 64 steps: the positions reached from each one without reading a byte, itself included.
  private let reach: [UInt64]

  package init(_ pattern: some Sequence<UInt8>) {
    self.pattern = Array(pattern)
    steps = Self.compile(self.pattern)
    reach = steps.count < 64 ? (0...steps.count).map { [steps] in Self.reach(from: $0, in: steps) } : []
  }

  package init(_ pattern: String) {
    self.init(pattern.utf8)
  }

  package func matches(_ text: some Collection<UInt8>) -> Bool {
    steps.count < 64 ? matchNarrow(text) : matchWide(text)
  }

  private func matchNarrow(_ text: some Collection<UInt8>) -> Bool {
    var positions = reach[0]
    for byte in text {
      var next: UInt64 = 0
      while positions != 0 {
        let at = positions.trailingZeroBitCount
        positions &= positions - 1
        if at == steps.count { continue }
        switch Self.read(byte, steps[at]) {
        case .stay: next |= reach[at]
        case .advance: next |= reach[at + 1]
        case .fail: break
        }
      }
      if next == 0 { return false }
      positions = next
    }
    return positions & (1 << UInt64(steps.count)) != 0
  }

  private func matchWide(_ text: some Collection<UInt8>) -> Bool {
    var positions = [Bool](repeating: false, count: steps.count + 1)
    positions[0] = true
    Self.spread(&positions, steps)
    for byte in text {
      var next = [Bool](repeating: false, count: steps.count + 1)
      for at in steps.indices where positions[at] {
        switch Self.read(byte, steps[at]) {
        case .stay: next[at] = true
        case .advance: next[at + 1] = true
        case .fail: break
        }
      }
      Self.spread(&next, steps)
      positions = next
    }
    return positions[steps.count]
  }

  private enum Outcome {
    case stay, advance, fail
  }

  private static func read(_ byte: UInt8, _ step: Step) -> Outcome {
    let isSlash = byte == UInt8(ascii: "/")
    return switch step {
    case .byte(let wanted): byte == wanted ? .advance : .fail
    case .anyButSlash: isSlash ? .fail : .advance
    case .oneOf(let set): !isSlash && set.contains(byte) ? .advance : .fail
    case .star: isSlash ? .fail : .stay
    case .deep: .stay
    case .deepStart, .never: .fail
    }
  }

  private static func reach(from start: Int, in steps: [Step]) -> UInt64 {
    var positions = [Bool](repeating: false, count: steps.count + 1)
    positions[start] = true
    spread(&positions, steps)
    return positions.indices.reduce(0) { positions[$1] ? $0 | 1 << UInt64($1) : $0 }
  }

  /// Adds the positions that need no byte. They always lie ahead, so one pass does it.
  private static func spread(_ positions: inout [Bool], _ steps: [Step]) {
    for at in steps.indices where positions[at] {
      switch steps[at] {
      case .star, .deep: positions[at + 1] = true
      case .deepStart:
        positions[at + 1] = true
        positions[at + 3] = true  // Past `deep` and the slash.
      default: break
      }
    }
  }

  private static func compile(_ pattern: [UInt8]) -> [Step] {
    let slash = UInt8(ascii: "/")
    let quote = UInt8(ascii: "\\")
    var steps: [Step] = []
    var p = 0
    while p < pattern.count {
      switch pattern[p] {
      case UInt8(ascii: "*"):
        let start = p
        while p < pattern.count && pattern[p] == UInt8(ascii: "*") { p += 1 }
        let isWhole =
          p - start > 1 && (start == 0 || pattern[start - 1] == slash)
          && (p == pattern.count || pattern[p] == slash
            || pattern[p] == quote && p + 1 < pattern.count && pattern[p + 1] == slash)
        if !isWhole {
          steps.append(.star)
        } else if p < pattern.count && pattern[p] == slash {
          steps += [.deepStart, .deep, .byte(slash)]
          p += 1
        } else {
          steps.append(.deep)
        }
      case UInt8(ascii: "?"):
        steps.append(.anyButSlash)
        p += 1
      case UInt8(ascii: "["):
        guard let set = ByteSet(class: pattern, &p) else { return steps + [.never] }
        steps.append(.oneOf(set))
      case quote:
        guard p + 1 < pattern.count else { return steps + [.never] }
        steps.append(.byte(pattern[p + 1]))
        p += 2
      default:
        steps.append(.byte(pattern[p]))
        p += 1
      }
    }
    return steps
  }
}

extension Wildmatch: Hashable {
  package static func == (left: Wildmatch, right: Wildmatch) -> Bool { left.pattern == right.pattern }
  package func hash(into hasher: inout Hasher) { hasher.combine(pattern) }
}

/// A set of bytes: what a class in a pattern stands for.
private struct ByteSet: Sendable {
  private var words = SIMD4<UInt64>()

  func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] & (1 << UInt64(byte & 63)) != 0 }

  private mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  /// Reads the class that opens at `p` and leaves `p` behind its end; nil when it has none, or names an unknown kind.
  init?(class pattern: [UInt8], _ p: inout Int) {
    func at(_ index: Int) -> UInt8? { index < pattern.count ? pattern[index] : nil }
    let close = UInt8(ascii: "]")
    var q = p + 1
    let isNegated = at(q) == UInt8(ascii: "!") || at(q) == UInt8(ascii: "^")
    if isNegated { q += 1 }
    // The byte before, where a range may start at it.
    var previous: UInt8?
    var isFirst = true
    while isFirst || at(q) != close {
      isFirst = false
      guard var byte = at(q) else { return nil }
      if byte == UInt8(ascii: "\\") {
        q += 1
        guard let quoted = at(q) else { return nil }
        insert(quoted)
        previous = quoted
      } else if byte == UInt8(ascii: "-"), let low = previous, let after = at(q + 1), after != close {
        q += 1
        byte = after
        if byte == UInt8(ascii: "\\") {
          q += 1
          guard let quoted = at(q) else { return nil }
          byte = quoted
        }
        if low <= byte { for member in low...byte { insert(member) } }
        previous = nil
      } else if byte == UInt8(ascii: "["), at(q + 1) == UInt8(ascii: ":") {
        guard let end = pattern[(q + 2)...].firstIndex(of: close) else { return nil }
        if end - 1 >= q + 2, pattern[end - 1] == UInt8(ascii: ":") {
          guard insert(kind: pattern[(q + 2)..<(end - 1)]) else { return nil }
          q = end
          previous = nil
        } else {
          insert(byte)  // No `:]`: an ordinary bracket.
          previous = byte
        }
      } else {
        insert(byte)
        previous = byte
      }
      q += 1
    }
    p = q + 1
    if isNegated { words = ~words }
  }

  private mutating func insert(kind: ArraySlice<UInt8>) -> Bool {
    let isMember: (UInt8) -> Bool
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let isUpper = { (byte: UInt8) in (0x41...0x5a).contains(byte) }
    let isLower = { (byte: UInt8) in (0x61...0x7a).contains(byte) }
    switch String(decoding: kind, as: UTF8.self) {
    case "alnum": isMember = { isDigit($0) || isUpper($0) || isLower($0) }
    case "alpha": isMember = { isUpper($0) || isLower($0) }
    case "blank": isMember = { $0 == 0x20 || $0 == 0x09 }
    case "cntrl": isMember = { $0 < 0x20 || $0 == 0x7f }
    case "digit": isMember = isDigit
    case "graph": isMember = { (0x21...0x7e).contains($0) }
    case "lower": isMember = isLower
    case "print": isMember = { (0x20...0x7e).contains($0) }
    case "punct": isMember = { (0x21...0x7e).contains($0) && !isDigit($0) && !isUpper($0) && !isLower($0) }
    case "space": isMember = { $0 == 0x20 || (0x09...0x0d).contains($0) }
    case "upper": isMember = isUpper
    case "xdigit": isMember = { isDigit($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0) }
    default: return false
    }
    for byte in UInt8.min...UInt8.max where isMember(byte) { insert(byte) }
    return true
  }
}
