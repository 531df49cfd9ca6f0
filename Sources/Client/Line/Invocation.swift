/// A command line that has been understood.
package struct Invocation: Hashable, Sendable {
  package var command: CommandSpec
  package var operands: [String] = []
  /// By the option's main name, in the order given; switches have an empty text.
  package var values: [String: [String]] = [:]

  package init(command: CommandSpec) {
    self.command = command
  }

  package func has(_ option: String) -> Bool { values[option] != nil }
  package func value(_ option: String) -> String? { values[option]?.last }
  package func all(_ option: String) -> [String] { values[option] ?? [] }

  package var wantsJSON: Bool { has("--json") }
  package var wantsLines: Bool { has("--jsonl") }
  package var wantsDocument: Bool { wantsJSON || wantsLines }

  /// A count from 1 on.
  package func number(_ option: String) throws(Stop) -> Int? {
    guard let text = value(option) else { return nil }
    guard let number = Int(text), number >= 1 else {
      throw .usage("\(option): `\(text)` is no number from 1 on")
    }
    return number
  }

  /// A tick of the clock.
  package func tick(_ option: String) throws(Stop) -> UInt64? {
    guard let text = value(option) else { return nil }
    guard let number = UInt64(text) else {
      throw .usage(
        "\(option): `\(text)` is no tick of the clock", hints: ["`mcpd-client status` shows the present one"])
    }
    return number
  }

  package func timeout() throws(Stop) -> Duration? {
    guard let text = value("--timeout") else { return nil }
    guard let duration = Self.duration(text) else {
      throw .usage("--timeout: `\(text)` is no duration", hints: ["write 500ms, 30s, 10m or 2h"])
    }
    return duration
  }

  /// `20ms 5s 10m 2h`, with a fraction if wanted; nothing else.
  package static func duration(_ text: String) -> Duration? {
    let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
    guard let unit = units.first(where: { text.hasSuffix($0.0) }) else { return nil }
    let digits = text.dropLast(unit.0.count)
    guard let first = digits.utf8.first, (0x30...0x39).contains(first),
      digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }),
      let value = Double(digits)
    else { return nil }
    let seconds = value * unit.1
    guard seconds <= 365 * 86_400 else { return nil }
    return .nanoseconds(Int64(seconds * 1e9))
  }
}
