internal import Model

extension TextRule {
  struct Refusal {
    let code: Code
    let message: String
    let hints: [String]
  }

  /// Nil when the text is fine.
  func refusal(of text: String) -> Refusal? {
    let shown = Quantity.shown(text)
    func refuse(_ code: Code, _ message: String, _ hints: String...) -> Refusal {
      Refusal(code: code, message: message, hints: hints)
    }
    switch self {
    case .any: return nil
    case .notEmpty: return text.isEmpty ? refuse(.missingValue, "an empty text means nothing here") : nil
    case .projectName:
      let isFine =
        !text.isEmpty && text.unicodeScalars.count <= 100 && text != "." && text != ".."
        && !text.unicodeScalars.contains { $0 == "/" || $0.value < 0x20 } && text.first != " "
        && text.last != " "
      return isFine
        ? nil
        : refuse(
          .badName, "`\(shown)` cannot name a project", "up to 100 characters on one line, without `/`")
    case .domainName:
      if DomainName(text) != nil { return nil }
      if DomainName.reserved.contains(text) {
        return refuse(.reservedName, "`\(shown)` is a word of the API and names no domain")
      }
      return refuse(
        .badName, "`\(shown)` cannot name a domain", "lower-case letters, digits and `-`, at most 40")
    case .serviceName:
      let bytes = text.utf8
      let isFine =
        bytes.count <= 40 && bytes.first.map { (0x61...0x7a).contains($0) } == true
        && bytes.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
      return isFine
        ? nil : refuse(.badName, "`\(shown)` cannot name a service", "lower-case letters, digits and `-`")
    case .environmentName:
      func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte | 0x20) || byte == UInt8(ascii: "_")
      }
      let isFine =
        text.utf8.first.map(isLetter) == true
        && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) }
      return isFine
        ? nil
        : refuse(.badName, "`\(shown)` cannot name a variable", "letters, digits and `_`, not a digit first")
    case .inside, .insidePattern: return Self.pathRefusal(text, mayBeOutside: false)
    case .place: return Self.pathRefusal(text, mayBeOutside: true)
    case .reach: return Self.reachRefusal(text)
    case .commandWord: return Self.placeholderRefusal(text)
    }
  }

  private static func pathRefusal(_ text: String, mayBeOutside: Bool) -> Refusal? {
    let shown = Quantity.shown(text)
    if text.isEmpty { return Refusal(code: .missingValue, message: "an empty path means nothing", hints: []) }
    if text.unicodeScalars.contains(where: { $0.value < 0x20 }) {
      return Refusal(code: .badPath, message: "`\(shown)` holds a line break or a tab", hints: [])
    }
    let isOutside = text.hasPrefix("/") || text == "~" || text.hasPrefix("~/")
    if mayBeOutside && isOutside { return nil }
    if text.hasPrefix("~") {
      return Refusal(
        code: .badPath,
        message: mayBeOutside ? "`\(shown)` names another user's home" : "`\(shown)` is not in the project",
        hints: [mayBeOutside ? "write ~/ or an absolute path" : "write a path relative to the project"])
    }
    if text.hasPrefix("/") {
      return Refusal(
        code: .badPath, message: "`\(shown)` is absolute", hints: ["write a path relative to the project"])
    }
    if RelativePath(text) == nil {
      return Refusal(
        code: .badPath, message: "`\(shown)` leads out of the project",
        hints: ["stay inside: no `..` above the root"])
    }
    return nil
  }

  private static func reachRefusal(_ text: String) -> Refusal? {
    let shown = Quantity.shown(text)
    let allowed = ["write HOST:PORT, or unix:/PATH"]
    if text.hasPrefix("unix:") {
      let path = text.dropFirst(5)
      if path.hasPrefix("/") && path.utf8.count <= 107 { return nil }
      return Refusal(
        code: .badReach, message: "`\(shown)` names no absolute path of a socket", hints: allowed)
    }
    guard let colon = text.lastIndex(of: ":"), colon > text.startIndex else {
      return Refusal(code: .badReach, message: "`\(shown)` has no port", hints: allowed)
    }
    let host = text[..<colon]
    let port = text[text.index(after: colon)...]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    let isHost =
      isBracketed
      ? host.dropFirst().dropLast().utf8.allSatisfy {
        $0 == 0x3a || $0 == 0x2e || UInt8(ascii: "%") == $0 || isAlphanumeric($0)
      }
      : host.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2e || $0 == 0x2d || $0 == 0x5f }
    guard isHost else {
      return Refusal(code: .badReach, message: "`\(shown)` is no host and port", hints: allowed)
    }
    guard let number = Int(port), (1...65_535).contains(number), String(number) == port else {
      return Refusal(
        code: .badReach, message: "`\(Quantity.shown(String(port)))` is no port", hints: ["from 1 to 65535"])
    }
    return nil
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte)
  }

  /// `{word}` is a placeholder; `${word}` belongs to the shell, `{{word}}` to templates, `{a,b}` and `{}` to others.
  private static func placeholderRefusal(_ text: String) -> Refusal? {
    let known = ["unit", "units", "project", "report"]
    for name in placeholders(in: text) where !known.contains(name) {
      var hints = ["known: {unit}, {units}, {project}, {report}"]
      if let near = Spelling.nearest(to: name, among: known) {
        hints.insert("did you mean `{\(near)}`?", at: 0)
      }
      hints.append("write `{ \(name) }` to keep the braces")
      return Refusal(code: .unknownPlaceholder, message: "nothing is filled in for `{\(name)}`", hints: hints)
    }
    return nil
  }

  /// The names in braces that stand for something.
  static func placeholders(in text: String) -> [String] {
    let bytes = Array(text.utf8)
    var names: [String] = []
    var index = 0
    while index < bytes.count {
      defer { index += 1 }
      guard bytes[index] == UInt8(ascii: "{") else { continue }
      if index > 0, bytes[index - 1] == UInt8(ascii: "$") || bytes[index - 1] == UInt8(ascii: "{") {
        continue
      }
      guard let close = bytes[index...].firstIndex(of: UInt8(ascii: "}")), close - index <= 40 else {
        continue
      }
      let name = bytes[(index + 1)..<close]
      guard let first = name.first, (0x61...0x7a).contains(first),
        name.allSatisfy({ (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "_") })
      else { continue }
      names.append(String(decoding: name, as: UTF8.self))
    }
    return names
  }
}
