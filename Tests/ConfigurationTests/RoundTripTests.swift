import Configuration
import Model
import Testing

/// Random settings of every kind that a file can hold.
private struct SettingsMaker {
  var chance: Chance

  private let words = [
    "a", "yes", "null", "~", "-1", "1.5", "0x1f", "true", "off", " lead", "trail ", "a: b", "# no", "é日本",
    "tab\there", "line\nbreak", "\"quoted\"",
    "it's", "*star", "&and", "{brace}", "[list]", "%", "@", "`", "!tag", "|", ">", "- dash", "a, b", "=",
    "<<", "\\", "\u{2028}", "🙂", "1:2:3", "2026-01-01",
  ]

  mutating func text() -> String { chance.one(of: words) + (chance.flip() ? String(chance.below(1000)) : "") }
  mutating func texts(_ most: Int = 3) -> [String] { (0..<chance.below(most + 1)).map { _ in text() } }
  mutating func path() -> String {
    let parts = (0...chance.below(3)).map { _ in
      chance.one(of: ["src", "a b", "é", "x-y", "*.py", "**", ".hidden", "-o", "#1", "a:b"])
    }
    return parts.joined(separator: "/") + (chance.flip() ? "/" : "")
  }
  mutating func paths(_ least: Int = 0) -> [String] { (0..<least + chance.below(3)).map { _ in path() } }
  mutating func name() -> String {
    chance.one(of: ["A", "_b", "LONG_NAME_1", "y", "no", "ON"]) + String(chance.below(100))
  }
  mutating func duration(from least: Int = 1) -> Duration {
    .milliseconds(least + chance.below(chance.one(of: [5, 100_000, 86_400_000])))
  }
  mutating func trigger() -> Trigger {
    chance.one(of: [.save, .commit, .push, .manual, .every(.seconds(1 + chance.below(100_000)))])
  }

  mutating func settings() -> ProjectSettings {
    var settings = ProjectSettings(name: chance.one(of: ["shop", "é 日", "1", "true", "a-b.c", "null"]))
    settings.ignore = texts()
    settings.settle.quiet = .milliseconds(chance.below(2000))
    settings.settle.atMost = settings.settle.quiet + .milliseconds(1 + chance.below(1000))
    settings.sniffing = chance.flip()
    settings.limits.machineCPU =
      Double(1 + chance.below(1000)) / 1000 < 0.01 ? 0.01 : Double(10 + chance.below(990)) / 1000
    settings.limits.machineMemory = Double(1 + chance.below(100)) / 100
    settings.limits.diskBytes =
      1 << 20 + UInt64(chance.below(1 << 30)) * UInt64(chance.one(of: [1, 1000, 1024]))
    let names = ["unit", "functional", "lint", "d-1", "on", "no", "true", "null"].prefix(chance.below(9))
    for (index, name) in names.enumerated() {
      var domain = domain(DomainName(name)!)
      // Only earlier ones, so that there is no cycle.
      domain.needs = names.prefix(index).filter { _ in chance.flip() }.map { DomainName($0)! }
      settings.domains.append(domain)
    }
    return settings
  }

  mutating func domain(_ name: DomainName) -> DomainSettings {
    var domain = DomainSettings(name: name, runner: chance.one(of: [.pytest, .command, .junit]))
    if chance.flip() { domain.include = paths(1) }
    if domain.runner == .command || chance.flip() {
      domain.command = [text()] + texts().filter { !$0.contains("{") }
    }
    if domain.command?.contains(where: { $0.contains("{") }) == true {
      domain.command = ["sh", "-c", "${x} {} { unit }"]
    }
    if chance.flip(), let directory = RelativePath(chance.one(of: ["api", "a b/c", "é"])) {
      domain.directory = directory
    }
    domain.triggers = (0...chance.below(3)).map { _ in trigger() }
    domain.priority = chance.below(101)
    if chance.flip() { domain.parallel = 1 + chance.below(256) }
    domain.arguments = texts()
    if chance.flip() { domain.budget.cpu = Double(1 + chance.below(100_000)) / 100 }
    if chance.flip() { domain.budget.memoryBytes = 1 << 20 + UInt64(chance.below(1 << 40)) }
    if chance.flip() { domain.budget.processes = 1 + chance.below(1000) }
    if chance.flip() { domain.budget.ioWeight = 1 + chance.below(10_000) }
    domain.budget.time = duration()
    if chance.flip() { domain.budget.totalTime = duration() }
    domain.isolation = chance.one(of: IsolationKind.allCases)
    domain.network = chance.one(of: NetworkKind.allCases)
    domain.reach = ["localhost:1", "unix:/run/x y", "[::1]:65535"].filter { _ in chance.flip() }
    domain.writes = paths()
    domain.reads = paths() + ["~/.x", "/opt"].filter { _ in chance.flip() }
    for _ in 0..<chance.below(3) { domain.environment[name_()] = text() }
    domain.passEnvironment = (0..<chance.below(3)).map { _ in name_() }
    domain.environmentFiles = paths()
    domain.secrets = (0..<chance.below(3)).map { _ in name_() }
    domain.caches = paths()
    domain.inputs = paths()
    domain.assumeUnused = paths()
    if chance.flip() { domain.deferral = Defer(longerThan: duration(from: 0), to: trigger()) }
    domain.quarantine = (0..<chance.below(3)).map { _ in
      Quarantine(unit: text(), until: "2024-02-29", reason: text())
    }
    for index in 0..<chance.below(3) {
      var service = ServiceSettings(name: "s\(index)", command: [text()] + texts())
      if chance.flip() { service.readyPort = 1 + chance.below(65_535) }
      if chance.flip() { service.reset = [text()] }
      service.share = chance.one(of: ServiceSettings.Share.allCases)
      domain.services.append(service)
    }
    domain.warm = chance.flip()
    domain.retries = Retries(failed: chance.below(101), flaky: chance.below(101))
    domain.cache = chance.one(of: [.on, .off, .maxAge(duration())])
    domain.failOn = chance.one(of: FindingSeverity.allCases)
    return domain
  }

  private mutating func name_() -> String { name() }
}

@Test func `settings that are written out are read back the same`() {
  let chance = Chance()
  print("seed \(chance.seed)")
  var maker = SettingsMaker(chance: chance)
  for round in 0..<400 {
    let settings = maker.settings()
    let text = SettingsText.yaml(of: settings)
    let loaded = ConfigurationLoader.check(Array(text.utf8))
    #expect(loaded.text() == "", "round \(round), seed \(chance.seed)")
    #expect(loaded.settings == settings, "round \(round), seed \(chance.seed)\n\(text)")
    if loaded.settings != settings { return }
  }
}
