internal import Model

/// Lays layers over each other, inner over outer, key by key, and checks what only the whole can tell.
struct Resolver {
  /// A domain that the project has, and what is said about it, outermost first.
  private struct Present {
    var domain: Layer.Domain
    var tables: [SettingTable]
  }

  private var mistakes: [Mistake] = []
  private var origins: [String: Origin] = [:]

  struct Resolution {
    let settings: ProjectSettings
    let origins: [String: Origin]
    let mistakes: [Mistake]
  }

  /// - Parameters:
  ///   - outer: machine and user files, outermost first: their domains are defaults for domains of the same name.
  ///   - detected: what was found where no file says it; any file overrides it.
  ///   - inner: the project's own file, and then those of nested projects, already renamed.
  static func resolve(
    name: String, outer: [Layer], detected: Layer?, project: Layer?, nested: [NestedLayer]
  ) -> Resolution {
    var resolver = Resolver()
    let settings = resolver.run(
      name: name, outer: outer, detected: detected, project: project, nested: nested)
    return Resolution(settings: settings, origins: resolver.origins, mistakes: resolver.mistakes)
  }

  private mutating func run(
    name: String, outer: [Layer], detected: Layer?, project: Layer?, nested: [NestedLayer]
  ) -> ProjectSettings {
    var settings = ProjectSettings(name: name)
    let layers = (detected.map { [$0] } ?? []) + outer + (project.map { [$0] } ?? [])
    apply(layers.map(\.project), Schema.project, to: &settings, prefix: "")
    holdLimits(layers, outer: outer, &settings)
    settings.ignore += nested.flatMap(\.ignore)
    checkSettle(layers, settings)

    var present: [Present] = []
    for layer in [detected, project].compactMap({ $0 }) {
      for domain in layer.domains {
        let outside = outer.flatMap { defaults(for: domain.name, in: $0) }
        let tables = layer.isDetected ? [domain.table] + outside : outside + [domain.table]
        present.append(Present(domain: domain, tables: tables))
      }
    }
    for layer in nested {
      for (domain, written) in layer.domains {
        var outside = outer.flatMap { defaults(for: written, in: $0) }
        if domain.name != written { outside += outer.flatMap { defaults(for: domain.name, in: $0) } }
        let tables = layer.isDetected ? [domain.table] + outside : outside + [domain.table]
        present.append(Present(domain: domain, tables: tables))
      }
    }

    let refused = (project?.refusedDomains ?? []).union(nested.flatMap(\.refusedDomains))
    let isPartial = project?.isPartial == true || nested.contains { $0.isPartial }
    for present in present { settings.domains.append(build(present)) }
    checkNeeds(present, settings.domains, refused: refused, isPartial: isPartial)
    return settings
  }

  private func defaults(for name: DomainName, in layer: Layer) -> [SettingTable] {
    layer.domains.filter { $0.name == name }.map(\.table)
  }

  private mutating func apply<Subject>(
    _ tables: [SettingTable], _ keys: [Key<Subject>], to subject: inout Subject, prefix: String
  ) {
    for key in keys {
      if key.isDictionary {
        var fields: [Value.Field] = []
        for name in tables.flatMap({ $0.entries(of: key.name) }).uniqued() {
          guard let setting = tables.compactMap({ $0[key.name + "." + name] }).last else { continue }
          fields.append(.init(name, setting.value))
          origins[prefix + key.name + "." + name] = setting.origin
        }
        if !fields.isEmpty { key.set(&subject, .map(fields)) }
      } else if let setting = tables.compactMap({ $0[key.name] }).last {
        key.set(&subject, setting.value)
        origins[prefix + key.name] = setting.origin
      }
    }
  }

  private mutating func build(_ present: Present) -> DomainSettings {
    let name = present.domain.name
    let prefix = "domains.\(name)."
    var settings = DomainSettings(name: name, runner: .command)
    apply(present.tables, Schema.domain, to: &settings, prefix: prefix)
    let attempted = present.tables.reduce(into: Set<String>()) { $0.formUnion($1.attempted) }
    if present.domain.isPartial { return settings }
    if !attempted.contains("runner") {
      say(
        .missingKey, "domain `\(name)` has no `runner`", present.domain.place, width: present.domain.width,
        hints: ["its value: " + RunnerKind.allCases.map(\.rawValue).joined(separator: ", ")])
      return settings
    }
    let runner = present.tables.compactMap { $0["runner"] }.last
    if settings.runner == .command, runner != nil, !attempted.contains("command") {
      say(
        .missingKey, "the runner `command` needs a `command`", runner?.place, width: runner?.width ?? 1,
        hints: ["add, for example, command: [./check.sh]"])
    }
    let words = (settings.command ?? []).flatMap { TextRule.placeholders(in: $0) }
    if settings.runner == .command, words.contains("unit") || words.contains("units"),
      settings.include == nil,
      !attempted.contains("include")
    {
      let command = present.tables.compactMap { $0["command"] }.last
      say(
        .missingKey, "`{unit}` in the command needs `include` to say which files are units", command?.place,
        width: command?.width ?? 1, hints: ["add, for example, include: [\"tests/*.sh\"]"])
    }
    if settings.command == nil, let usual = UsualCommand.words(for: settings.runner) {
      settings.command = usual
    }
    return settings
  }

