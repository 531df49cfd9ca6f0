internal import Model

/// Turns a document's nodes into a layer, naming every mistake at its place, each once.
struct LayerReader {
  /// What a file may hold beside what every file may.
  enum Kind: Sendable {
    case machine, user, project
  }

  /// Nobody reads on beyond this.
  private static let mistakeLimit = 200
  static let domainLimit = 256

  let source: SourceText
  let kind: Kind
  var mistakes: [Mistake] = []
  /// An anchored node is read once for each alias; what is wrong with it is said once.
  private var said: Set<Mistake> = []

  static func read(_ source: SourceText, kind: Kind) -> (layer: Layer, mistakes: [Mistake]) {
    let composition = Composer.compose(source)
    var reader = LayerReader(source: source, kind: kind)
    reader.mistakes = composition.mistakes
    var layer = Layer()
    layer.isPartial = composition.isPartial
    if let root = composition.root { reader.readRoot(root, into: &layer) }
    return (layer, reader.mistakes)
  }

  private var isFull: Bool { said.count >= Self.mistakeLimit }

  private init(source: SourceText, kind: Kind) {
    self.source = source
    self.kind = kind
  }

  // MARK: Saying

  mutating func say(
    _ code: Code, _ message: String, _ start: Position, width: Int = 1, hints: [String] = []
  ) {
    let mistake = source.mistake(code, message, at: start, width: width, hints: hints)
    guard said.count < Self.mistakeLimit, said.insert(mistake).inserted else { return }
    mistakes.append(mistake)
    if said.count == Self.mistakeLimit {
      mistakes.append(
        source.mistake(
          .tooLarge, "more than \(Self.mistakeLimit) mistakes; the rest is not listed", at: start))
    }
  }

  mutating func say(_ code: Code, _ message: String, _ node: Node, hints: [String] = []) {
    say(code, message, node.start, width: node.width, hints: hints)
  }

  mutating func say(_ code: Code, _ message: String, _ entry: Node.Entry, hints: [String] = []) {
    let width = entry.start.line == entry.end.line ? max(1, entry.end.column - entry.start.column) : 1
    say(code, message, entry.start, width: width, hints: hints)
  }

  func place(_ position: Position) -> Diagnostic.Place {
    Diagnostic.Place(file: source.file, line: position.line, column: position.column)
  }

  // MARK: The tree

  private mutating func readRoot(_ root: Node, into layer: inout Layer) {
    guard let entries = entries(of: root, "the configuration") else { return }
    // Extensions: a place for anchors that several domains use.
    let known = entries.filter { !$0.key.hasPrefix("x-") }
    var settings: [Node.Entry] = []
    for entry in known {
      if entry.key == "domains" { readDomains(entry.value, into: &layer) } else { settings.append(entry) }
    }
    readSettings(
      settings, rules: Schema.projectRules, also: ["domains"], where: "at the top", into: &layer.project)
    if kind != .project, let name = layer.project["name"], let place = name.place {
      say(
        .notHere, "`name` belongs into a project's own file",
        Position(line: place.line, column: place.column),
        width: name.width, hints: ["this file holds for all projects; remove it"])
      layer.project["name"] = nil
    }
  }

  private mutating func readDomains(_ node: Node, into layer: inout Layer) {
    guard let entries = entries(of: node, "`domains`") else { return }
    for (index, entry) in entries.enumerated() {
      if index == Self.domainLimit {
        say(.tooLarge, "more than \(Self.domainLimit) domains", entry)
        layer.isPartial = true
        return
      }
      guard let name = DomainName(entry.key) else {
        refuseDomainName(entry)
        layer.refusedDomains.insert(entry.key)
        continue
      }
      var domain = Layer.Domain(name: name, place: place(entry.start), width: entry.key.unicodeScalars.count)
      if let members = self.entries(of: entry.value, "domain `\(name)`") {
        readSettings(
          members, rules: Schema.domainRules, also: [], where: "in domain `\(name)`", into: &domain.table)
      } else {
        domain.isPartial = true
      }
      domain.isPartial = domain.isPartial || layer.isPartial
      layer.domains.append(domain)
    }
  }

  private mutating func refuseDomainName(_ entry: Node.Entry) {
    let shown = Quantity.shown(entry.key)
    if DomainName.reserved.contains(entry.key) {
      say(
        .reservedName, "`\(shown)` is a word of the API and cannot name a domain", entry,
        hints: ["call it `\(entry.key)-tests`, for example"])
    } else {
      say(
        .badName, "`\(shown)` cannot name a domain", entry,
        hints: [
          "a domain's name is lower-case letters, digits and `-`, begins with a letter, and has at most 40"
        ])
    }
  }

  /// The entries of a map; an empty value counts as an empty map, as when everything under a key is commented out.
  mutating func entries(of node: Node, _ what: String) -> [Node.Entry]? {
    switch node.content {
    case .map(let entries): return entries
    case .invalid: return nil
    case .scalar where node.isNull: return []
    case .scalar, .list:
      say(.wrongType, "\(what) takes KEY: VALUE lines, not \(Self.kind(of: node))", node)
      return nil
    }
  }

