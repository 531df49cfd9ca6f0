internal import Model
internal import Platform
internal import Wire

/// What is being waited for, on one line of the terminal that disappears; elsewhere a line every few seconds.
///
/// It goes to standard error, so that the answer stays clean, and asks over a connection of its own.
final class Progress {
  private let session: Session
  private let style: Style
  private let started: Instant
  private var next: Instant
  private var isShown = false
  private var frame = 0
  private let asking: Daemon

  init(_ session: Session) {
    self.session = session
    let surroundings = session.surroundings
    style = Style(
      environment: surroundings.environment, isTerminal: surroundings.isErrorTerminal,
      width: surroundings.isErrorTerminal ? TerminalSize.of(surroundings.error)?.columns ?? 80 : nil,
      noColor: session.invocation.has("--no-color"))
    started = session.daemon.clock.now()
    // What answers within a blink needs no progress.
    next = started + (surroundings.isErrorTerminal ? .milliseconds(300) : .seconds(5))
    asking = Daemon(
      candidates: session.daemon.candidates, isNamed: session.daemon.isNamed, user: surroundings.user,
      clock: surroundings.clock, project: session.daemon.project, deadline: session.daemon.deadline)
  }

  func tick(_ now: Instant) {
    if now < next { return }
    let isTerminal = session.surroundings.isErrorTerminal
    next = now + (isTerminal ? .milliseconds(200) : .seconds(5))
    // Without an answer there is no progress to show; the wait itself says what is wrong.
    guard let answer = try? asking.json("GET", "/api/v1/status", query: [session.projectQuery]),
      let status = try? Daemon.read(Status.self, from: answer.json)
    else { return }
    var line = style.symbol(.pending) + " " + Self.text(status) + ", " + HumanTime.duration(now - started)
    if isTerminal {
      line = Text.fitted(line, to: max(1, (style.width ?? 80) - 1), style)
      session.complaints.write("\r\u{1b}[K" + style.paint(line, .dim))
      isShown = true
    } else {
      session.complaints.line(line)
    }
    session.complaints.flush()
  }

  static func text(_ status: Status) -> String {
    let domains = status.projects.flatMap(\.domains)
    let running = domains.reduce(0) { $0 + $1.running }
    let queued = domains.reduce(0) { $0 + $1.queued }
    if let gate = status.projects.first(where: { !$0.gate.isOpen })?.gate {
      return "waiting: the gate is closed (\(Text.oneLine(gate.reason ?? gate.text)))"
    }
    if running + queued == 0 { return "waiting" }
    return "\(running) running, \(queued) queued"
  }

  func clear() {
    if !isShown { return }
    isShown = false
    session.complaints.write("\r\u{1b}[K")
    session.complaints.flush()
  }
}
