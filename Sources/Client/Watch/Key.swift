/// A key as it was pressed.
package enum Key: Hashable, Sendable {
  case character(Character)
  case enter, escape, backspace, up, down, pageUp, pageDown
}

/// Reads keys from the bytes that a terminal sends.
package struct KeyReader: Sendable {
  private var pending: [UInt8] = []

  package init() {}

  /// A lone ESC is a key when nothing follows it in the same piece.
  package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
    pending.append(contentsOf: bytes)
    var keys: [Key] = []
    while let first = pending.first {
      switch first {
      case 0x1b:
        guard let key = escapeSequence() else { continue }
        keys.append(key)
      case 0x0d, 0x0a:
        pending.removeFirst()
        keys.append(.enter)
      case 0x7f, 0x08:
        pending.removeFirst()
        keys.append(.backspace)
      case 0..<0x20: pending.removeFirst()
      default:
        let length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        // The rest of a character may come with the next piece.
        if pending.count < length && first >= 0xc0 { return keys }
        let taken = pending.prefix(length)
        pending.removeFirst(min(length, pending.count))
        if let text = String(validating: taken, as: UTF8.self), let character = text.first {
          keys.append(.character(character))
        }
      }
    }
    return keys
  }

  /// Takes `ESC [ … letter` or `ESC O letter` whole; nil for one that means nothing here.
  private mutating func escapeSequence() -> Key? {
    guard pending.count >= 2, pending[1] == UInt8(ascii: "[") || pending[1] == UInt8(ascii: "O") else {
      pending.removeFirst()
      return .escape
    }
    var end = 2
    while end < pending.count && (0x20..<0x40).contains(pending[end]) { end += 1 }
    let sequence = pending[2..<min(end + 1, pending.count)]
    defer { pending.removeFirst(min(end + 1, pending.count)) }
    return switch String(decoding: sequence, as: UTF8.self) {
    case "A": .up
    case "B": .down
    case "5~": .pageUp
    case "6~": .pageDown
    default: nil
    }
  }
}
