internal import Model

/// A nested project's layer as the project around it sees it: its domains under names of their own, in its directory.
struct NestedLayer: Sendable {
  /// Each with the name under which its own file knows it.
  var domains: [(domain: Layer.Domain, written: DomainName)]
  /// Patterns of its file, for its directory only.
  var ignore: [String]
  var refusedDomains: Set<String>
  var isPartial: Bool
  var isDetected = false

  /// - Parameter taken: the names that exist around it; the new ones are added.
  init(_ layer: Layer, in directory: RelativePath, taken: inout Set<DomainName>) {
    let names = layer.domains.map(\.name)
    let suffix =
      layer.project["name"]?.value.text.flatMap(Self.word) ?? Self.word(Self.last(directory)) ?? "nested"
    var renamed: [DomainName: DomainName] = [:]
    for name in names where renamed[name] == nil {
      renamed[name] = Self.unique(name, suffix: suffix, directory: directory, taken: taken)
      if let new = renamed[name] { taken.insert(new) }
    }
    domains = layer.domains.map { domain in
      var domain = domain
      let written = domain.name
      domain.name = renamed[written] ?? written
      let below = domain.table["directory"]?.value.text.flatMap { RelativePath($0) } ?? .root
      let whole = below.components.reduce(directory) { $0.appending($1) }
      domain.table["directory"] = Setting(
        value: .text(whole.text),
        origin: domain.table["directory"]?.origin ?? domain.place.map { .file($0) } ?? .builtIn)
      if var needs = domain.table["needs"] {
        needs.value = .list(
          (needs.value.texts ?? []).map { need in
            .text(DomainName(need).flatMap { renamed[$0]?.text } ?? need)
          })
        domain.table["needs"] = needs
      }
      return (domain, written)
    }
    ignore = (layer.project["ignore"]?.value.texts ?? []).map { Self.moved($0, into: directory) }
    refusedDomains = layer.refusedDomains
    isPartial = layer.isPartial
  }

  private static func last(_ directory: RelativePath) -> String {
    String(decoding: directory.name, as: UTF8.self)
  }

  /// A text as the end of a domain's name; nil when nothing of it can be used.
  static func word(_ text: String) -> String? {
    var result = ""
    for byte in text.lowercased().utf8 {
      let isUsable = (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
      if isUsable {
        result.append(Character(Unicode.Scalar(byte)))
      } else if !result.isEmpty && result.last != "-" {
        result.append("-")
      }
    }
    while result.last == "-" { result.removeLast() }
    return result.isEmpty ? nil : result
  }

  /// `unit` in `packages/api` becomes `unit-api`, or `unit-packages-api` where that is taken.
  static func unique(
    _ name: DomainName, suffix: String, directory: RelativePath, taken: Set<DomainName>
  ) -> DomainName? {
    func fitting(_ tail: String) -> DomainName? {
      let room = 40 - name.text.utf8.count - 1
      guard room > 0 else { return nil }
      return DomainName(name.text + "-" + tail.prefix(room))
    }
    let candidates = [suffix, word(directory.text)].compactMap { $0 }
    for candidate in candidates {
      if let name = fitting(candidate), !taken.contains(name) { return name }
    }
    for number in 2...10_000 {
      let tail = suffix.prefix(12) + "-\(number)"
      let short = name.text.prefix(20)
      if let name = DomainName(short + "-" + tail), !taken.contains(name) { return name }
    }
    return nil
  }

  /// A gitignore pattern that means in the outer root what it meant in the directory.
  static func moved(_ pattern: String, into directory: RelativePath) -> String {
    let isNegated = pattern.hasPrefix("!")
    let body = isNegated ? pattern.dropFirst() : pattern[...]
    // A slash before the end anchors a pattern; without one it holds at any depth.
    let isAnchored = body.dropLast().contains("/")
    var escaped = ""
    for character in directory.text {
      if "*?[\\".contains(character) { escaped.append("\\") }
      escaped.append(character)
    }
    let rest = body.hasPrefix("/") ? body.dropFirst() : body
    return (isNegated ? "!" : "") + "/" + escaped + (isAnchored ? "/" : "/**/") + rest
  }
}
