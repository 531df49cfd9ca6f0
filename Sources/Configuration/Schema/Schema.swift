package import Model

/// Every setting there is.
enum Schema {
  static let version = 1

  private static let anyDuration: ClosedRange<Duration> = .zero ... .seconds(365 * 86_400)
  private static let someTime: ClosedRange<Duration> = .milliseconds(1) ... .seconds(365 * 86_400)
  /// Below this a process cannot even start, above it there is no machine.
  private static let sizes: ClosedRange<UInt64> = 1 << 20...1 << 50

  static let project: [Key<ProjectSettings>] = [
    Key(
      "version", .integer(version...version), "The version of this file's form.", example: "1",
      get: { _ in .integer(version) }, set: { _, _ in }),
    Key(
      "name", .text(.projectName), "What the project is called.", example: "shop",
      unset: "the directory's name", get: { .text($0.name) }, set: { $0.name = $1.text ?? $0.name }),
    Key(
      "ignore", .list(.text(.notEmpty), mayBeEmpty: true),
      "What is neither watched nor reported, in gitignore syntax, on top of `.gitignore` and `.mcpdignore`.",
      example: "[build/, \"*.tmp\"]", get: { .texts($0.ignore) }, set: { $0.ignore = $1.texts ?? [] }),
    Key(
      "settle.quiet", .duration(.zero ... .seconds(60)), "How long nothing may change before a plan is made.",
      example: "20ms", get: { .duration($0.settle.quiet) },
      set: { $0.settle.quiet = $1.duration ?? $0.settle.quiet }),
    Key(
      "settle.at_most", .duration(.milliseconds(1) ... .seconds(600)),
      "When a plan is made although changes still stream in.", example: "2s",
      get: { .duration($0.settle.atMost) }, set: { $0.settle.atMost = $1.duration ?? $0.settle.atMost }),
    Key(
      "sniffing", .boolean, "Whether testing starts as soon as the daemon is up.", example: "true",
      get: { .boolean($0.sniffing) }, set: { $0.sniffing = $1.boolean ?? $0.sniffing }),
    Key(
      "limits.machine_cpu", .share, "How much of all cores everything together may use.", example: "80%",
      get: { .share($0.limits.machineCPU) }, set: { $0.limits.machineCPU = $1.number ?? $0.limits.machineCPU }
    ),
    Key(
      "limits.machine_memory", .share, "How much of the memory everything together may use.", example: "80%",
      get: { .share($0.limits.machineMemory) },
      set: { $0.limits.machineMemory = $1.number ?? $0.limits.machineMemory }),
    Key(
      "limits.disk", .size(sizes), "How much disk all that the daemon keeps may take.", example: "20GiB",
      get: { .bytes($0.limits.diskBytes) }, set: { $0.limits.diskBytes = $1.bytes ?? $0.limits.diskBytes }),
  ]

