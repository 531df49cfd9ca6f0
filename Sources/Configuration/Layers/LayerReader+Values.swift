internal import Model

extension LayerReader {
  /// The typed value of a node; nil after saying what is wrong with it.
  mutating func read(_ node: Node, _ shape: Shape, what: String) -> Value? {
    if case .invalid = node.content { return nil }
    if node.isNull {
      var hints = ["it takes: " + shape.name]
      if case .list(_, mayBeEmpty: true) = shape { hints.insert("write [] for an empty list", at: 0) }
      if case .text(.any) = shape { hints.insert("write \"\" for an empty text", at: 0) }
      say(.missingValue, "\(what) has no value", node, hints: hints)
      return nil
    }
    switch shape {
    case .list(let item, let mayBeEmpty): return readList(node, item, mayBeEmpty: mayBeEmpty, what: what)
    case .record(let fields): return readRecord(node, fields, what: what)
    case .dictionary: return nil  // Entries are settings of their own and are read one by one.
    case .cache: return readCache(node, what: what)
    default: return readScalar(node, shape, what: what)
    }
  }

  private mutating func readList(_ node: Node, _ item: Shape, mayBeEmpty: Bool, what: String) -> Value? {
    guard case .list(let items) = node.content else {
      var hints: [String] = []
      if case .scalar(let text, _) = node.content {
        let words = text.split(separator: " ").map { YAMLText.scalar(String($0)) }
        let isEvery = text.hasPrefix("every ")
        hints = ["write [" + (isEvery ? text : words.joined(separator: ", ")) + "]"]
      }
      say(.wrongType, "\(what) takes a list, not \(Self.kind(of: node))", node, hints: hints)
      return nil
    }
    if items.isEmpty && !mayBeEmpty {
      say(.emptyList, "\(what) cannot be empty", node, hints: ["remove it to get the default"])
      return nil
    }
    var values: [Value] = []
    var isWhole = true
    for item_ in items {
      if let value = read(item_, item, what: "an item of \(what)") {
        values.append(value)
      } else {
        isWhole = false
      }
    }
    return isWhole ? .list(values) : nil
  }

  private mutating func readRecord(_ node: Node, _ fields: [Shape.RecordField], what: String) -> Value? {
    guard case .map(let entries) = node.content else {
      say(
        .wrongType, "\(what) takes a map, not \(Self.kind(of: node))", node,
        hints: ["its keys: " + fields.map(\.name).joined(separator: ", ")])
      return nil
    }
    var values: [Value.Field] = []
    var isWhole = true
    for entry in entries {
      guard let field = fields.first(where: { $0.name == entry.key }) else {
        let names = fields.map(\.name)
        let near = Spelling.nearest(to: entry.key, among: names).map { ["did you mean `\($0)`?"] } ?? []
        say(
          .unknownKey, "unknown key `\(Quantity.shown(entry.key))` in \(what)", entry,
          hints: near + ["known here: " + names.joined(separator: ", ")])
        isWhole = false
        continue
      }
      if let value = read(entry.value, field.shape, what: "`\(entry.key)`") {
        values.append(.init(field.name, value))
      } else {
        isWhole = false
      }
    }
    // A misspelt key is one mistake, not two.
    if isWhole || entries.allSatisfy({ entry in fields.contains { $0.name == entry.key } }) {
      for field in fields where field.isRequired && !entries.contains(where: { $0.key == field.name }) {
        say(
          .missingKey, "\(what) needs `\(field.name)`", node.start, hints: ["it takes: " + field.shape.name])
        isWhole = false
      }
    }
    return isWhole ? .map(values) : nil
  }

  private mutating func readCache(_ node: Node, what: String) -> Value? {
    if case .map = node.content {
      return readRecord(
        node,
        [
          Shape.RecordField(
            "max_age", .duration(.milliseconds(1) ... .seconds(3650 * 86_400)), isRequired: true)
        ],
        what: what)
    }
    if case .scalar(let text, _) = node.content, case .success = Quantity.duration(text) {
      say(.wrongType, "\(what) takes true, false or {max_age: …}", node, hints: ["write {max_age: \(text)}"])
      return nil
    }
    return readScalar(node, .boolean, what: what)
  }

  // MARK: Scalars

