/// A setting's value with its type, as it stands between YAML and `ProjectSettings`.
package indirect enum Value: Hashable, Sendable {
  case text(String)
  case integer(Int)
  case boolean(Bool)
  case duration(Duration)
  case bytes(UInt64)
  /// A part of the machine, 0 to 1.
  case share(Double)
  case cores(Double)
  case list([Value])
  case map([Field])

  package struct Field: Hashable, Sendable {
    package let name: String
    package let value: Value

    package init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }
}

extension Value {
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
  var boolean: Bool? { if case .boolean(let boolean) = self { boolean } else { nil } }
  var duration: Duration? { if case .duration(let duration) = self { duration } else { nil } }
  var bytes: UInt64? { if case .bytes(let bytes) = self { bytes } else { nil } }
  var number: Double? {
    switch self {
    case .share(let number), .cores(let number): number
    default: nil
    }
  }
  var list: [Value]? { if case .list(let list) = self { list } else { nil } }
  var texts: [String]? { list?.compactMap(\.text) }
  var fields: [Field]? { if case .map(let fields) = self { fields } else { nil } }

  subscript(_ name: String) -> Value? { fields?.first { $0.name == name }?.value }

  static func texts(_ texts: [String]) -> Value { .list(texts.map { .text($0) }) }
}

extension Value {
  /// On one line, as it would stand in a file: what `config show` prints and `init` writes.
  package var yaml: String {
    switch self {
    case .text(let text): YAMLText.scalar(text)
    case .integer(let integer): String(integer)
    case .boolean(let boolean): boolean ? "true" : "false"
    case .duration(let duration): Quantity.text(duration)
    case .bytes(let bytes): Quantity.text(bytes: bytes)
    case .share(let share): Quantity.text(share: share)
    case .cores(let cores): Quantity.text(cores: cores)
    case .list(let items): "[" + items.map(\.yaml).joined(separator: ", ") + "]"
    case .map(let fields):
      "{" + fields.map { YAMLText.scalar($0.name) + ": " + $0.value.yaml }.joined(separator: ", ") + "}"
    }
  }
}

/// Writes texts so that YAML reads the same texts again.
enum YAMLText {
  static func scalar(_ text: String) -> String { isPlainSafe(text) ? text : quoted(text) }

  /// Only what no reader of YAML 1.1 or 1.2 could take for anything but this text, in flow context too.
  private static func isPlainSafe(_ text: String) -> Bool {
    guard let first = text.utf8.first else { return false }
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard
      isLetter(first) || first == UInt8(ascii: "/") || first == UInt8(ascii: "_")
        || first == UInt8(ascii: ".") && text.utf8.dropFirst().first.map(isLetter) == true,
      text.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "/_-.+@".utf8.contains($0) })
    else { return false }
    return !["true", "false", "yes", "no", "on", "off", "y", "n", "null"].contains(text.lowercased())
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        switch scalar.value {
        case 0x00...0x1f, 0x7f...0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff: result += escape(scalar)
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
  }
}
