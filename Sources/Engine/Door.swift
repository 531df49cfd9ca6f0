package import Model
package import Wire

/// All that the faces (API, later Assistant) may ask of the engine. Every call may come from any thread; none blocks
/// for longer than one read of the database; callbacks come once, on a thread of the engine's, and must not block.
///
/// `project` selects by name or by directory (the project whose root holds it, the innermost of several); nil is the only
/// project, or all of them where that makes sense. Unknown names are a `Problem`, and nothing has happened.
package protocol Door: Sendable {
  /// The newest tick.
  var clock: Tick { get }

  /// Whether every project is armed and its stored verdicts are loaded.
  var isReady: Bool { get }

  /// The status document, encoded; it stays encoded until something changes.
  func status(project: String?) -> Result<[UInt8], Problem>

  func results(_ query: ResultsQuery) -> Result<ResultsPage, Problem>

  /// `accepted` is called when the units are named and queued; `done` when every one of them has a verdict (or cannot get
  /// one), or at once with what is wrong. Calling the returned closure gives up the wait, not the runs.
  @discardableResult
  func sniff(
    _ request: SniffRequest, accepted: @escaping @Sendable (Tick) -> Void,
    done: @escaping @Sendable (Result<ResultsPage, Problem>) -> Void
  ) -> @Sendable () -> Void

  /// `done` when all changes made before the call are seen, and, unless `seenOnly`, their plan is finished. Calling the
  /// returned closure gives up the wait (the caller has gone); `done` is then never called.
  @discardableResult
  func sync(
    project: String?, seenOnly: Bool, done: @escaping @Sendable (Result<SyncAnswer, Problem>) -> Void
  ) -> @Sendable () -> Void

  func changes(
    project: String?, since: Tick, done: @escaping @Sendable (Result<ChangesAnswer, Problem>) -> Void)

  /// Events after a tick, oldest first, at most `limit`, from storage. `expired` (410, `clock-expired`) when older ones are gone.
  func events(
    after: Tick, project: String?, kinds: Set<Event.Kind>, limit: Int
  ) -> Result<[Event], Problem>

  /// Calls `wake` whenever newer events have been stored, until the returned closure is called.
  func follow(_ wake: @escaping @Sendable () -> Void) -> @Sendable () -> Void

  /// A run's result by id (`r1042`).
  func run(_ id: String) -> Result<ResultBody, Problem>

  /// The kept output of a run by id, or of the newest run of a unit by name.
  func log(runOrUnit: String, project: String?) -> Result<[UInt8], Problem>

  /// Runs of a unit, newest first.
  func history(unit: String, project: String?, domain: String?, limit: Int) -> Result<[ResultBody], Problem>

  func command(_ command: Command, done: @escaping @Sendable (Result<Void, Problem>) -> Void)

  /// Assignments now queued or running, in order.
  func queues(project: String?) -> Result<QueuesPage, Problem>
}

/// Short orders that change how the daemon works.
package enum Command: Hashable, Sendable {
  /// Continuous testing on, off (lasts across restarts).
  case startSniffing(project: String?)
  case stopSniffing(project: String?)
  /// Starts nothing at all until resumed (ends with the daemon).
  case pause(project: String?)
  case resume(project: String?)
  case cancel(run: String)
  /// `toolchain` are the variables of the caller's shell that say where its tools are.
  case addProject(directory: String, toolchain: [String: String])
  case removeProject(name: String)
  case reloadConfiguration
}
