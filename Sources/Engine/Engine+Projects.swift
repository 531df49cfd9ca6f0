internal import Configuration
internal import Execution
internal import Model
internal import Platform
internal import Storage
internal import Synchronization
internal import Watching
internal import Wire

// Opening projects: what the configuration says, what the journal knows, and who watches.
extension Engine {
  func load(_ directory: String) -> LoadedConfiguration {
    ConfigurationLoader.load(
      project: directory, layers: .standard(configFile: options.configurationFile))
  }

  func report(_ loaded: LoadedConfiguration) -> SettingsReport {
    // One store keeps all projects: whoever was read last says how much it may hold.
    if let limit = loaded.settings?.limits.diskBytes { store.setRetention(Retention(bytes: limit)) }
    var digests: [DomainName: String] = [:]
    for domain in loaded.settings?.domains ?? [] { digests[domain.name] = domain.digest.hex }
    var isDetected = false
    if case .detected = loaded.source { isDetected = true }
    return SettingsReport(
      settings: loaded.settings, diagnostics: loaded.diagnostics, isDetected: isDetected,
      domainDigests: digests)
  }

  /// Hands the project to the dispatcher; `watch` then starts its watcher.
  func announce(_ loaded: LoadedConfiguration) -> ProjectName {
    let name = freeName(for: loaded)
    let isOff = store.setting(Dispatcher.sniffingKey(name)) == "off"
    var digests: [DomainName: String] = [:]
    for domain in loaded.settings?.domains ?? [] {
      digests[domain.name] = store.setting(Dispatcher.settingsKey(name, domain.name))
    }
    let opening = ProjectOpening(
      name: name, root: loaded.root, report: report(loaded),
      isSniffing: !isOff && loaded.settings?.sniffing ?? true,
      lastChange: storedTick(Dispatcher.changedKey(name)) ?? .zero,
      results: store.latestResults(project: name).map { stored in
        StoredVerdict(result: stored.result, log: stored.log, redSince: stored.redSince)
      }, settingsDigests: digests,
      isFirstRunHeld: store.setting(Dispatcher.firstRunKey(name)) == "held",
      toolchain: toolchain(of: loaded.root))
    post(.projectAdded(opening))
    return name
  }

  static func toolchainKey(_ root: String) -> String { "toolchain/\(root)" }

  static func encode(_ variables: [String: String]) -> String {
    let members = ToolchainVariables.recorded(from: variables).sorted { $0.key < $1.key }
    return String(
      decoding: JSON.object(members.map { JSON.Member($0.key, .string($0.value)) }).encoded, as: UTF8.self)
  }

  /// What was recorded when the project was added; nothing for one that the daemon was started with.
  private func toolchain(of root: String) -> [String: String] {
    guard let text = store.setting(Self.toolchainKey(root)), let json = try? JSON(parsing: Array(text.utf8)),
      case .object(let members) = json
    else { return [:] }
    var variables: [String: String] = [:]
    for member in members { variables[member.name] = member.value.string }
    return ToolchainVariables.recorded(from: variables)
  }

  private func storedTick(_ key: String) -> Tick? {
    store.setting(key).flatMap { UInt64($0) }.map { Tick($0) }
  }

  func watch(_ name: ProjectName, _ loaded: LoadedConfiguration) {
    let settings = loaded.settings ?? ProjectSettings(name: name.text)
    // Named by the root, not the project: another root of the same name must never inherit its table.
    let place = Digester.digest(of: Array(loaded.root.utf8)).hex.prefix(16)
    var watching = WatcherOptions(
      root: Array(loaded.root.utf8), stateDirectory: options.stateDirectory + "/watch/" + place)
    watching.ignore = settings.ignore
    watching.settle = settings.settle
    watching.resumeAfter = storedTick(Dispatcher.clockKey(name))
    let watcher = ProjectWatcher(options: watching, ticks: store.ticks, clock: time) { [weak self] event in
      self?.take(event, of: name)
    }
    watchers.withLock { watchers in
      watchers[name] = watcher
      // Under the lock, so that nobody finds a watcher that does not listen yet.
      watcher.start()
    }
  }

  private func take(_ event: WatchEvent, of name: ProjectName) {
    switch event {
    case .armed(let status, let changes):
      post(.watch(name, status))
      let clock = changes?.tick ?? store.ticks.current
      post(.armed(name, ChangesAnswer(clock: clock, fresh: changes == nil, changes: changes?.changes ?? [])))
    case .noticed, .calm: break
    case .settled(let changes): post(.changed(name, changes))
    case .gate(let gate): post(.gate(name, gate))
    case .status(let status): post(.watch(name, status))
    case .overflow(let total): post(.overflow(name, total: total))
    case .degraded(let complaints): post(.degraded(name, complaints))
    case .rootLost(let why): post(.rootLost(name, why))
    case .rootFound: post(.rootFound(name))
    }
  }

  /// A second project of the same name gets a number.
  private func freeName(for loaded: LoadedConfiguration) -> ProjectName {
    let wanted = loaded.settings?.name ?? loaded.root.split(separator: "/").last.map(String.init) ?? "root"
    // Projects are opened one after the other; the one before is with the dispatcher by now.
    _ = loop.run {}
    let taken = dispatcher.withLock { Set($0.projects.map(\.name.text)) }
    var name = wanted
    var number = 2
    while taken.contains(name) {
      name = "\(wanted)-\(number)"
      number += 1
    }
    return ProjectName(name)
  }

  /// `projects add`: refused when it cannot be watched; kept for the next start.
  func add(_ directory: String, _ toolchain: [String: String], _ ticket: Ticket) {
    let loaded = load(directory)
    guard Files.kind(of: loaded.root) == .directory else {
      let problem = Problem(
        status: 400, code: "no-directory", title: "No directory", detail: "\(directory) is no directory",
        hint: "name the directory of a project", pointer: "/directory")
      return give(.refused(problem), to: ticket)
    }
    let isKnown = dispatcher.withLock { $0.projects.contains { $0.root == loaded.root } }
    if isKnown {
      let problem = Problem(
        status: 409, code: "already-watched", title: "Already watched",
        detail: "\(loaded.root) is watched already")
      return give(.refused(problem), to: ticket)
    }
    let key = Self.projectKey(loaded.root)
    store.record(
      JournalTransaction(settings: [(key, "added"), (Self.toolchainKey(loaded.root), Self.encode(toolchain))])
    ) { [self] result in
      switch result {
      case .success:
        reading.enqueue { [self] in
          watch(announce(loaded), loaded)
          give(.done, to: ticket)
        }
      case .failure(let error):
        give(
          .refused(
            Problem(
              status: 507, code: error.code.rawValue, title: "Not kept", detail: error.message,
              hint: error.hint)),
          to: ticket)
      }
    }
  }

  /// Runs that an earlier life of the daemon left under way, or whose end it did not get to write down.
  func adoptRuns() {
    _ = loop.run {}
    executor.adopt(
      resolve: { [self] project, domain in
        dispatcher.withLock { dispatcher in
          guard let p = dispatcher.index(of: project), let d = dispatcher.projects[p].index(of: domain) else {
            return nil
          }
          let project = dispatcher.projects[p]
          return (root: Array(project.root.utf8), settings: project.domains[d].settings)
        }
      },
      found: { [weak self] request in self?.post(.adopted(request)) },
      done: { [weak self] report in
        guard let self else { return }
        if store.run(report.request.run) != nil {
          executor.discard(report.request.run)
        } else {
          post(.runEnded(RunEnd(report)))
        }
      })
  }
}