  static let domain: [Key<DomainSettings>] = [
    Key(
      "runner", .choice(RunnerKind.allCases.map(\.rawValue)), "Which test framework the domain speaks to.",
      example: "pytest", unset: "none: it must be said", get: { .text($0.runner.rawValue) },
      set: { $0.runner = $1.text.flatMap(RunnerKind.init(rawValue:)) ?? $0.runner }),
    Key(
      "directory", .text(.inside),
      "Where the domain lives below the root; its other paths are relative to this.",
      example: "api", unset: "the root", get: { $0.directory.isRoot ? nil : .text($0.directory.text) },
      set: { $0.directory = $1.text.flatMap { RelativePath($0) } ?? .root }),
    Key(
      "include", .list(.text(.insidePattern), mayBeEmpty: false), "Which files are units.",
      example: "[\"tests/**/test_*.py\"]", unset: "what the runner finds",
      get: { $0.include.map { .texts($0) } }, set: { $0.include = $1.texts }),
    Key(
      "command", .list(.text(.commandWord), mayBeEmpty: false),
      "What is run instead of the runner's own command; `{unit}`, `{units}`, `{project}` and `{report}` are filled in.",
      example: "[python3, -m, pytest, \"{unit}\"]", unset: "the runner's own",
      get: { $0.command.map { .texts($0) } }, set: { $0.command = $1.texts }),
    Key(
      "on", .list(.trigger, mayBeEmpty: false), "What makes it run.", example: "[save, commit, push]",
      get: { .list($0.triggers.map { .text($0.text) }) },
      set: { $0.triggers = $1.texts?.compactMap { Trigger(text: $0) } ?? $0.triggers }),
    Key(
      "priority", .integer(0...100), "Which domain goes first when several wait; higher first.",
      example: "50",
      get: { .integer($0.priority) }, set: { $0.priority = $1.integer ?? $0.priority }),
    Key(
      "needs", .list(.text(.domainName), mayBeEmpty: true),
      "Domains that must be green before this one runs.",
      example: "[lint]", get: { .texts($0.needs.map(\.text)) },
      set: { $0.needs = $1.texts?.compactMap { DomainName($0) } ?? [] }),
    Key(
      "parallel", .integer(1...256), "How many of its runs may go at once.", example: "2",
      unset: "the number of cores", get: { $0.parallel.map { .integer($0) } },
      set: { $0.parallel = $1.integer }),
    Key(
      "args", .texts, "Words added to the runner's own command.", example: "[-m, \"not slow\"]",
      get: { .texts($0.arguments) }, set: { $0.arguments = $1.texts ?? [] }),
    Key(
      "budget.cpu", .cores, "How many cores all its runs together may use.", example: "1.0",
      unset: "what the limits leave", get: { $0.budget.cpu.map { .cores($0) } },
      set: { $0.budget.cpu = $1.number }),
    Key(
      "budget.memory", .size(sizes), "How much memory all its runs together may use.", example: "2GiB",
      unset: "what the limits leave", get: { $0.budget.memoryBytes.map { .bytes($0) } },
      set: { $0.budget.memoryBytes = $1.bytes }),
    Key(
      "budget.processes", .integer(1...4_194_304), "How many processes and threads it may have at once.",
      example: "200", unset: "what the machine allows", get: { $0.budget.processes.map { .integer($0) } },
      set: { $0.budget.processes = $1.integer }),
    Key(
      "budget.io_weight", .integer(1...10_000),
      "Its share of disk time when others want it too; 100 is usual.",
      example: "100", unset: "the usual share", get: { $0.budget.ioWeight.map { .integer($0) } },
      set: { $0.budget.ioWeight = $1.integer }),
    Key(
      "budget.time", .duration(someTime), "How long one run may take before it is stopped.", example: "60s",
      get: { .duration($0.budget.time) }, set: { $0.budget.time = $1.duration ?? $0.budget.time }),
    Key(
      "budget.total_time", .duration(someTime), "How long all runs of one plan together may take.",
      example: "10m", unset: "no limit", get: { $0.budget.totalTime.map { .duration($0) } },
      set: { $0.budget.totalTime = $1.duration }),
    Key(
      "isolation", .choice(IsolationKind.allCases.map(\.rawValue)),
      "How far its runs are kept from the rest of the machine.", example: "full",
      get: { .text($0.isolation.rawValue) },
      set: { $0.isolation = $1.text.flatMap(IsolationKind.init(rawValue:)) ?? $0.isolation }),
    Key(
      "network", .choice(NetworkKind.allCases.map(\.rawValue)), "Which network its runs see.",
      example: "loopback",
      get: { .text($0.network.rawValue) },
      set: { $0.network = $1.text.flatMap(NetworkKind.init(rawValue:)) ?? $0.network }),
    Key(
      "reach", .list(.text(.reach), mayBeEmpty: true),
      "Single doors through the isolation; runs that may use them have unknown inputs.",
      example: "[localhost:5432, \"unix:/var/run/docker.sock\"]", get: { .texts($0.reach) },
      set: { $0.reach = $1.texts ?? [] }),
    Key(
      "writes", .list(.text(.inside), mayBeEmpty: true),
      "What its runs may write in the project for good; other writes are dropped afterwards.",
      example: "[.cache/, dist/]", get: { .texts($0.writes) }, set: { $0.writes = $1.texts ?? [] }),
    Key(
      "reads", .list(.text(.place), mayBeEmpty: true),
      "Places outside the project that isolation lets in, read-only.",
      example: "[~/.cargo]", get: { .texts($0.reads) }, set: { $0.reads = $1.texts ?? [] }),
    Key(
      "environment", .dictionary(.environmentName, .text(.any)), "Variables that its runs get.",
      example: "{PYTHONHASHSEED: \"0\"}",
      get: { domain in
        .map(domain.environment.sorted { $0.key < $1.key }.map { Value.Field($0.key, .text($0.value)) })
      },
      set: { domain, value in
        domain.environment = [:]
        for field in value.fields ?? [] { domain.environment[field.name] = field.value.text }
      }),
    Key(
      "pass_environment", .list(.text(.environmentName), mayBeEmpty: true),
      "Variables of the daemon's own environment that its runs get.", example: "[LANG]",
      get: { .texts($0.passEnvironment) }, set: { $0.passEnvironment = $1.texts ?? [] }),
    Key(
      "env_file", .list(.text(.place), mayBeEmpty: true),
      "Files of `NAME=value` lines; inputs like any file.",
      example: "[.env.test]", get: { .texts($0.environmentFiles) },
      set: { $0.environmentFiles = $1.texts ?? [] }),
    Key(
      "secrets", .list(.text(.environmentName), mayBeEmpty: true),
      "Variables whose values are never stored and are masked in logs.", example: "[API_KEY]",
      get: { .texts($0.secrets) }, set: { $0.secrets = $1.texts ?? [] }),
    Key(
      "caches", .list(.text(.place), mayBeEmpty: true),
      "Shared, writable places of tools; what a run wrote there is no input of it.",
      example: "[~/.cache/ccache]",
      get: { .texts($0.caches) }, set: { $0.caches = $1.texts ?? [] }),
    Key(
      "inputs", .list(.text(.insidePattern), mayBeEmpty: true),
      "Inputs that no trace can see, added by hand.",
      example: "[schema/*.sql]", get: { .texts($0.inputs) }, set: { $0.inputs = $1.texts ?? [] }),
    Key(
      "assume_unused", .list(.text(.insidePattern), mayBeEmpty: true),
      "Inputs that do not count, on a person's word; every `why` that relied on it says so.",
      example: "[.git/HEAD]",
      get: { .texts($0.assumeUnused) }, set: { $0.assumeUnused = $1.texts ?? [] }),
    Key(
      "defer",
      .record([
        RecordField("longer_than", .duration(anyDuration), isRequired: true),
        RecordField("to", .trigger, isRequired: true),
      ]),
      "Units slower than this wait for another trigger, shown as waiting.",
      example: "{longer_than: 5s, to: push}",
      unset: "nothing waits",
      get: { domain in
        domain.deferral.map {
          .map([.init("longer_than", .duration($0.longerThan)), .init("to", .text($0.to.text))])
        }
      },
      set: { domain, value in
        guard let longer = value["longer_than"]?.duration,
          let to = value["to"]?.text.flatMap({ Trigger(text: $0) })
        else { return }
        domain.deferral = Defer(longerThan: longer, to: to)
      }),
    Key(
      "quarantine",
      .list(
        .record([
          RecordField("unit", .text(.notEmpty), isRequired: true),
          RecordField("until", .date, isRequired: true),
          RecordField("reason", .text(.any)),
        ]), mayBeEmpty: true),
      "Units that run and are shown but do not block, up to a day; after it they are red.",
      example: "[{unit: tests/test_x.py, until: 2026-12-31, reason: \"ticket 12\"}]",
      get: { domain in
        .list(
          domain.quarantine.map { entry in
            .map([
              .init("unit", .text(entry.unit)), .init("until", .text(entry.until)),
              .init("reason", .text(entry.reason)),
            ])
          })
      },
      set: { domain, value in
        domain.quarantine = (value.list ?? []).compactMap { entry in
          guard let unit = entry["unit"]?.text, let until = entry["until"]?.text else { return nil }
          return Quarantine(unit: unit, until: until, reason: entry["reason"]?.text ?? "")
        }
      }),
    Key(
      "services",
      .dictionary(
        .serviceName,
        .record([
          RecordField("command", .list(.text(.notEmpty), mayBeEmpty: false), isRequired: true),
          RecordField("ready", .record([RecordField("port", .integer(1...65_535), isRequired: true)])),
          RecordField("reset", .list(.text(.notEmpty), mayBeEmpty: false)),
          RecordField("share", .choice(ServiceSettings.Share.allCases.map(\.rawValue))),
        ])),
      "Programs that stand beside its runs: started once, kept, stopped when idle.",
      example: "{db: {command: [./db.sh], ready: {port: 5432}, reset: [./reset.sh], share: run}}",
      get: { .map($0.services.map { Value.Field($0.name, $0.value) }) },
      set: { $0.services = ($1.fields ?? []).compactMap { ServiceSettings(name: $0.name, value: $0.value) } }),
    Key(
      "warm", .boolean, "Keep a primed interpreter where the runner can.", example: "true",
      get: { .boolean($0.warm) }, set: { $0.warm = $1.boolean ?? $0.warm }),
    Key(
      "retries.failed", .integer(0...100),
      "How often a red unit runs again on the same inputs before it is called failed.", example: "1",
      get: { .integer($0.retries.failed) }, set: { $0.retries.failed = $1.integer ?? 0 }),
    Key(
      "retries.flaky", .integer(0...100), "The same for a unit that is known to be flaky.", example: "2",
      get: { .integer($0.retries.flaky) }, set: { $0.retries.flaky = $1.integer ?? 0 }),
    Key(
      "cache", .cache, "Whether, and for how long, verdicts are recalled instead of run.",
      example: "{max_age: 7d}",
      get: { $0.cache.value }, set: { $0.cache = CachePolicy(value: $1) ?? $0.cache }),
    Key(
      "fail_on", .choice(FindingSeverity.allCases.map(\.rawValue)),
      "For runners that report findings: from which severity on they are red.", example: "high",
      get: { .text($0.failOn.rawValue) },
      set: { $0.failOn = $1.text.flatMap(FindingSeverity.init(rawValue:)) ?? $0.failOn }),
  ]

