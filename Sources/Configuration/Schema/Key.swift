/// One setting: the single place that says how it is called, what it may be, where it goes and what it is for.
///
/// The parser, "did you mean", `config show`, `init` and the test of `Docs/configuration.md` all read these tables.
struct Key<Subject>: Sendable {
  /// With dots for what lies in a section: `budget.cpu`.
  let name: String
  let shape: Shape
  /// One sentence.
  let text: String
  /// As it stands in a file.
  let example: String
  /// What counts when nobody says anything, in words, where the value itself cannot say it.
  let unset: String?
  let get: @Sendable (Subject) -> Value?
  let set: @Sendable (inout Subject, Value) -> Void

  init(
    _ name: String, _ shape: Shape, _ text: String, example: String, unset: String? = nil,
    get: @escaping @Sendable (Subject) -> Value?, set: @escaping @Sendable (inout Subject, Value) -> Void
  ) {
    self.name = name
    self.shape = shape
    self.text = text
    self.example = example
    self.unset = unset
    self.get = get
    self.set = set
  }

  /// Whether each entry is a setting of its own.
  var isDictionary: Bool { if case .dictionary = shape { true } else { false } }
}

extension Key {
  /// Without what belongs to one subject: what the parser needs.
  var rule: KeyRule { KeyRule(name: name, shape: shape) }
}

struct KeyRule: Sendable {
  let name: String
  let shape: Shape

  /// `budget` of `budget.cpu`; nil outside of sections.
  var section: Substring? {
    guard let dot = name.firstIndex(of: ".") else { return nil }
    return name[..<dot]
  }

  var leaf: Substring { section.map { name.dropFirst($0.count + 1) } ?? name[...] }
}
