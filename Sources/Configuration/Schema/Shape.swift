/// What a setting may be.
indirect enum Shape: Sendable {
  case text(TextRule)
  case integer(ClosedRange<Int>)
  case boolean
  case choice([String])
  case share
  case cores
  case duration(ClosedRange<Duration>)
  case size(ClosedRange<UInt64>)
  /// A day, `YYYY-MM-DD`.
  case date
  /// `save`, `commit`, `push`, `manual`, `every 6h`.
  case trigger
  case list(Shape, mayBeEmpty: Bool)
  case record([RecordField])
  /// Names of the user's own; each entry is a setting of its own, so an inner file overrides entry by entry.
  case dictionary(TextRule, Shape)
  /// `true`, `false` or `{max_age: 7d}`.
  case cache

  struct RecordField: Sendable {
    let name: String
    let shape: Shape
    let isRequired: Bool

    init(_ name: String, _ shape: Shape, isRequired: Bool = false) {
      self.name = name
      self.shape = shape
      self.isRequired = isRequired
    }
  }

  static let texts = Shape.list(.text(.any), mayBeEmpty: true)
}

/// What a text must be to mean something where it stands.
enum TextRule: Sendable {
  case any
  case notEmpty
  /// A project's name: what fits on a line and into a path of the API.
  case projectName
  case domainName
  case serviceName
  /// `[A-Za-z_][A-Za-z0-9_]*`
  case environmentName
  /// Relative to the domain's directory, and not above it.
  case inside
  /// The same as a glob pattern.
  case insidePattern
  /// `~/…`, absolute, or relative and inside.
  case place
  /// `HOST:PORT` or `unix:/PATH`.
  case reach
  /// A word of a command, with placeholders.
  case commandWord
}

extension Shape {
  /// For the documentation and for messages.
  var name: String {
    switch self {
    case .text(let rule): rule.name
    case .integer(let range):
      range.count == 1
        ? "`\(range.lowerBound)`" : "whole number, \(range.lowerBound) to \(range.upperBound)"
    case .boolean: "`true` or `false`"
    case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
    case .share: "share of the machine, 1% to 100%"
    case .cores: "number of cores, 0.01 to 1024"
    case .duration(let range):
      "duration, \(Quantity.text(range.lowerBound)) to \(Quantity.text(range.upperBound))"
    case .size(let range):
      "size, \(Quantity.text(bytes: range.lowerBound)) to \(Quantity.text(bytes: range.upperBound))"
    case .date: "day, YYYY-MM-DD"
    case .trigger: "`save`, `commit`, `push`, `manual`, `every DURATION`"
    case .list(let item, _): "list; each: " + item.name
    case .record(let fields):
      "map of " + fields.map { "`\($0.name)`" + ($0.isRequired ? "" : " (optional)") }.joined(separator: ", ")
    case .dictionary(let key, let value): "map of \(key.name) to \(value.name)"
    case .cache: "`true`, `false` or `{max_age: DURATION}`"
    }
  }
}

extension TextRule {
  var name: String {
    switch self {
    case .any: "text"
    case .notEmpty: "text, not empty"
    case .projectName: "name, up to 100 characters without `/`"
    case .domainName: "domain name"
    case .serviceName: "name, `[a-z][a-z0-9-]*`"
    case .environmentName: "variable name"
    case .inside: "relative path"
    case .insidePattern: "relative glob pattern"
    case .place: "path"
    case .reach: "`HOST:PORT` or `unix:/PATH`"
    case .commandWord: "text"
    }
  }
}