  static let projectRules: [KeyRule] = project.map(\.rule)
  static let domainRules: [KeyRule] = domain.map(\.rule)

  /// Other people's words for our keys.
  static let synonyms: [String: String] = [
    "env": "environment", "env_vars": "environment", "envfile": "env_file", "env_files": "env_file",
    "cmd": "command", "run": "command", "script": "command", "trigger": "on", "triggers": "on", "when": "on",
    "depends": "needs", "depends_on": "needs", "requires": "needs", "after": "needs", "jobs": "parallel",
    "workers": "parallel", "concurrency": "parallel", "timeout": "budget.time", "arguments": "args",
    "exclude": "ignore", "cwd": "directory", "dir": "directory", "path": "directory",
    "working_directory": "directory",
    "retry": "retries", "files": "include", "tests": "include", "patterns": "include", "type": "runner",
    "framework": "runner", "cpus": "budget.cpu", "mem": "budget.memory", "debounce": "settle.quiet",
  ]

  private typealias RecordField = Shape.RecordField
}

extension Trigger {
  /// As it stands in a file.
  package var text: String {
    switch self {
    case .save: "save"
    case .commit: "commit"
    case .push: "push"
    case .manual: "manual"
    case .every(let interval): "every " + Quantity.text(interval)
    }
  }

