internal import Glibc
internal import Model
internal import Platform
internal import Wire

/// The live view on a terminal: waits for keys, events and the clock, and draws what changed.
final class LiveScreen {
  private let session: Session
  private var view = LiveView()
  private var keys = KeyReader()
  private var feed: EventFeed?
  private var since: UInt64
  private var isStale = true
  private var nextFetch: Instant
  private var nextAttempt: Instant
  private var drawn: [String] = []
  private var size = TerminalSize(columns: 80, rows: 24)
  /// What Enter asks for again.
  private var lastRequest = SniffRequest()

  init(_ session: Session, _ status: Status) {
    self.session = session
    view.status = status
    since = status.clock
    nextFetch = session.daemon.clock.now()
    nextAttempt = nextFetch
  }

  func run() -> ExitCode {
    guard TerminalGuard.enterRaw() else { return .defect }
    defer { TerminalGuard.leaveRaw() }
    while true {
      let now = session.daemon.clock.now()
      if let deadline = session.daemon.deadline, now >= deadline { return .done }
      connect(now)
      fetch(now)
      draw()
      if session.output.isBroken { return .done }
      switch wait(now) {
      case .quit: return .done
      case .goOn: break
      }
    }
  }

  private enum Next {
    case goOn, quit
  }

  /// Sleeps until a key, an event, or the next moment at which something is due.
  private func wait(_ now: Instant) -> Next {
    var entries = [
      pollfd(fd: session.surroundings.input, events: Int16(POLLIN), revents: 0),
      pollfd(fd: feed?.number ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    var due = now + .seconds(1)
    if isStale { due = min(due, nextFetch) }
    if feed == nil { due = min(due, nextAttempt) }
    let milliseconds = max(0, (due - session.daemon.clock.now()).wholeMilliseconds + 1)
    let count = unsafe entries.withUnsafeMutableBufferPointer {
      unsafe poll($0.baseAddress!, 2, Int32(clamping: milliseconds))
    }
    if count <= 0 { return .goOn }
    if entries[1].revents != 0 { receive() }
    if entries[0].revents & Int16(POLLIN) != 0 { return readKeys() }
    // The terminal has gone.
    return entries[0].revents != 0 ? .quit : .goOn
  }

  private func receive() {
    guard let feed else { return }
    do throws(Stop) {
      let events = try feed.next(deadline: session.daemon.clock.now())
      since = feed.last ?? since
      view.add(events)
      isStale = isStale || !events.isEmpty
      if feed.hasEnded { self.feed = nil }
    } catch  where error.code == .noVerdict {
      // Part of an event: the rest comes.
    } catch {
      self.feed = nil
    }
  }

  private func connect(_ now: Instant) {
    guard feed == nil, now >= nextAttempt else { return }
    nextAttempt = now + .milliseconds(500)
    do throws(Stop) {
      feed = try EventFeed(session.daemon, since: since, kinds: [], follow: true)
      view.message = ""
      isStale = true
    } catch {
      view.message = error.message
    }
  }

  /// The status, at most ten times a second however much happens.
  private func fetch(_ now: Instant) {
    guard isStale, now >= nextFetch, feed != nil else { return }
    nextFetch = now + .milliseconds(100)
    isStale = false
    guard let answer = try? session.daemon.json("GET", "/api/v1/status", query: [session.projectQuery]),
      let status = try? Daemon.read(Status.self, from: answer.json)
    else { return }
    view.status = status
  }

  private func draw() {
    if unsafe TerminalGuard.needsDrawing {
      unsafe TerminalGuard.needsDrawing = false
      drawn = []
    }
    let present = TerminalSize.of(session.surroundings.output) ?? TerminalSize(columns: 80, rows: 24)
    if present != size {
      size = present
      drawn = []
    }
    var style = session.style
    style.width = size.columns
    let time = HumanTime(now: session.surroundings.clock.wall(), zone: session.surroundings.zone)
    let lines = view.render(rows: size.rows, style, time)
    var text = drawn.isEmpty ? "\u{1b}[2J" : ""
    for (index, line) in lines.enumerated() where drawn.count <= index || drawn[index] != line {
      text += "\u{1b}[\(index + 1);1H\u{1b}[K" + line
    }
    drawn = lines
    if text.isEmpty { return }
    session.output.write(text)
    session.output.flush()
  }

  // MARK: Keys

  private func readKeys() -> Next {
    var bytes = [UInt8](repeating: 0, count: 256)
    let descriptor = session.surroundings.input
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress!, $0.count) }
    if count <= 0 { return .goOn }
    for key in keys.feed(bytes[..<count]) {
      guard let action = view.press(key) else { continue }
      if action == .quit { return .quit }
      do throws(Stop) { try perform(action) } catch { view.message = error.message }
    }
    return .goOn
  }

  private func perform(_ action: LiveView.Action) throws(Stop) {
    switch action {
    case .quit: return
    case .again: try sniff(lastRequest)
    case .all:
      var request = SniffRequest()
      request.all = true
      request.force = true
      try sniff(request)
    case .failed:
      var request = SniffRequest()
      request.failedOnly = true
      try sniff(request)
    case .path(let path):
      var request = SniffRequest()
      request.files = [Paths.absolute(path, in: session.surroundings.directory)]
      try sniff(request)
    case .togglePause:
      let isPaused = view.status?.projects.contains { $0.state == .paused } ?? false
      try session.steer(isPaused ? .resume : .pause)
      view.message = isPaused ? "going on" : "paused: space goes on"
    case .log(let domain, let unit):
      let answer = try session.daemon.json(
        "GET", "/api/v1/history",
        query: [session.projectQuery, ("unit", unit), ("domain", domain), ("limit", "1")])
      guard let run = try Daemon.read(ResultsPage.self, from: answer.json).results.first?.result.run else {
        throw Stop(.noVerdict, "\(unit) has not run yet")
      }
      let log = try session.daemon.request("GET", "/api/v1/runs/\(run)/log", accept: "text/plain")
      view.showLog(log.body, of: unit)
    }
    isStale = true
  }

  private func sniff(_ request: SniffRequest) throws(Stop) {
    lastRequest = request
    var request = request
    request.project = session.daemon.project
    request.wait = false
    _ = try session.daemon.request("POST", "/api/v1/sniff", body: request.encoded)
    view.message = "asked for"
  }
}