  private mutating func readSettings(
    _ entries: [Node.Entry], rules: [KeyRule], also: [String], where place: String,
    into table: inout SettingTable
  ) {
    for entry in entries where !isFull {
      if readKnown(entry, as: entry.key, rules, into: &table) { continue }
      let here = also + rules.map { String($0.section ?? $0.leaf) }.uniqued()
      let near = Spelling.nearest(to: entry.key, among: here)
      refuseKey(entry, near: near, here: here, rules: rules, where: place)
      // Its value is checked as what was meant, unless that stands there too.
      if let near, !entries.contains(where: { $0.key == near }) {
        _ = readKnown(entry, as: near, rules, into: &table)
      }
    }
  }

  /// False when there is no such key or section.
  private mutating func readKnown(
    _ entry: Node.Entry, as key: String, _ rules: [KeyRule], into table: inout SettingTable
  ) -> Bool {
    if let rule = rules.first(where: { $0.name == key && $0.section == nil }) {
      readSetting(entry, rule, into: &table)
      return true
    }
    let section = rules.filter { $0.section.map(String.init) == key }
    if section.isEmpty { return false }
    if key == "retries", case .scalar = entry.value.content, !entry.value.isNull {
      // `retries: 2` says both.
      for rule in section { readSetting(entry, rule, into: &table) }
      return true
    }
    let members = self.entries(of: entry.value, "`\(key)`") ?? []
    for member in members where !isFull {
      if let rule = section.first(where: { $0.leaf == member.key }) {
        readSetting(member, rule, into: &table)
        continue
      }
      let here = section.map { String($0.leaf) }
      let near = Spelling.nearest(to: member.key, among: here)
      refuseKey(member, near: near, here: here, rules: rules, where: "in `\(key)`")
      if let near, !members.contains(where: { $0.key == near }),
        let rule = section.first(where: { $0.leaf == near })
      {
        readSetting(member, rule, into: &table)
      }
    }
    return true
  }

  private mutating func readSetting(_ entry: Node.Entry, _ rule: KeyRule, into table: inout SettingTable) {
    table.attempted.insert(rule.name)
    if case .dictionary(let keyRule, let shape) = rule.shape {
      for member in entries(of: entry.value, "`\(entry.key)`") ?? [] {
        if let refusal = keyRule.refusal(of: member.key) {
          say(refusal.code, refusal.message, member, hints: refusal.hints)
        } else if let value = read(member.value, shape, what: "`\(member.key)`") {
          table[rule.name + "." + member.key] = Setting(value: value, origin: .file(place(member.start)))
        }
      }
      return
    }
    guard let value = read(entry.value, rule.shape, what: "`\(entry.key)`") else { return }
    var setting = Setting(
      value: value, origin: .file(place(entry.start)), width: entry.key.unicodeScalars.count)
    if case .list(let items) = entry.value.content {
      setting.items = items.map { (place: place($0.start), width: $0.width) }
    }
    table[rule.name] = setting
  }

  private mutating func refuseKey(
    _ entry: Node.Entry, near: String?, here: [String], rules: [KeyRule], where place: String
  ) {
    var hints: [String] = []
    if let near {
      hints.append("did you mean `\(near)`?")
    } else if let meant = Self.elsewhere(entry.key, rules: rules, here: here) {
      hints.append(meant)
    }
    hints.append("known here: " + here.joined(separator: ", "))
    say(.unknownKey, "unknown key `\(Quantity.shown(entry.key))` \(place)", entry, hints: hints)
  }

  /// Where a key belongs that does not belong here.
  private static func elsewhere(_ key: String, rules: [KeyRule], here: [String]) -> String? {
    func shown(_ name: String) -> String {
      let parts = name.split(separator: ".")
      return parts.count == 2 ? "`\(parts[0]): {\(parts[1]): …}`" : "`\(name)`"
    }
    if let meant = Schema.synonyms[key], here.contains(meant) || rules.contains(where: { $0.name == meant }) {
      return "did you mean \(shown(meant))?"
    }
    if let rule = rules.first(where: { $0.leaf == key }) {
      return rule.section == nil
        ? "`\(key)` stands one level further out" : "did you mean \(shown(rule.name))?"
    }
    if Schema.domainRules.contains(where: { $0.name == key || $0.section.map(String.init) == key }) {
      return "`\(key)` belongs into a domain, under `domains:`"
    }
    if let section = Schema.domainRules.first(where: { $0.leaf == key })?.section {
      return "`\(key)` belongs to `\(section)` in a domain"
    }
    if key == "domains"
      || Schema.projectRules.contains(where: { $0.name == key || $0.section.map(String.init) == key })
    {
      return "`\(key)` belongs to the top of the file"
    }
    return Spelling.nearest(to: key, among: rules.map { String($0.leaf) }).flatMap { near in
      rules.first { $0.leaf == near }.map { "did you mean \(shown($0.name))?" }
    }
  }

  static func kind(of node: Node) -> String {
    switch node.content {
    case .list: "a list"
    case .map: "a map"
    case .scalar(let text, let isPlain):
      node.isNull
        ? "nothing" : (isPlain ? "`\(Quantity.shown(text))`" : "the text \"\(Quantity.shown(text))\"")
    case .invalid: "this"
    }
  }
}

extension Sequence where Element: Hashable {
  /// Each once, in the order of first appearance.
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
