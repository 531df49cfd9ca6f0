internal import CLinux
internal import Glibc
package import Model
package import Platform
internal import Synchronization

/// Watches one project from a thread of its own and tells what changed.
///
/// Everything is asked and answered through an ordered mailbox; `deliver` and every `done` are called on the watcher's
/// thread, in order, and must not block. `stop` (or letting a started watcher's last answer pass) ends the thread.
package final class ProjectWatcher: Sendable {
  private enum Command: Sendable {
    case reconfigure([String], SettleSettings)
    case sync(passesGate: Bool, @Sendable (Tick) -> Void)
    case changes(Tick, @Sendable (ChangesAnswer) -> Void)
    case files([Wildmatch], @Sendable ([RelativePath]) -> Void)
    case audit(Bool, @Sendable (AuditAnswer) -> Void)
    case view(@Sendable ([ViewedFile]) -> Void)
    case hold(String, @Sendable (UInt64) -> Void)
    case release(UInt64)
    case stop(@Sendable () -> Void)
  }

  private struct Mailbox {
    var commands: [Command] = []
    var isStarted = false
    var isClosed = false
  }

  private let options: WatcherOptions
  private let ticks: any TickSource
  private let clock: any Clock
  private let deliver: @Sendable (WatchEvent) -> Void
  private let mailbox = Mutex(Mailbox())
  private let published = Mutex(WatchStatus())
  private let bell: Descriptor

  package init(
    options: WatcherOptions, ticks: any TickSource, clock: any Clock,
    deliver: @escaping @Sendable (WatchEvent) -> Void
  ) {
    self.options = options
    self.ticks = ticks
    self.clock = clock
    self.deliver = deliver
    let number = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(number >= 0, "the kernel gives no eventfd: too many open files")
    bell = Descriptor(owning: number)
  }

  /// Starts the thread; `armed` follows when the first crawl is finished.
  package func start() {
    let isFirst = mailbox.withLock { mailbox in
      defer { mailbox.isStarted = true }
      return !mailbox.isStarted
    }
    if isFirst { ThreadBody { [self] in run() }.start(named: "watch") }
  }

  package func reconfigure(ignore: [String], settle: SettleSettings) {
    send(.reconfigure(ignore, settle))
  }

  /// `done` is called when every change made before this call has been delivered as `settled`. While the gate is closed it
  /// waits for it, unless `passGate`.
  package func sync(passGate: Bool = false, _ done: @escaping @Sendable (Tick) -> Void) {
    send(.sync(passesGate: passGate, done))
  }

  /// What differs between a clock and now, as far as it has settled.
  package func changes(since clock: Tick, _ done: @escaping @Sendable (ChangesAnswer) -> Void) {
    send(.changes(clock, done))
  }

  /// All visible paths that are not directories and match one of the patterns, sorted.
  package func files(matching patterns: [Wildmatch], _ done: @escaping @Sendable ([RelativePath]) -> Void) {
    send(.files(patterns, done))
  }

  /// The same, waiting for the answer; never call it from the watcher's own thread. Empty after `stop`.
  package func files(matching patterns: [Wildmatch]) -> [RelativePath] {
    let answer = Answer<[RelativePath]>()
    guard send(.files(patterns, { answer.put($0) })) else { return [] }
    return answer.take()
  }

  /// Walks the tree and names every difference to the watched view; with `readingContent`, contents are compared too. Call
  /// `sync` first for changes of your own. The watch goes on meanwhile.
  package func audit(readingContent: Bool = true, _ done: @escaping @Sendable (AuditAnswer) -> Void) {
    send(.audit(readingContent, done))
  }

  /// All that is recorded of every file, sorted by path.
  package func view(_ done: @escaping @Sendable ([ViewedFile]) -> Void) {
    send(.view(done))
  }

  /// Closes the gate until the hold that `done` names is released: for clients that are about to change much at once.
  package func hold(_ text: String, _ done: @escaping @Sendable (UInt64) -> Void) {
    send(.hold(text, done))
  }

  package func release(hold: UInt64) { send(.release(hold)) }

  /// Whether a caller descends from a git command that works in this tree (a hook, `rebase -x`, `bisect run`): it passes the
  /// gate. Any thread; reads `/proc`.
  package func passesGate(caller pid: Int32) -> Bool {
    guard let layout = GitLayout.find(root: options.root) else { return false }
    return GitProcesses.isBelowGit(pid, layout)
  }

  package var status: WatchStatus { published.withLock { $0 } }

  /// Ends the watch in order. Requests still waiting are answered first, with what is known.
  package func stop(_ done: @escaping @Sendable () -> Void) {
    if !send(.stop(done)) { done() }
  }

  @discardableResult
  private func send(_ command: Command) -> Bool {
    let isAccepted = mailbox.withLock { mailbox in
      if mailbox.isClosed || !mailbox.isStarted { return false }
      mailbox.commands.append(command)
      if case .stop = command { mailbox.isClosed = true }
      return true
    }
    if isAccepted { _ = eventfd_write(bell.number, 1) }
    return isAccepted
  }

  // MARK: The thread

  private func run() {
    let watcher: Watcher
    do throws(SystemError) {
      watcher = try Watcher(options: options, ticks: ticks, clock: clock, bell: bell.number)
      try watcher.poller.add(bell.number, as: Watcher.Token.bell)
    } catch {
      deliver(.degraded([error.diagnostic(code: "watch-failed")]))
      return refuseAll()
    }
    watcher.arm()
    flush(watcher)
    var buffer = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      var hasEnded = false
      var hasMounted = false
      let pause = watcher.isAuditing ? 0 : watcher.nextDeadline.map { ($0 - clock.now()).wholeNanoseconds }
      watcher.poller.wait(pause) { token in
        if token == Watcher.Token.process { hasEnded = true }
        if token == Watcher.Token.mounts { hasMounted = true }
      }
      if hasEnded { watcher.processEnded() }
      if hasMounted { watcher.mountsChanged() }
      var count: eventfd_t = 0
      _ = unsafe eventfd_read(bell.number, &count)
      let commands = mailbox.withLock { mailbox in
        defer { mailbox.commands.removeAll() }
        return mailbox.commands
      }
      var stopped: (@Sendable () -> Void)?
      for command in commands {
        switch command {
        case .reconfigure(let ignore, let settle): watcher.reconfigure(ignore: ignore, settle: settle)
        case .sync(let passesGate, let done): watcher.sync(passesGate: passesGate, done)
        case .changes(let since, let done):
          let answer = watcher.changes(since: since)
          watcher.outputs.append(.call { done(answer) })
        case .files(let patterns, let done):
          let answer = watcher.files(matching: patterns)
          watcher.outputs.append(.call { done(answer) })
        case .audit(let readsContent, let done): watcher.beginAudit(readsContent: readsContent, done)
        case .view(let done):
          let view = watcher.view()
          watcher.outputs.append(.call { done(view) })
        case .hold(let text, let done):
          let id = watcher.keeper.hold(text)
          watcher.outputs.append(.call { done(id) })
        case .release(let id): watcher.keeper.release(id)
        case .stop(let done): stopped = done
        }
      }
      watcher.drain(&buffer)
      watcher.advance()
      watcher.advanceAudit()
      flush(watcher)
      if let stopped {
        watcher.stop()
        flush(watcher)
        return stopped()
      }
    }
  }

  private func flush(_ watcher: Watcher) {
    let outputs = watcher.outputs
    watcher.outputs.removeAll()
    published.withLock { $0 = watcher.status }
    for output in outputs {
      switch output {
      case .event(let event): deliver(event)
      case .call(let body): body()
      }
    }
  }

  /// The watch could not begin: every request is answered with nothing, now and later.
  private func refuseAll() {
    let commands = mailbox.withLock { mailbox in
      mailbox.isClosed = true
      return mailbox.commands
    }
    for command in commands {
      switch command {
      case .reconfigure, .release: break
      case .audit(_, let done):
        done(AuditAnswer(clock: ticks.current, files: 0, directories: 0, differences: []))
      case .view(let done): done([])
      case .hold(_, let done): done(0)
      case .sync(_, let done): done(ticks.current)
      case .changes(_, let done): done(ChangesAnswer(clock: ticks.current, fresh: true, changes: []))
      case .files(_, let done): done([])
      case .stop(let done): done()
      }
    }
  }
}
