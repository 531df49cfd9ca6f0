import CLinux
import Glibc
import Model
import Platform
import Testing
import Wire

/// A real `mcpd` on a site's state and socket; killed, if it still lives, when the test lets go of it.
final class Daemon {
  let site: Site
  let child: ChildProcess
  private var end: ChildProcess.End.Status?

  /// Its words go to `daemon.log` in the site, all starts below each other.
  private init(_ site: Site, arguments: [String], notify: String?) throws {
    self.site = site
    let log = try Files.open(site.path + "/daemon.log", [.write, .create, .append])
    var environment = ["XDG_CONFIG_HOME": site.path + "/config", "TMPDIR": Environment["TMPDIR"] ?? "/tmp"]
    if let notify { environment["NOTIFY_SOCKET"] = notify }
    var start = ProcessStart(
      program: Place.binaries + "/mcpd",
      arguments: ["mcpd", "--state-dir", site.state, "--socket", site.socket] + arguments,
      environment: Environment.with(environment))
    start.directory = Array(site.path.utf8)
    start.standardOutput = log.number
    start.standardError = log.number
    child = try ChildProcess(start)
  }

  deinit {
    if end == nil { child.signal(SIGKILL) }
    _ = try? child.reap(waiting: true)
  }

  /// Starts it and waits until it says that it watches.
  static func start(
    _ site: Site, projects: [String], options: [String] = [], location: SourceLocation = #_sourceLocation
  ) throws -> Daemon {
    let notices = try Notices(at: site.path + "/notify.sock")
    let arguments = projects.flatMap { ["--project", $0] } + options
    let daemon = try Daemon(site, arguments: arguments, notify: notices.path)
    let isReady = notices.wait(for: "READY=1", or: daemon.child.descriptor.number, limit: .seconds(60))
    try #require(isReady, "the daemon did not become ready: \(daemon.log)", sourceLocation: location)
    return daemon
  }

  /// Starts one that is expected to refuse, and waits for its end.
  static func refused(_ site: Site, projects: [String], options: [String] = []) throws -> (
    code: Int?, log: String
  ) {
    let before = (try? site.read("daemon.log").utf8.count) ?? 0
    let daemon = try Daemon(site, arguments: projects.flatMap { ["--project", $0] } + options, notify: nil)
    let code = daemon.waitForEnd(limit: .seconds(30))
    return (code, String(daemon.log.utf8.dropFirst(before)) ?? "")
  }

  var log: String { (try? site.read("daemon.log")) ?? "" }

  func signal(_ number: Int32) { child.signal(number) }

  /// The exit code (128 + signal for one that a signal ended); nil when it lives on.
  func waitForEnd(limit: Duration = .seconds(20)) -> Int? {
    if end == nil {
      var waits = [pollfd(fd: child.descriptor.number, events: Int16(POLLIN), revents: 0)]
      _ = unsafe poll(&waits, 1, Int32(limit.wholeMilliseconds))
      end = (try? child.reap(waiting: false))?.status
    }
    switch end {
    case .exited(let code): return code
    case .signaled(let signal): return 128 + signal
    case nil: return nil
    }
  }

  /// What the client says, with complaints.
  @discardableResult
  func client(
    _ arguments: String..., in directory: String? = nil, location: SourceLocation = #_sourceLocation
  ) throws -> Said {
    let said = try Tool.run(
      [Place.binaries + "/mcpd-client", "--socket", site.socket, "--timeout", "60s"] + arguments,
      in: directory ?? site.path, environment: ["XDG_CONFIG_HOME": site.path + "/config"])
    try #require(said.code != nil, "the client hangs: \(said)\n\(log)", sourceLocation: location)
    return said
  }

  /// Waits until everything done so far is seen and judged; 0 green, 1 red.
  func sync(location: SourceLocation = #_sourceLocation) throws -> Int {
    let said = try client("sync", location: location)
    #expect([0, 1, 4].contains(said.code), "\(said)\n\(log)", sourceLocation: location)
    return said.code ?? -1
  }

  /// Unit to verdict for what holds now; a unit without one that holds is `unknown`.
  func verdicts(project: String? = nil) throws -> [String: String] {
    let page = try json("results", project: project)
    var verdicts: [String: String] = [:]
    for result in page["results"]?.array ?? [] {
      verdicts[result["unit"]?.string ?? "?"] = result["verdict"]?.string ?? "unknown"
    }
    return verdicts
  }

  /// Unit to the run that its verdict comes from.
  func runs() throws -> [String: String] {
    var runs: [String: String] = [:]
    for result in try json("results")["results"]?.array ?? [] {
      runs[result["unit"]?.string ?? "?"] = result["run"]?.string ?? "?"
    }
    return runs
  }

  /// The newest run of a unit that has begun.
  func started(unit: String) throws -> String {
    let said = try client("events", "--kind", "run-started")
    let runs = said.lines.compactMap { try? JSON(parsing: Array($0.utf8)) }
      .filter { $0["unit"]?.string == unit }.compactMap { $0["run"]?.string }
    return try #require(runs.last, "no run of \(unit) has begun: \(said)")
  }

  func json(_ command: String..., project: String? = nil) throws -> JSON {
    let said = try Tool.run(
      [Place.binaries + "/mcpd-client", "--socket", site.socket, "--json"]
        + (project.map { ["--project", $0] } ?? []) + command,
      in: site.path, withErrors: false)
    return try JSON(parsing: Array(said.text.utf8))
  }

  /// The supervisors that work in the site's state directory.
  static func supervisors(of site: Site) -> [Int32] {
    processes { $0.contains("mcpd-exec") && $0.contains(site.state + "/") }
  }

  /// Processes whose command line says so; ended ones have none.
  static func processes(where matches: (String) -> Bool) -> [Int32] {
    let names = (try? Files.names(in: "/proc")) ?? []
    return names.compactMap { Int32(String(decoding: $0, as: UTF8.self)) }.filter { pid in
      guard pid != getpid(), let line = try? Files.read("/proc/\(pid)/cmdline") else { return false }
      return matches(String(decoding: line, as: UTF8.self))
    }
  }
}

/// The socket on which a daemon says how it is (`sd_notify`): events to wait for instead of looking again and again.
final class Notices {
  let path: String
  private let socket: Descriptor

  init(at path: String) throws {
    self.path = path
    _ = unsafe unlink(path)
    socket = Descriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    try #require(bytes.count < 108)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let number = socket.number
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(result == 0)
  }

  deinit { _ = unsafe unlink(path) }

  /// False when the time is over or `process` (a pidfd) ended before it came.
  func wait(for word: String, or process: Int32, limit: Duration) -> Bool {
    let clock = SystemClock()
    let deadline = clock.now() + limit
    while true {
      let left = (deadline - clock.now()).wholeMilliseconds
      if left <= 0 { return false }
      var waits = [
        pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: process, events: Int16(POLLIN), revents: 0),
      ]
      _ = unsafe poll(&waits, 2, Int32(clamping: left))
      if waits[0].revents != 0 {
        var message = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(socket.number, &message, message.count, 0)
        if count > 0,
          String(decoding: message[..<count], as: UTF8.self).split(separator: "\n").contains(word[...])
        {
          return true
        }
      } else if waits[1].revents != 0 {
        return false
      }
    }
  }
}
