internal import Model
internal import Platform
internal import Wire

extension Session {
  func events() throws(Stop) -> ExitCode {
    let since = try invocation.tick("--after") ?? 0
    let kinds = invocation.all("--kind")
    if invocation.has("--follow") {
      let feed = try feed(since: since, kinds: kinds, follow: true)
      while !feed.hasEnded && !output.isBroken {
        print(try feed.next(deadline: daemon.deadline), kinds)
        output.flush()
      }
      if output.isBroken { return .done }
      throw Stop(.noDaemon, "the daemon has ended the stream")
    }
    // It ends at the clock of the moment of asking.
    let answer = try daemon.json("GET", "/api/v1/status", query: [projectQuery])
    let present = try Daemon.read(Status.self, from: answer.json).clock
    var last = since
    while last < present && !output.isBroken {
      let feed = try feed(since: last, kinds: kinds, follow: false)
      let found = try stored(feed, upTo: present)
      print(found, kinds)
      guard let newest = found.last?.id, newest > last else { break }
      last = newest
    }
    return .done
  }

  private func feed(since: UInt64, kinds: [String], follow: Bool) throws(Stop) -> EventFeed {
    try EventFeed(daemon, since: since, kinds: kinds, follow: follow)
  }

  /// A page, or of a stream what comes until it pauses: what is stored comes without a pause.
  private func stored(_ feed: EventFeed, upTo present: UInt64) throws(Stop) -> [EventBody] {
    var found: [EventBody] = []
    while !feed.hasEnded, (feed.last ?? 0) < present {
      do throws(Stop) {
        found += try feed.next(deadline: daemon.clock.now() + .milliseconds(500))
      } catch  where error.code == .noVerdict {
        break
      }
    }
    return found.filter { $0.id <= present }
  }

  private func print(_ events: [EventBody], _ kinds: [String]) {
    for event in events where kinds.isEmpty || kinds.contains(event.kind) {
      output.write(event.document.encoded)
      output.write("\n")
    }
  }

  func log() throws(Stop) -> ExitCode {
    let operand = invocation.operands[0]
    if RunID(operand) != nil, try !isUnitName(operand) {
      if invocation.has("--follow") { try awaitEnd(of: operand) }
      return try printLog(of: operand)
    }
    let name = UnitName(operand)
    let unit = (try? projectRelative(name.unit)) ?? name.unit
    if invocation.has("--follow"), let run = try running(unit) {
      try awaitEnd(of: run)
      return try printLog(of: run)
    }
    let document = try daemon.json(
      "GET", "/api/v1/history",
      query: [projectQuery, ("unit", unit), ("domain", invocation.value("--domain")), ("limit", "1")])
    let page = try Daemon.read(ResultsPage.self, from: document.json)
    guard let newest = page.results.first else {
      throw Stop(.noVerdict, "\(operand) has not run yet", hints: ["run it: mcpd-client run \(operand)"])
    }
    return try printLog(of: newest.result.run.description)
  }

  /// A unit may be called `r12`; then its name is meant only if there is no such run.
  private func isUnitName(_ operand: String) throws(Stop) -> Bool {
    do throws(Stop) {
      _ = try daemon.request("GET", "/api/v1/runs/\(operand)")
      return false
    } catch  where error.problem?.status == 404 {
      if invocation.has("--follow"), try runningRuns().contains(where: { $0.run == operand }) { return false }
      return true
    }
  }

  private func printLog(of run: String) throws(Stop) -> ExitCode {
    let connection = try daemon.stream(
      "/api/v1/runs/\(run)/log", query: [("follow", invocation.has("--follow") ? "true" : nil)],
      accept: "text/plain")
    var last: UInt8 = 0x0a
    while !output.isBroken {
      let isOpen = connection.parser.isComplete ? false : try connection.receive(deadline: daemon.deadline)
      let bytes = connection.takeBody()
      last = bytes.last ?? last
      output.write(bytes)
      if isOpen { output.flush() } else { break }
    }
    // The prompt belongs on a line of its own.
    if last != 0x0a && surroundings.isOutputTerminal { output.write("\n") }
    return .done
  }

  private func runningRuns() throws(Stop) -> [QueuesPage.Entry] {
    let answer = try daemon.json("GET", "/api/v1/queues", query: [projectQuery])
    return try Daemon.read(QueuesPage.self, from: answer.json).queues.filter { $0.state == .running }
  }

  private func running(_ unit: String) throws(Stop) -> String? {
    try runningRuns().first { $0.assignment.unit.unit == unit }?.run
  }

  /// Asks who runs only after the feed is open, so that an end in between is not missed.
  private func awaitEnd(of run: String) throws(Stop) {
    let answer = try daemon.json("GET", "/api/v1/status")
    let clock = try Daemon.read(Status.self, from: answer.json).clock
    let feed = try feed(since: clock, kinds: ["run-finished"], follow: true)
    guard try runningRuns().contains(where: { $0.run == run }) else { return }
    let progress = Progress(self)
    defer { progress.clear() }
    while !feed.hasEnded {
      let events: [EventBody]
      do throws(Stop) {
        let slice = daemon.clock.now() + .milliseconds(200)
        events = try feed.next(deadline: daemon.deadline.map { min($0, slice) } ?? slice)
      } catch  where error.code == .noVerdict {
        if let deadline = daemon.deadline, daemon.clock.now() >= deadline {
          throw Stop(.noVerdict, "the run \(run) has not ended in time")
        }
        progress.tick(daemon.clock.now())
        continue
      }
      if events.contains(where: { $0.kind == "run-finished" && $0.document["run"]?.string == run }) { return }
    }
  }
}
