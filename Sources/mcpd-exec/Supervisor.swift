internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// Carries one order out, from the start of its process until nothing of it is left.
final class Supervisor {
  private let order: RunOrder
  private let clock = SystemClock()
  private let signals: SignalDescriptor
  private var output: OutputFile
  private var reader = DescriptorReader()
  private var stop: StopSequence?
  private var stopReason: RunOutcome.End?

  /// How long processes that outlive the run's own may take to end by themselves (the reader at the end of a pipe).
  private static let settling = Duration.milliseconds(150)
  /// After this the rest is left alone: what a KILL does not end hangs in the kernel.
  private static let patience = Duration.seconds(10)
  /// Longer limits than this are none; it keeps every sum of times in range.
  private static let longest = Duration.seconds(10 * 365 * 86_400)

  init(order: RunOrder, place: String) throws(SystemError) {
    self.order = order
    // The daemon may go, and so may the terminal it was started from: neither concerns a run.
    SignalDescriptor.ignore(SIGHUP)
    SignalDescriptor.ignore(SIGPIPE)
    SignalDescriptor.ignore(SIGXFSZ)
    signals = try SignalDescriptor([SIGTERM, SIGINT, SIGCHLD])
    _ = setsid()
    let result = cl_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if result < 0 { throw SystemError(-result, "become", "the reaper of the run") }
    OutcomeFile.reserve(in: place)
    output = OutputFile(path: place + "/output", head: order.keptHead, tail: order.keptTail)
  }

  func run() -> RunOutcome {
    let started = clock.wall()
    let pipe: Pipe
    do throws(SystemError) { pipe = try Pipe(readsWait: false) } catch {
      return outcome(.notStarted(error.description), started: started, duration: .zero)
    }
    var start = ProcessStart(
      program: order.command[0], arguments: order.command, environment: order.environment)
    start.directory = order.directory
    start.session = .newSession
    start.user = order.user.map { ProcessStart.User(uid: $0.uid, gid: $0.gid, groups: $0.groups) }
    start.standardOutput = pipe.writing.number
    start.standardError = pipe.writing.number
    // Should we be killed, nobody bounds the run any more: it goes along, and the daemon ends what it has started.
    start.deathSignal = SIGKILL
    // A crash must not leave a core file in the checkout.
    start.limits = [ProcessStart.Limit(resource: Int32(RLIMIT_CORE.rawValue), soft: 0, hard: UInt64.max)]
    if order.isBackground {
      start.niceness = 19
      start.hasIdleIO = true
    }
    let begin = clock.now()
    let child: ChildProcess
    do throws(ProcessStartError) {
      child = try MemoryShortage.first { () throws(ProcessStartError) in try ChildProcess(start) }
    } catch {
      return outcome(
        .notStarted(error.explanation(program: order.command[0])), started: started, duration: .zero)
    }
    let reading = pipe.closeWriting()

    let end = wait(for: child, reading: reading, deadline: begin + min(order.timeLimit, Self.longest))
    let duration = clock.now() - begin
    let left = endLeftOvers(reading: reading)
    // What is in the pipe now is all that counts: if someone outside still holds it, nobody waits for them.
    read(reading)
    output.finish()
    let seen: RunOutcome.End =
      switch end?.status {
      case .exited(let code): .exited(code: code)
      case .signaled(let signal): .signaled(signal: signal)
      case nil: .signaled(signal: Int(SIGKILL))
      }
    return outcome(
      stopReason ?? seen, started: started, duration: duration, leftOver: left + (end == nil ? 1 : 0))
  }

  /// Nil when the process did not even end after KILL.
  private func wait(
    for child: borrowing ChildProcess, reading: borrowing Descriptor, deadline: Instant
  ) -> ChildProcess.End? {
    var killed: Instant?
    while true {
      let now = clock.now()
      receive()
      if stop == nil && now >= deadline { beginStop(.overTime) }
      for signal in stop?.due(at: now) ?? [] {
        child.signalGroup(signal)
        if signal == SIGKILL { killed = now }
      }
      if let killed, now >= killed + Self.patience { return nil }
      output.refresh(at: now)
      let wake = [
        stop == nil ? deadline : nil, stop?.next, killed.map { $0 + Self.patience }, output.nextRefresh,
      ]
      wait(until: wake.compactMap { $0 }.min(), child.descriptor.number, reading: reading)
      read(reading)
      if let end = try? child.reap(waiting: false) { return end }
      LeftOvers.reapOrphans(except: child.pid)
    }
  }

  private func beginStop(_ reason: RunOutcome.End) {
    if stop != nil { return }
    stopReason = reason
    stop = .orderly(grace: min(order.grace, Self.longest))
  }

  /// Signals that came: TERM is the daemon's wish to stop, CHLD only wakes us.
  private func receive() {
    while let signal = signals.next() {
      if signal == SIGTERM || signal == SIGINT { beginStop(.stopped) }
    }
  }

  private func read(_ reading: borrowing Descriptor) {
    let now = clock.now()
    reader.read(reading) { output.append($0, at: now) }
  }

  private func wait(until instant: Instant?, _ process: Int32, reading: borrowing Descriptor) {
    var waits = [
      pollfd(fd: signals.descriptor.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: process, events: Int16(POLLIN), revents: 0),
      pollfd(fd: reader.isEnded ? -1 : reading.number, events: Int16(POLLIN), revents: 0),
    ]
    let left = instant.map { Int32(clamping: max(0, ($0 - clock.now()).wholeMilliseconds + 1)) } ?? -1
    _ = unsafe poll(&waits, 3, left)
  }

  /// Ends what outlived the run's own process; the number of those that had to be killed.
  private func endLeftOvers(reading: borrowing Descriptor) -> Int {
    if LeftOvers.reap() { return 0 }
    let begin = clock.now()
    // A run that was stopped has had its time.
    let settled = stop == nil ? begin + Self.settling : begin
    var leftOvers = LeftOvers()
    var pause = Duration.milliseconds(1)
    while !LeftOvers.reap() {
      let now = clock.now()
      if now >= begin + Self.patience { break }
      if now >= settled {
        leftOvers.killAll()
        wait(until: now + pause, -1, reading: reading)
        pause = min(pause * 2, .milliseconds(100))
      } else {
        wait(until: settled, -1, reading: reading)
      }
      while signals.next() != nil {}
      read(reading)
    }
    return leftOvers.killed.count
  }

  private func outcome(
    _ end: RunOutcome.End, started: Timestamp, duration: Duration, leftOver: Int = 0
  ) -> RunOutcome {
    var cpu: Int64 = 0
    var peak: Int64 = 0
    unsafe cl_children_usage(&cpu, &peak)
    return RunOutcome(
      run: order.run, end: end, started: started, duration: duration,
      usage: Usage(cpu: .microseconds(cpu), memoryPeakBytes: UInt64(max(0, peak)) << 10),
      outputDropped: output.dropped, leftOver: leftOver)
  }
}
