package import Model

/// Something that can be read from the wire; keys that it does not know are ignored.
package protocol WireReadable {
  init(reading reader: JSONReader) throws(WireError)
}

extension WireReadable {
  package init(json: JSON) throws(WireError) {
    try self.init(reading: JSONReader(json))
  }
}

/// What was expected where in a document that is JSON but has not the shape agreed on.
package struct WireError: Error, Hashable, Sendable, CustomStringConvertible {
  /// JSON pointer; empty for the whole document.
  package let pointer: String
  package let reason: String

  package init(pointer: String, reason: String) {
    self.pointer = pointer
    self.reason = reason
  }

  package var description: String { pointer.isEmpty ? reason : "\(pointer): \(reason)" }
}

/// A value of a document together with its place in it, so that every complaint names the place.
package struct JSONReader: Sendable {
  package let json: JSON
  package let pointer: String

  package init(_ json: JSON, pointer: String = "") {
    self.json = json
    self.pointer = pointer
  }

  package func error(_ reason: String) -> WireError { WireError(pointer: pointer, reason: reason) }

  /// The member; nil when it is missing or null. Anything but an object has no members.
  package func find(_ name: String) throws(WireError) -> JSONReader? {
    guard case .object = json else { throw error("must be an object, not \(json.kind)") }
    guard let value = json[name], !value.isNull else { return nil }
    return JSONReader(value, pointer: pointer + "/" + name)
  }

  package func member(_ name: String) throws(WireError) -> JSONReader {
    guard let found = try find(name) else {
      throw WireError(pointer: pointer + "/" + name, reason: "is missing")
    }
    return found
  }

  // MARK: This value

  package func string() throws(WireError) -> String {
    guard let text = json.string else { throw error("must be a string, not \(json.kind)") }
    return text
  }

  package func bool() throws(WireError) -> Bool {
    guard let value = json.bool else { throw error("must be true or false, not \(json.kind)") }
    return value
  }

  package func integer() throws(WireError) -> Int {
    guard let value = json.integer, let small = Int(exactly: value) else {
      throw error("must be a whole number" + (json.integer == nil ? ", not \(json.kind)" : ""))
    }
    return small
  }

  package func unsigned() throws(WireError) -> UInt64 {
    guard let value = json.integer, let unsigned = UInt64(exactly: value) else {
      throw error("must be a whole number from 0 on")
    }
    return unsigned
  }

  package func elements() throws(WireError) -> [JSONReader] {
    guard let elements = json.array else { throw error("must be an array, not \(json.kind)") }
    return elements.enumerated().map { JSONReader($1, pointer: "\(pointer)/\($0)") }
  }

  package func strings() throws(WireError) -> [String] {
    var texts: [String] = []
    for element in try elements() { texts.append(try element.string()) }
    return texts
  }

  package func time() throws(WireError) -> Timestamp {
    guard let time = Timestamp(rfc3339: try string()) else {
      throw error("must be a time like 2026-01-02T03:04:05Z")
    }
    return time
  }

  // MARK: Its members

  package func string(_ name: String) throws(WireError) -> String { try member(name).string() }
  package func optionalString(_ name: String) throws(WireError) -> String? { try find(name)?.string() }
  package func integer(_ name: String) throws(WireError) -> Int { try member(name).integer() }
  package func optionalInteger(_ name: String) throws(WireError) -> Int? { try find(name)?.integer() }
  package func unsigned(_ name: String) throws(WireError) -> UInt64 { try member(name).unsigned() }
  package func optionalUnsigned(_ name: String) throws(WireError) -> UInt64? { try find(name)?.unsigned() }
  package func bool(_ name: String) throws(WireError) -> Bool { try member(name).bool() }
  package func optionalBool(_ name: String) throws(WireError) -> Bool? { try find(name)?.bool() }

  /// A list that is missing is empty: newer and older sides leave out what they have nothing for.
  package func list<Value: WireReadable>(_ name: String) throws(WireError) -> [Value] {
    guard let list = try find(name) else { return [] }
    var values: [Value] = []
    for element in try list.elements() { values.append(try Value(reading: element)) }
    return values
  }

  /// A word of a fixed vocabulary; one that this side does not know yet is nil.
  package func word<Word: RawRepresentable<String>>(_ name: String) throws(WireError) -> Word? {
    Word(rawValue: try string(name))
  }
}

extension Timestamp {
  /// Reads RFC 3339 with any offset and any number of digits after the second (kept to the millisecond).
  package init?(rfc3339 text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[range] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      return value
    }
    func has(_ characters: String, at index: Int) -> Bool {
      index < bytes.count && characters.utf8.contains(bytes[index])
    }
    guard let year = number(0..<4), has("-", at: 4), let month = number(5..<7), has("-", at: 7),
      let day = number(8..<10), has("Tt ", at: 10), let hour = number(11..<13), has(":", at: 13),
      let minute = number(14..<16), has(":", at: 16), let second = number(17..<19),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
    else { return nil }
    var index = 19
    var milliseconds: Int64 = 0
    if has(".", at: index) {
      index += 1
      let start = index
      while has("0123456789", at: index) {
        if index - start < 3 {
          let scales: [Int64] = [100, 10, 1]
          milliseconds += Int64(bytes[index] - 0x30) * scales[index - start]
        }
        index += 1
      }
      if index == start { return nil }
    }
    var offset: Int64 = 0
    if has("Zz", at: index) {
      index += 1
    } else if has("+-", at: index) {
      guard let hours = number(index + 1..<index + 3), has(":", at: index + 3),
        let minutes = number(index + 4..<index + 6), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * (bytes[index] == UInt8(ascii: "-") ? -1 : 1)
      index += 6
    } else {
      return nil
    }
    if index != bytes.count { return nil }
    // Days since 1970 by years that begin in March, so that the leap day comes last.
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    self.init(
      milliseconds: (((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1000 + milliseconds)
  }
}
