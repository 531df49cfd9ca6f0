package import Model

/// Something that has a form on the wire.
package protocol WireWritable {
  func write(to writer: inout JSONWriter)
}

extension WireWritable {
  package var encoded: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }
}

/// Appends JSON to a byte array: commas come by construction, no value is built in between, no Foundation is asked.
///
///     writer.object {
///       $0.field("clock", 1042)
///       $0.array("results") { for result in results { result.write(to: &$0) } }
///     }
package struct JSONWriter: Sendable {
  package private(set) var bytes: [UInt8]
  /// Whether something stands before the next value at this level.
  private var needsComma = false

  package init(reserving capacity: Int = 512) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  // MARK: Values

  private mutating func begin() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  package mutating func null() {
    begin()
    append("null")
  }

  package mutating func value(_ value: Bool) {
    begin()
    append(value ? "true" : "false")
  }

  package mutating func value(_ value: some BinaryInteger) {
    begin()
    append(decimal: value)
  }

  /// What JSON has no word for (infinite, not a number) is null.
  package mutating func value(_ value: Double) {
    begin()
    if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { append("null") }
  }

  package mutating func value(_ value: String) {
    begin()
    append(quoted: value)
  }

  package mutating func value(_ value: some WireWritable) {
    value.write(to: &self)
  }

  package mutating func value(_ time: Timestamp) {
    begin()
    append(time: time)
  }

  package mutating func object(_ body: (inout JSONWriter) -> Void) {
    begin()
    bytes.append(UInt8(ascii: "{"))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  package mutating func array(_ body: (inout JSONWriter) -> Void) {
    begin()
    bytes.append(UInt8(ascii: "["))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// A value that is JSON already; the caller answers for it.
  package mutating func raw(_ json: some Collection<UInt8>) {
    begin()
    bytes.append(contentsOf: json)
  }

  // MARK: Members

  /// A member's name, of the program's own: it needs no escapes. A value must follow.
  package mutating func name(_ name: StaticString) {
    begin()
    bytes.append(UInt8(ascii: "\""))
    append(name)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// A member's name from outside.
  package mutating func name(_ name: String) {
    begin()
    append(quoted: name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func field(_ name: StaticString, _ value: Bool) {
    self.name(name)
    self.value(value)
  }

  package mutating func field(_ name: StaticString, _ value: some BinaryInteger) {
    self.name(name)
    self.value(value)
  }

  package mutating func field(_ name: StaticString, _ value: (some BinaryInteger)?) {
    self.name(name)
    if let value { self.value(value) } else { null() }
  }

  package mutating func field(_ name: StaticString, _ value: Double?) {
    self.name(name)
    if let value { self.value(value) } else { null() }
  }

  /// Nil is null: an unknown value is never left to be guessed.
  package mutating func field(_ name: StaticString, _ value: String?) {
    self.name(name)
    if let value { self.value(value) } else { null() }
  }

  package mutating func field(_ name: StaticString, _ value: Timestamp) {
    self.name(name)
    self.value(value)
  }

  package mutating func field(_ name: StaticString, _ value: some WireWritable) {
    self.name(name)
    value.write(to: &self)
  }

  package mutating func field(_ name: StaticString, _ values: [some WireWritable]) {
    self.name(name)
    array { writer in for value in values { value.write(to: &writer) } }
  }

  package mutating func field(_ name: StaticString, _ values: [String]) {
    self.name(name)
    array { writer in for value in values { writer.value(value) } }
  }

  package mutating func object(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
    self.name(name)
    object(body)
  }

  package mutating func array(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
    self.name(name)
    array(body)
  }

  // MARK: Bytes

  private mutating func append(_ text: StaticString) {
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private mutating func append(decimal value: some BinaryInteger) {
    if let small = UInt64(exactly: value), small < 10 {
      bytes.append(UInt8(ascii: "0") + UInt8(small))
      return
    }
    guard var rest = UInt64(exactly: value.magnitude) else {
      bytes.append(contentsOf: String(value).utf8)
      return
    }
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    while rest > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    }
    bytes[start...].reverse()
  }

  private mutating func append(quoted text: String) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { buffer in
      var start = 0
      for index in 0..<buffer.count {
        let byte = unsafe buffer[index]
        if byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\") { continue }
        unsafe bytes.append(contentsOf: buffer[start..<index])
        append(escaped: byte)
        start = index + 1
      }
      unsafe bytes.append(contentsOf: buffer[start...])
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(escaped byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x0a: bytes.append(UInt8(ascii: "n"))
    case 0x0d: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    default:
      append("u00")
      for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? digit + 0x30 : digit + 0x57) }
    }
  }

  /// The same text as `Timestamp.rfc3339`, without its strings on the way.
  private mutating func append(time: Timestamp) {
    let fields = time.calendar
    guard (0...9999).contains(fields.year) else {
      append(quoted: time.rfc3339)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    append(padded: fields.year, 4)
    append(padded: fields.month, 2, after: "-")
    append(padded: fields.day, 2, after: "-")
    append(padded: fields.hour, 2, after: "T")
    append(padded: fields.minute, 2, after: ":")
    append(padded: fields.second, 2, after: ":")
    append(padded: fields.millisecond, 3, after: ".")
    append("Z\"")
  }

  private mutating func append(padded value: Int, _ width: Int, after separator: StaticString? = nil) {
    if let separator { append(separator) }
    var scale = 1
    for _ in 1..<width { scale *= 10 }
    while scale > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value / scale % 10))
      scale /= 10
    }
  }
}
