/// A JSON value as it stood in the text: members keep their order, whole numbers keep every digit that 64 bits hold.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// A number written without fraction and exponent that fits; anything else is a `number`.
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  package struct Member: Hashable, Sendable {
    package var name: String
    package var value: JSON

    package init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// Why some bytes are no JSON, and from which byte on.
  package struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    package let offset: Int
    package let reason: String

    package init(offset: Int, reason: String) {
      self.offset = offset
      self.reason = reason
    }

    package var description: String { "\(reason) at byte \(offset)" }
  }

  /// How deep arrays and objects may nest, so that hostile text cannot exhaust the stack.
  package static let deepest = 64

  /// Reads exactly one value with nothing but white space around it. The caller has bounded the size.
  ///
  /// Strict where JSON is: UTF-8 throughout, no lone surrogates, no control characters in strings, no numbers
  /// beyond a double. A member that stands twice is refused: two readers would take different ones.
  package init(parsing bytes: [UInt8]) throws(Malformed) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

  /// The member's value; nil when there is none or this is no object.
  package subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  package var integer: Int64? {
    if case .integer(let value) = self { value } else { nil }
  }

  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  package var array: [JSON]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  package var isNull: Bool { self == .null }

  /// What it is, with its article, for complaints.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSON: WireWritable {
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let value): writer.value(value)
    case .integer(let value): writer.value(value)
    case .number(let value): writer.value(value)
    case .string(let value): writer.value(value)
    case .array(let elements):
      writer.array { writer in for element in elements { element.write(to: &writer) } }
    case .object(let members):
      writer.object { writer in
        for member in members {
          writer.name(member.name)
          member.value.write(to: &writer)
        }
      }
    }
  }
}
