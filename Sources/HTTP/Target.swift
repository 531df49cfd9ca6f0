/// What a request asks for: the path in its decoded parts, and the query.
package struct Target: Hashable, Sendable {
  /// Decoded one by one, so that `%2F` inside a part stays inside it. Empty parts and `.` are dropped, `..` is applied.
  package let parts: [String]
  package let query: [Field]

  /// The parts joined: `/api/v1/status`.
  package var path: String { "/" + parts.joined(separator: "/") }

  private static let slash = UInt8(ascii: "/")
  private static let queryLimit = 1000

  /// Nil for what is no path: an authority, `*`, a bad escape, a NUL, text that is not UTF-8, a climb above the root.
  package init?(_ raw: some Collection<UInt8>) {
    var bytes = Array(raw)[...]
    if let hash = bytes.firstIndex(of: UInt8(ascii: "#")) { bytes = bytes[..<hash] }
    if bytes.first != Self.slash {
      // The absolute form: scheme and authority say nothing new on a socket of our own.
      guard let rest = Self.afterAuthority(bytes) else { return nil }
      bytes = rest
    }
    let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
    var parts: [String] = []
    for raw in bytes[..<mark].split(separator: Self.slash) {
      guard let part = Self.decode(raw, plusIsSpace: false) else { return nil }
      switch part {
      case ".": continue
      case "..": guard parts.popLast() != nil else { return nil }
      default: parts.append(part)
      }
    }
    self.parts = parts
    var query: [Field] = []
    for pair in bytes[mark...].dropFirst().split(separator: UInt8(ascii: "&")) {
      let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      guard query.count < Self.queryLimit, let name = Self.decode(pair[..<equals], plusIsSpace: true),
        let value = Self.decode(pair[equals...].dropFirst(), plusIsSpace: true)
      else { return nil }
      query.append(Field(name, value))
    }
    self.query = query
  }

  package init?(_ text: String) {
    self.init(text.utf8)
  }

  /// The first value of the name.
  package func value(_ name: String) -> String? {
    query.first { $0.name == name }?.value
  }

  package func values(_ name: String) -> [String] {
    query.compactMap { $0.name == name ? $0.value : nil }
  }

  private static func afterAuthority(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    for scheme in ["http://", "https://"] where bytes.starts(with: scheme.utf8) {
      let rest = bytes.dropFirst(scheme.utf8.count)
      return rest.firstIndex(of: slash).map { rest[$0...] } ?? rest[rest.endIndex...]
    }
    return nil
  }

  private static func decode(_ raw: ArraySlice<UInt8>, plusIsSpace: Bool) -> String? {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(raw.count)
    var index = raw.startIndex
    while index < raw.endIndex {
      switch raw[index] {
      case UInt8(ascii: "%"):
        guard raw.endIndex - index >= 3, let high = nibble(raw[index + 1]), let low = nibble(raw[index + 2])
        else { return nil }
        decoded.append(high << 4 | low)
        index += 2
      case UInt8(ascii: "+") where plusIsSpace: decoded.append(UInt8(ascii: " "))
      case let byte: decoded.append(byte)
      }
      index += 1
    }
    return decoded.contains(0) ? nil : String(validating: decoded, as: UTF8.self)
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
