package import Model

/// How paths stand on the wire: text with U+FFFD for what is not UTF-8, and then the exact bytes beside it.
package enum WirePath {
  /// Writes `path`, and `path_base64` where the text does not say exactly what the bytes say.
  package static func write(_ path: RelativePath, to writer: inout JSONWriter) {
    writer.field("path", path.text)
    if !path.isUTF8 { writer.field("path_base64", Base64.encode(path.bytes)) }
  }

  package static func read(_ reader: JSONReader) throws(WireError) -> RelativePath {
    try read(text: try reader.member("path"), exact: try reader.find("path_base64"))
  }

  /// Writes a list under `paths`, and `paths_base64` (null where the text is exact) if one of them needs it.
  package static func write(_ paths: [RelativePath], to writer: inout JSONWriter) {
    writer.array("paths") { for path in paths { $0.value(path.text) } }
    if paths.allSatisfy(\.isUTF8) { return }
    writer.array("paths_base64") {
      for path in paths {
        if path.isUTF8 { $0.null() } else { $0.value(Base64.encode(path.bytes)) }
      }
    }
  }

  package static func readList(_ reader: JSONReader) throws(WireError) -> [RelativePath] {
    let texts = try reader.find("paths")?.elements() ?? []
    let exact = try reader.find("paths_base64")?.elements() ?? []
    var paths: [RelativePath] = []
    for (index, text) in texts.enumerated() {
      let bytes = index < exact.count && !exact[index].json.isNull ? exact[index] : nil
      paths.append(try read(text: text, exact: bytes))
    }
    return paths
  }

  private static func read(text: JSONReader, exact: JSONReader?) throws(WireError) -> RelativePath {
    guard let exact else {
      // Paths outside the project are absolute and stand as they are.
      let bytes = Array(try text.string().utf8)
      return RelativePath(normalizing: bytes) ?? RelativePath(unchecked: bytes)
    }
    guard let bytes = Base64.decode(try exact.string()) else { throw exact.error("must be base64") }
    return RelativePath(unchecked: bytes)
  }
}

/// Base64 of RFC 4648 with padding.
package enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let word = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32((3 - group.count) * 8)
      for index in 0..<4 {
        let digit = alphabet[Int(word >> UInt32(18 - index * 6) & 63)]
        text.append(index <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil for anything but whole groups in canonical form.
  package static func decode(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 4 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 4 * 3)
    for start in stride(from: 0, to: digits.count, by: 4) {
      let isLast = start + 4 == digits.count
      let group = digits[start..<(start + 4)]
      let padding = isLast ? group.reversed().prefix { $0 == UInt8(ascii: "=") }.count : 0
      guard padding <= 2 else { return nil }
      var word: UInt32 = 0
      for digit in group.dropLast(padding) {
        guard let value = value(of: digit) else { return nil }
        word = word << 6 | value
      }
      word <<= UInt32(padding * 6)
      guard word & ((1 << UInt32(padding * 8)) - 1) == 0 else { return nil }
      for index in 0..<(3 - padding) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - index * 8)))
      }
    }
    return bytes
  }

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit) - 97 + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit) - 48 + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
