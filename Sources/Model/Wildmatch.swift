/// One glob pattern as git reads it (`wildmatch` with pathname rules): `*` and `?` stop at a slash, `**` between
/// slashes crosses directories, `[…]` is a class, `\` quotes.
package struct Wildmatch: Hashable, Sendable {
  package let pattern: [UInt8]

  package init(_ pattern: some Sequence<UInt8>) {
    self.pattern = Array(pattern)
  }

  package init(_ pattern: String) {
    self.init(pattern.utf8)
  }

  package func matches(_ text: some Collection<UInt8>) -> Bool {
    let text = Array(text)
    var budget = 100_000
    return Self.match(pattern, from: 0, text, from: 0, &budget)
  }

  /// Backtracking is bounded by `budget`, so a hostile pattern costs milliseconds and matches nothing.
  ///
  /// Whole arrays and places in them, no slices: what `**` means depends on the byte before it.
  private static func match(
    _ pattern: [UInt8], from patternStart: Int, _ text: [UInt8], from textStart: Int, _ budget: inout Int
  ) -> Bool {
    var p = patternStart
    var t = textStart
    let slash = UInt8(ascii: "/")
    while p < pattern.endIndex {
      budget -= 1
      if budget < 0 { return false }
      switch pattern[p] {
      case UInt8(ascii: "*"):
        let isDouble = p + 1 < pattern.endIndex && pattern[p + 1] == UInt8(ascii: "*")
        if isDouble {
          var next = p + 2
          while next < pattern.endIndex && pattern[next] == UInt8(ascii: "*") { next += 1 }
          let startsComponent = p == 0 || pattern[p - 1] == slash
          if startsComponent && next == pattern.endIndex { return true }
          if startsComponent && next < pattern.endIndex && pattern[next] == slash {
            // `**/` matches nothing, or any number of whole components.
            if match(pattern, from: next + 1, text, from: t, &budget) { return true }
            while let found = text[t...].firstIndex(of: slash) {
              t = found + 1
              if match(pattern, from: next + 1, text, from: t, &budget) { return true }
            }
            return false
          }
          p = next - 1  // Anywhere else `**` is `*`.
        }
        while true {
          if match(pattern, from: p + 1, text, from: t, &budget) { return true }
          if t == text.endIndex || text[t] == slash || budget < 0 { return false }
          t += 1
        }
      case UInt8(ascii: "?"):
        guard t < text.endIndex, text[t] != slash else { return false }
        p += 1
        t += 1
      case UInt8(ascii: "["):
        guard t < text.endIndex, text[t] != slash,
          let end = matchClass(pattern[p...], text[t])
        else { return false }
        p = end
        t += 1
      case UInt8(ascii: "\\"):
        p += 1
        guard p < pattern.endIndex, t < text.endIndex, pattern[p] == text[t] else { return false }
        p += 1
        t += 1
      default:
        guard t < text.endIndex, pattern[p] == text[t] else { return false }
        p += 1
        t += 1
      }
    }
    return t == text.endIndex
  }

  /// The index after the class when `byte` is in it; nil when it is not, or the class never ends.
  private static func matchClass(_ pattern: ArraySlice<UInt8>, _ byte: UInt8) -> Int? {
    var p = pattern.startIndex + 1
    guard p < pattern.endIndex else { return nil }
    let negated = pattern[p] == UInt8(ascii: "!") || pattern[p] == UInt8(ascii: "^")
    if negated { p += 1 }
    var found = false
    var isFirst = true
    while p < pattern.endIndex {
      if pattern[p] == UInt8(ascii: "]") && !isFirst { return found != negated ? p + 1 : nil }
      isFirst = false
      if pattern[p] == UInt8(ascii: "["), p + 1 < pattern.endIndex, pattern[p + 1] == UInt8(ascii: ":"),
        let close = pattern[(p + 2)...].firstIndex(of: UInt8(ascii: ":")), close + 1 < pattern.endIndex,
        pattern[close + 1] == UInt8(ascii: "]")
      {
        guard let isMember = named(pattern[(p + 2)..<close], byte) else { return nil }
        if isMember { found = true }
        p = close + 2
        continue
      }
      guard let low = literal(pattern, &p) else { return nil }
      if p + 1 < pattern.endIndex, pattern[p] == UInt8(ascii: "-"), pattern[p + 1] != UInt8(ascii: "]") {
        p += 1
        guard let high = literal(pattern, &p) else { return nil }
        if low <= byte && byte <= high { found = true }
      } else if low == byte {
        found = true
      }
    }
    return nil
  }

  private static func literal(_ pattern: ArraySlice<UInt8>, _ p: inout Int) -> UInt8? {
    if pattern[p] == UInt8(ascii: "\\") { p += 1 }
    guard p < pattern.endIndex else { return nil }
    defer { p += 1 }
    return pattern[p]
  }

  private static func named(_ name: ArraySlice<UInt8>, _ byte: UInt8) -> Bool? {
    let isDigit = (0x30...0x39).contains(byte)
    let isUpper = (0x41...0x5a).contains(byte)
    let isLower = (0x61...0x7a).contains(byte)
    return switch String(decoding: name, as: UTF8.self) {
    case "alnum": isDigit || isUpper || isLower
    case "alpha": isUpper || isLower
    case "blank": byte == 0x20 || byte == 0x09
    case "cntrl": byte < 0x20 || byte == 0x7f
    case "digit": isDigit
    case "graph": (0x21...0x7e).contains(byte)
    case "lower": isLower
    case "print": (0x20...0x7e).contains(byte)
    case "punct": (0x21...0x7e).contains(byte) && !isDigit && !isUpper && !isLower
    case "space": byte == 0x20 || (0x09...0x0d).contains(byte)
    case "upper": isUpper
    case "xdigit": isDigit || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    default: nil
    }
  }
}