  // MARK: What only the whole can tell

  /// What a machine or user file allows is a ceiling: no file further in can raise it.
  private mutating func holdLimits(_ layers: [Layer], outer: [Layer], _ settings: inout ProjectSettings) {
    for key in Schema.project where key.name.hasPrefix("limits.") {
      func size(_ value: Value) -> Double { value.number ?? Double(value.bytes ?? 0) }
      guard let last = layers.compactMap({ $0.project[key.name] }).last,
        let least = outer.compactMap({ $0.project[key.name] }).min(by: { size($0.value) < size($1.value) }),
        size(least.value) < size(last.value)
      else { continue }
      key.set(&settings, least.value)
      origins[key.name] = least.origin
      mistakes.append(
        Mistake(
          Diagnostic(
            .warning, code: Code.loweredLimit.rawValue,
            "\(last.value.yaml) is more than the \(least.value.yaml) of \(least.origin.text), which counts",
            place: last.place), width: last.width))
    }
  }

  private mutating func checkSettle(_ layers: [Layer], _ settings: ProjectSettings) {
    guard settings.settle.atMost < settings.settle.quiet else { return }
    let blamed =
      layers.compactMap { $0.project["settle.at_most"] }.last
      ?? layers.compactMap { $0.project["settle.quiet"] }.last
    say(
      .outOfRange,
      "`at_most` (\(Quantity.text(settings.settle.atMost))) is shorter than `quiet` (\(Quantity.text(settings.settle.quiet)))",
      blamed?.place, width: blamed?.width ?? 1, hints: ["make `at_most` at least as long"])
  }

  private mutating func checkNeeds(
    _ present: [Present], _ domains: [DomainSettings], refused: Set<String>, isPartial: Bool
  ) {
    let names = Set(domains.map(\.name))
    for (present, domain) in zip(present, domains) {
      guard let setting = present.tables.compactMap({ $0["needs"] }).last else { continue }
      for (index, need) in domain.needs.enumerated().prefix(1000)
      where !names.contains(need) && !refused.contains(need.text) {
        if isPartial || mistakes.count >= 200 { break }
        let item = setting.items.indices.contains(index) ? setting.items[index] : nil
        let near = Spelling.nearest(
          to: need.text, among: domains.map(\.name.text).filter { $0 != domain.name.text })
        say(
          .unknownDomain, "`\(domain.name)` needs `\(need)`, and there is no such domain",
          item?.place ?? setting.place,
          width: item?.width ?? setting.width,
          hints: (near.map { ["did you mean `\($0)`?"] } ?? [])
            + ["domains: " + domains.map(\.name.text).joined(separator: ", ")])
      }
    }
    for cycle in NeedsGraph(domains).cycles() {
      guard let first = cycle.first, let index = domains.firstIndex(where: { $0.name == first }),
        let setting = present[index].tables.compactMap({ $0["needs"] }).last
      else { continue }
      let next = cycle.count > 1 ? cycle[1] : first
      let position = domains[index].needs.firstIndex(of: next)
      let item = position.flatMap { setting.items.indices.contains($0) ? setting.items[$0] : nil }
      say(
        .needsCycle,
        (cycle + [first]).map { "`\($0)`" }.joined(separator: " needs ") + ": none could ever run",
        item?.place ?? setting.place, width: item?.width ?? setting.width,
        hints: ["remove one of these needs"])
    }
  }

  private mutating func say(
    _ code: Code, _ message: String, _ place: Diagnostic.Place?, width: Int, hints: [String]
  ) {
    let mistake = Mistake(
      Diagnostic(.error, code: code.rawValue, message, place: place, hints: hints), width: width)
    if !mistakes.contains(mistake) { mistakes.append(mistake) }
  }
}
