/// Reads one JSON value from bytes of which each may be wrong; see `JSON.init(parsing:)` for what is refused.
struct JSONParser {
  private let bytes: [UInt8]
  private var offset = 0
  private var depth = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func document() throws(JSON.Malformed) -> JSON {
    skipSpace()
    let value = try value()
    skipSpace()
    if offset != bytes.count { throw malformed("something follows the value") }
    return value
  }

  private func malformed(_ reason: String, at place: Int? = nil) -> JSON.Malformed {
    JSON.Malformed(offset: place ?? offset, reason: reason)
  }

  private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  private mutating func skipSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0a, 0x0d: offset += 1
      default: return
      }
    }
  }

  private mutating func value() throws(JSON.Malformed) -> JSON {
    guard let first = current else { throw malformed("the text ends where a value should stand") }
    switch first {
    case UInt8(ascii: "{"): return try nested { (parser) throws(JSON.Malformed) in try parser.object() }
    case UInt8(ascii: "["): return try nested { (parser) throws(JSON.Malformed) in try parser.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw malformed("no value starts like this")
    }
  }

  private mutating func nested(
    _ body: (inout JSONParser) throws(JSON.Malformed) -> JSON
  ) throws(JSON.Malformed) -> JSON {
    if depth == JSON.deepest { throw malformed("nested deeper than \(JSON.deepest) levels") }
    depth += 1
    offset += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(JSON.Malformed) -> JSON {
    let start = offset
    for index in 0..<text.utf8CodeUnitCount {
      let expected = unsafe text.utf8Start[index]
      guard current == expected else { throw malformed("no value starts like this", at: start) }
      offset += 1
    }
    return value
  }

  private mutating func array() throws(JSON.Malformed) -> JSON {
    var elements: [JSON] = []
    skipSpace()
    if current == UInt8(ascii: "]") {
      offset += 1
      return .array([])
    }
    while true {
      skipSpace()
      elements.append(try value())
      skipSpace()
      switch current {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "]"):
        offset += 1
        return .array(elements)
      default: throw malformed("an array goes on with `,` or `]`")
      }
    }
  }

  private mutating func object() throws(JSON.Malformed) -> JSON {
    var members: [JSON.Member] = []
    // Few names are compared one by one; a set takes over where that would become quadratic.
    var seen: Set<String> = []
    skipSpace()
    if current == UInt8(ascii: "}") {
      offset += 1
      return .object([])
    }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw malformed("a member starts with its name in quotes") }
      let start = offset
      let name = try string()
      if members.count == 16 { seen = Set(members.map(\.name)) }
      let isRepeated =
        members.count < 16 ? members.contains { $0.name == name } : !seen.insert(name).inserted
      if isRepeated { throw malformed("a member stands twice", at: start) }
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw malformed("a member's name is followed by `:`") }
      offset += 1
      skipSpace()
      members.append(JSON.Member(name, try value()))
      skipSpace()
      switch current {
      case UInt8(ascii: ","): offset += 1
      case UInt8(ascii: "}"):
        offset += 1
        return .object(members)
      default: throw malformed("an object goes on with `,` or `}`")
      }
    }
  }

  private mutating func string() throws(JSON.Malformed) -> String {
    let open = offset
    offset += 1
    var start = offset
    var gathered: [UInt8] = []
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        let text =
          gathered.isEmpty
          ? String(validating: bytes[start..<offset], as: UTF8.self)
          : String(validating: gathered + bytes[start..<offset], as: UTF8.self)
        guard let text else { throw malformed("a string is not UTF-8", at: open) }
        offset += 1
        return text
      case UInt8(ascii: "\\"):
        gathered.append(contentsOf: bytes[start..<offset])
        try escape(into: &gathered)
        start = offset
      case 0..<0x20: throw malformed("a control character stands unescaped in a string")
      default: offset += 1
      }
    }
    throw malformed("a string does not end", at: open)
  }

  private mutating func escape(into gathered: inout [UInt8]) throws(JSON.Malformed) {
    let start = offset
    offset += 1
    guard let letter = current else { throw malformed("a string does not end", at: start) }
    offset += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): gathered.append(letter)
    case UInt8(ascii: "b"): gathered.append(0x08)
    case UInt8(ascii: "f"): gathered.append(0x0c)
    case UInt8(ascii: "n"): gathered.append(0x0a)
    case UInt8(ascii: "r"): gathered.append(0x0d)
    case UInt8(ascii: "t"): gathered.append(0x09)
    case UInt8(ascii: "u"):
      var code = try fourDigits(start)
      if (0xd800..<0xdc00).contains(code) {
        guard current == UInt8(ascii: "\\"), offset + 1 < bytes.count, bytes[offset + 1] == UInt8(ascii: "u")
        else { throw malformed("half a surrogate pair", at: start) }
        offset += 2
        let low = try fourDigits(start)
        guard (0xdc00..<0xe000).contains(low) else { throw malformed("half a surrogate pair", at: start) }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw malformed("half a surrogate pair", at: start) }
      gathered.append(contentsOf: UTF8.encode(scalar)!)
    default: throw malformed("an unknown escape", at: start)
    }
  }

  private mutating func fourDigits(_ start: Int) throws(JSON.Malformed) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = current.flatMap(Self.hexValue) else {
        throw malformed("`\\u` wants four hexadecimal digits", at: start)
      }
      code = code << 4 | UInt32(digit)
      offset += 1
    }
    return code
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private mutating func digits() -> Int {
    let start = offset
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    return offset - start
  }

  private mutating func number() throws(JSON.Malformed) -> JSON {
    let start = offset
    if current == UInt8(ascii: "-") { offset += 1 }
    let first = current
    let whole = digits()
    if whole == 0 { throw malformed("a number without digits", at: start) }
    if first == UInt8(ascii: "0") && whole > 1 { throw malformed("a number starts with 0", at: start) }
    var isWhole = true
    if current == UInt8(ascii: ".") {
      isWhole = false
      offset += 1
      if digits() == 0 { throw malformed("a number without digits after its point", at: start) }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isWhole = false
      offset += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { offset += 1 }
      if digits() == 0 { throw malformed("a number without digits in its exponent", at: start) }
    }
    let text = String(decoding: bytes[start..<offset], as: UTF8.self)
    if isWhole, let value = Int64(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw malformed("a number too large", at: start) }
    return .number(value)
  }
}