  private mutating func readScalar(_ node: Node, _ shape: Shape, what: String) -> Value? {
    guard case .scalar(let text, let isPlain) = node.content else {
      var hints = ["it takes: " + shape.name]
      // `[pytest, {unit}]`: braces without quotes are a map in YAML.
      if case .map(let entries) = node.content, entries.count == 1, let only = entries.first,
        only.value.isNull
      {
        hints.insert("write \"{\(only.key)}\" in quotes", at: 0)
      }
      say(.wrongType, "\(what) is \(Self.kind(of: node)) where a single value belongs", node, hints: hints)
      return nil
    }
    switch shape {
    case .text(let rule):
      if let refusal = rule.refusal(of: text) {
        say(refusal.code, refusal.message, node, hints: refusal.hints)
        return nil
      }
      return .text(text)
    case .boolean: return readBoolean(node, text, isPlain, what)
    case .integer(let range): return readInteger(node, text, isPlain, range, what)
    case .choice(let words): return readChoice(node, text, words, what)
    case .trigger: return readTrigger(node, text)
    case .date:
      if CalendarDay.isDay(text) { return .text(text) }
      say(.badDate, "`\(Quantity.shown(text))` is no day", node, hints: ["a day is written 2026-12-31"])
      return nil
    case .duration(let range):
      return checked(Quantity.duration(text), range, node, .badDuration, text, shape).map { .duration($0) }
    case .size(let range):
      return checked(Quantity.size(text), range, node, .badSize, text, shape).map { .bytes($0) }
    case .share: return checked(Quantity.share(text), 0...1, node, .badShare, text, shape).map { .share($0) }
    case .cores:
      return checked(Quantity.cores(text), 0...1024, node, .badCores, text, shape).map { .cores($0) }
    case .list, .record, .dictionary, .cache: return nil
    }
  }

  private mutating func checked<Number: Comparable>(
    _ result: Result<Number, Quantity.Refusal>, _ range: ClosedRange<Number>, _ node: Node, _ code: Code,
    _ text: String, _ shape: Shape
  ) -> Number? {
    switch result {
    case .success(let number):
      if range.contains(number) { return number }
      say(
        .outOfRange, "`\(Quantity.shown(text))` is too \(number < range.lowerBound ? "small" : "large")",
        node,
        hints: ["it takes: " + shape.name])
      return nil
    case .failure(let refusal):
      say(refusal.isOutOfRange ? .outOfRange : code, refusal.message, node, hints: refusal.hints)
      return nil
    }
  }

  private mutating func readBoolean(_ node: Node, _ text: String, _ isPlain: Bool, _ what: String) -> Value? {
    if isPlain && (text == "true" || text == "false") { return .boolean(text == "true") }
    let meant: String? =
      switch text.lowercased() {
      case "yes", "on", "y", "1", "true": "true"
      case "no", "off", "n", "0", "false": "false"
      default: Spelling.nearest(to: text, among: ["true", "false"])
      }
    say(
      .wrongType, "\(what) takes true or false, not \(Self.kind(of: node))", node,
      hints: meant.map { ["write \($0)"] } ?? [])
    return nil
  }

  private mutating func readInteger(
    _ node: Node, _ text: String, _ isPlain: Bool, _ range: ClosedRange<Int>, _ what: String
  ) -> Value? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard isPlain, !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      digits.utf8.count == 1 || digits.first != "0"
    else {
      let hints = Int(text).map { ["write \($0)"] } ?? ["it takes: " + Shape.integer(range).name]
      say(.wrongType, "\(what) takes a whole number, not \(Self.kind(of: node))", node, hints: hints)
      return nil
    }
    if what == "`version`" && Int(text) != Schema.version {
      say(
        .unknownVersion, "version \(Quantity.shown(text)) is unknown", node,
        hints: ["this mcpd reads version \(Schema.version)"])
      return nil
    }
    guard let number = Int(text), range.contains(number) else {
      say(
        .outOfRange, "\(Quantity.shown(text)) is out of range for \(what)", node,
        hints: ["from \(range.lowerBound) to \(range.upperBound)"])
      return nil
    }
    return .integer(number)
  }

  private mutating func readChoice(_ node: Node, _ text: String, _ words: [String], _ what: String) -> Value?
  {
    if words.contains(text) { return .text(text) }
    let near = Spelling.nearest(to: text, among: words).map { ["did you mean `\($0)`?"] } ?? []
    say(
      .unknownValue, "\(what) cannot be `\(Quantity.shown(text))`", node,
      hints: near + ["allowed: " + words.joined(separator: ", ")])
    return nil
  }

  private mutating func readTrigger(_ node: Node, _ text: String) -> Value? {
    let words = ["save", "commit", "push", "manual"]
    if words.contains(text) { return .text(text) }
    if text.hasPrefix("every ") {
      switch Quantity.duration(String(text.dropFirst(6))) {
      case .success(let interval) where interval < .seconds(1) || interval > .seconds(365 * 86_400):
        say(
          .outOfRange, "`\(Quantity.shown(text))` is out of range", node,
          hints: ["from every 1s to every 365d"])
        return nil
      case .success: return Trigger(text: text).map { .text($0.text) }
      case .failure(let refusal):
        say(.badDuration, refusal.message, node, hints: refusal.hints)
        return nil
      }
    }
    let near = Spelling.nearest(to: text, among: words).map { ["did you mean `\($0)`?"] } ?? []
    say(
      .unknownValue, "`\(Quantity.shown(text))` triggers nothing", node,
      hints: near + ["allowed: " + words.joined(separator: ", ") + ", every 6h"])
    return nil
  }
}

/// Days of the calendar as texts.
enum CalendarDay {
  /// Whether it is `YYYY-MM-DD` and a day that exists.
  static func isDay(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else {
      return false
    }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for byte in bytes[range] {
        guard (0x30...0x39).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), year >= 1,
      (1...12).contains(month)
    else { return false }
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return (1...days[month - 1]).contains(day)
  }
}
