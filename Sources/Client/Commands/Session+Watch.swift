internal import Glibc
internal import Model
internal import Platform
internal import Wire

extension Session {
  /// A live view on a terminal; lines, or JSON Lines, elsewhere.
  func watch() throws(Stop) -> ExitCode {
    let answer = try daemon.json("GET", "/api/v1/status", query: [projectQuery])
    let status = try Daemon.read(Status.self, from: answer.json)
    let isScreen = surroundings.isInputTerminal && surroundings.isOutputTerminal
    if isScreen && !invocation.wantsDocument && surroundings.environment["TERM"] != "dumb" {
      return LiveScreen(self, status).run()
    }
    if !invocation.wantsDocument { present(status) }
    return try follow(from: status.clock)
  }

  private func present(_ status: Status) {
    let line = EventLine(style: style, time: time)
    for project in status.projects { output.line(line.render(project)) }
    output.flush()
  }

  /// Every event's line until the reader or the time is gone; a daemon that restarts is waited for.
  private func follow(from clock: UInt64) throws(Stop) -> ExitCode {
    let line = EventLine(style: style, time: time)
    var since = clock
    var isGone = false
    while !output.isBroken {
      do throws(Stop) {
        let feed = try EventFeed(daemon, since: since, kinds: [], follow: true)
        isGone = false
        while !feed.hasEnded && !output.isBroken {
          for event in try feed.next(deadline: daemon.deadline) { show(event, line) }
          since = feed.last ?? since
          output.flush()
        }
      } catch {
        if let deadline = daemon.deadline, daemon.clock.now() >= deadline { return .done }
        guard error.code == .noDaemon else { throw error }
      }
      if !isGone && !invocation.wantsDocument {
        let now = HumanTime(now: surroundings.clock.wall(), zone: surroundings.zone)
        output.line(
          style.paint(now.precise(now.now), .dim) + "  ! gone   the daemon has ended; waiting for it")
        output.flush()
      }
      isGone = true
      // A service that restarts needs moments; asking twice a second finds it soon and costs nothing.
      _ = poll(nil, 0, 500)
      if let deadline = daemon.deadline, daemon.clock.now() >= deadline { return .done }
    }
    return .done
  }

  private func show(_ event: EventBody, _ line: EventLine) {
    if invocation.wantsDocument {
      output.write(event.document.encoded)
      output.write("\n")
    } else if let text = line.render(event) {
      output.line(text)
    }
  }
}
