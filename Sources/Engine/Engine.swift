internal import Configuration
internal import Execution
package import Model
package import Platform
internal import Storage
internal import Synchronization
internal import Watching
internal import Wire

/// The dispatcher in the real world: performs its orders on the watchers, the runners and the journal, and brings their
/// answers back as messages, one at a time, in order.
package final class Engine: Sendable {
  package struct Options: Sendable {
    package var stateDirectory: String
    /// Replaces the user's configuration file.
    package var configurationFile: String?
    package var supervisor: String
    /// What the daemon itself was started with; runs get what their settings let through.
    package var environment: [String: String]
    package var version: String

    package init(
      stateDirectory: String, configurationFile: String?, supervisor: String, environment: [String: String],
      version: String
    ) {
      self.stateDirectory = stateDirectory
      self.configurationFile = configurationFile
      self.supervisor = supervisor
      self.environment = environment
      self.version = version
    }
  }

  let options: Options
  let time: any Clock
  let store: Store
  let executor: Executor
  let daemon: Status.Daemon
  /// Takes the messages; the only thread that changes the dispatcher.
  let loop = WorkerThread(named: "dispatcher")
  /// Reads configurations and lists units: slow disks keep no message waiting.
  let reading = WorkerThread(named: "reading")
  /// Writes by `loop` alone; faces read under the lock.
  let dispatcher: Mutex<Dispatcher>
  /// The dispatcher's revision after the last message, to know without its lock whether a kept status is still true.
  let revision = Atomic<UInt64>(0)
  let watchers = Mutex<[ProjectName: ProjectWatcher]>([:])
  let answers = Mutex<[Ticket: @Sendable (Order.Answer) -> Void]>([:])
  let followers = Mutex<[UInt64: @Sendable () -> Void]>([:])
  let numbers = Atomic<UInt64>(0)
  let keptStatus = Mutex<[String?: KeptStatus]>([:])
  /// The newest record that the disk would not take at first.
  let unacknowledged = Atomic<UInt64>(0)
  let alarm: Mutex<Alarm?> = Mutex(nil)
  let isStopping = Atomic(false)

  struct KeptStatus: Sendable {
    let revision: UInt64
    let clock: Tick
    let bytes: [UInt8]
  }

  /// Opens the state and gets ready; nothing is watched yet.
  package init(options: Options, clock: any Clock = SystemClock()) throws(Diagnostic) {
    let store: Store
    let diagnostics: [Diagnostic]
    do throws(StorageError) {
      (store, diagnostics) = try Store.open(directory: options.stateDirectory, clock: clock)
    } catch {
      throw error.diagnostic
    }
    self.options = options
    self.time = clock
    self.store = store
    do throws(SystemError) {
      executor = try Executor(
        runsDirectory: options.stateDirectory + "/runs", supervisorPath: options.supervisor, clock: clock,
        environment: options.environment)
    } catch {
      throw error.diagnostic(code: "state-unusable")
    }
    daemon = Status.Daemon(
      version: options.version, pid: ThisProcess.own, started: clock.wall().rfc3339,
      stateDirectory: options.stateDirectory)
    dispatcher = Mutex(
      Dispatcher(ticks: store.ticks, limits: .init(cores: ThisProcess.cores)))
    store.onHealthChange { [weak self] in self?.storageChanged() }
    if !diagnostics.isEmpty { post(.storage(diagnostics)) }
  }

  /// Starts watching the projects, those added for good and these, and takes over the runs of an earlier life.
  package func start(projects directories: [String]) throws(SystemError) {
    let alarm = try Alarm(named: "alarm") { [weak self] in self?.post(.woken) }
    self.alarm.withLock { $0 = alarm }
    let added = store.settings(prefix: Self.projectKey("")).map {
      String($0.key.dropFirst(Self.projectKey("").count))
    }
    var roots: Set<String> = []
    var opened: [(ProjectName, LoadedConfiguration)] = []
    for directory in directories + added {
      let loaded = load(directory)
      guard roots.insert(loaded.root).inserted else { continue }
      opened.append((announce(loaded), loaded))
    }
    // Runs are taken over before anything can be planned, or their units would be started a second time.
    adoptRuns()
    for (name, loaded) in opened { watch(name, loaded) }
  }

  /// Calls `done` once every project is armed or known to be gone.
  package func whenReady(_ done: @escaping @Sendable () -> Void) {
    ask({ .sync(project: nil, seenOnly: true, $0) }) { _ in done() }
  }

  /// A line for each project: what is watched, and what is tested.
  package var projectSummary: [String] {
    dispatcher.withLock { dispatcher in
      dispatcher.projects.map { project in
        let domains = project.domains.map(\.name.text).joined(separator: ", ")
        let tested =
          domains.isEmpty ? "nothing to test was found; write a .mcpd.yaml: mcpd-client init" : domains
        if case .lost(let why) = project.phase { return "\(project.name): \(why.message)" }
        return "\(project.name): watching \(project.watch.files) files in \(project.root): \(tested)"
      }
    }
  }

  /// Calls `done` when the dispatcher has taken everything that was queued so far.
  package func afterNextMessage(_ done: @escaping @Sendable () -> Void) {
    loop.enqueue(done)
  }

  /// Queues a message for the dispatcher.
  func post(_ message: Message) {
    loop.enqueue { [weak self] in self?.handle(message) }
  }

  private func handle(_ message: Message) {
    let moment = Dispatcher.Moment(now: time.now(), wall: time.wall())
    let orders = dispatcher.withLock { dispatcher in
      let orders = dispatcher.handle(message, at: moment)
      revision.store(dispatcher.revision, ordering: .releasing)
      return orders
    }
    for order in orders { perform(order) }
  }

  /// Ends in order: no new runs, those under way are stopped, the journal and the watchers' tables are durable.
  package func stop() {
    if isStopping.exchange(true, ordering: .acquiringAndReleasing) { return }
    alarm.withLock { $0 }?.stop()
    // Nothing starts any more; runs that end now are queued for the next life.
    _ = loop.run { [self] in dispatcher.withLock { $0.isPaused = true } }
    executor.shutdown(leaveRunning: false)
    // What the runs' ends brought is in the loop by now: it is taken in, and recorded.
    _ = loop.run {}
    store.flush()
    let all = watchers.withLock { watchers in
      defer { watchers = [:] }
      return Array(watchers.values)
    }
    for watcher in all {
      let stopped = Platform.Answer<Bool>()
      watcher.stop { stopped.put(true) }
      _ = stopped.take()
    }
    reading.close()
    loop.close()
    store.close()
  }

  private func storageChanged() {
    let health = store.health
    post(.storage(health))
    guard health.isEmpty else { return }
    // The disk takes writes again: what was kept in memory is on it once this flush is through.
    let sequence = unacknowledged.load(ordering: .acquiring)
    guard sequence > 0 else { return }
    reading.enqueue { [weak self] in
      guard let self, case .success = store.flush() else { return }
      post(.recorded(sequence))
      wakeFollowers()
    }
  }

  static func projectKey(_ root: String) -> String { "project/\(root)" }
}
