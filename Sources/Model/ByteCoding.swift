/// Writes the length-prefixed, little-endian form in which the daemon and its supervisors exchange files.
package struct ByteWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func write(_ value: UInt64) {
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  package mutating func write(_ value: Int64) { write(UInt64(bitPattern: value)) }
  package mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }

  package mutating func write(_ value: [UInt8]) {
    write(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  package mutating func write(_ value: String) { write(Array(value.utf8)) }

  package mutating func write(_ values: [String]) {
    write(UInt64(values.count))
    for value in values { write(value) }
  }
}

/// Reads what `ByteWriter` wrote; every byte may be wrong, so every read may end in `Malformed`, and none traps.
package struct ByteReader: Sendable {
  package struct Malformed: Error, Hashable {
    package let offset: Int

    package init(offset: Int) {
      self.offset = offset
    }
  }

  private let bytes: [UInt8]
  package private(set) var offset = 0

  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  package var isAtEnd: Bool { offset == bytes.count }

  private mutating func take(_ count: UInt64) throws(Malformed) -> ArraySlice<UInt8> {
    guard count <= UInt64(bytes.count - offset) else { throw Malformed(offset: offset) }
    defer { offset += Int(count) }
    return bytes[offset..<(offset + Int(count))]
  }

  package mutating func unsigned() throws(Malformed) -> UInt64 {
    var value: UInt64 = 0
    for (index, byte) in try take(8).enumerated() { value |= UInt64(byte) << UInt64(index * 8) }
    return value
  }

  package mutating func signed() throws(Malformed) -> Int64 { Int64(bitPattern: try unsigned()) }

  package mutating func flag() throws(Malformed) -> Bool {
    let start = offset
    switch try take(1).first {
    case 0: return false
    case 1: return true
    default: throw Malformed(offset: start)
    }
  }

  package mutating func data() throws(Malformed) -> [UInt8] { Array(try take(try unsigned())) }

  /// Refuses what is not UTF-8.
  package mutating func text() throws(Malformed) -> String {
    let start = offset
    guard let text = String(validating: try data(), as: UTF8.self) else { throw Malformed(offset: start) }
    return text
  }

  package mutating func texts() throws(Malformed) -> [String] {
    let count = try unsigned()
    // Each text takes at least its length's eight bytes: a huge count is refused before anything is reserved.
    guard count <= UInt64(bytes.count - offset) / 8 else { throw Malformed(offset: offset) }
    var texts: [String] = []
    texts.reserveCapacity(Int(count))
    for _ in 0..<count { texts.append(try text()) }
    return texts
  }
}