  package init?(text: String) {
    switch text {
    case "save": self = .save
    case "commit": self = .commit
    case "push": self = .push
    case "manual": self = .manual
    default:
      guard text.hasPrefix("every "),
        case .success(let interval) = Quantity.duration(String(text.dropFirst(6)))
      else { return nil }
      self = .every(interval)
    }
  }
}

extension CachePolicy {
  var value: Value {
    switch self {
    case .off: .boolean(false)
    case .on: .boolean(true)
    case .maxAge(let age): .map([.init("max_age", .duration(age))])
    }
  }

  init?(value: Value) {
    if let isOn = value.boolean {
      self = isOn ? .on : .off
    } else if let age = value["max_age"]?.duration {
      self = .maxAge(age)
    } else {
      return nil
    }
  }
}

extension ServiceSettings {
  var value: Value {
    var fields = [Value.Field("command", .texts(command))]
    if let readyPort { fields.append(.init("ready", .map([.init("port", .integer(readyPort))]))) }
    if let reset { fields.append(.init("reset", .texts(reset))) }
    fields.append(.init("share", .text(share.rawValue)))
    return .map(fields)
  }

  init?(name: String, value: Value) {
    guard let command = value["command"]?.texts else { return nil }
    self.init(name: name, command: command)
    readyPort = value["ready"]?["port"]?.integer
    reset = value["reset"]?.texts
    share = value["share"]?.text.flatMap(Share.init(rawValue:)) ?? share
  }
}
