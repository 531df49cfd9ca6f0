import Glibc

/// A daemon on a copy of `Examples/shop`, with state and a socket of its own, that has tested everything once.
public final class Daemon {
  public let scratch: Scratch
  public let program: Program
  public let socket: String
  public let client: String
  private let state: String

  public init() throws {
    let root = try Self.named("MCPD_ROOT")
    let binaries = try Self.named("MCPD_BIN")
    scratch = try Scratch()
    let project = scratch.path + "/shop"
    state = scratch.path + "/state"
    socket = scratch.path + "/mcpd.sock"
    client = binaries + "/mcpd-client"
    try Program.run(["cp", "-R", root + "/Examples/shop", project])
    let output = scratch.path + "/output"
    program = try Program(
      [binaries + "/mcpd", "--project", project, "--state-dir", state, "--socket", socket], output: output)
    let isThere = within(seconds: 30) {
      !program.isRunning || (try? Connection(to: socket)) != nil
    }
    guard isThere, program.isRunning else {
      throw Trouble("the daemon does not start: \(content(of: output)?.suffix(2000) ?? "")")
    }
    // Whatever the verdicts are: afterwards nothing runs.
    try Program.run(
      [client, "--socket", socket, "--project", project, "--timeout", "120s", "sync"], codes: [0, 1],
      output: output)
    say("the daemon (pid \(program.pid)) is idle on a copy of Examples/shop")
  }

  deinit {
    program.stop()
    // Runs outlive their daemon on purpose; here they must not.
    for pid in Self.processes(with: state + "/") { kill(pid, SIGKILL) }
  }

  private static func named(_ variable: String) throws -> String {
    guard let value = Program.variable(variable) else {
      throw Trouble("\(variable) is not set; start benchmarks with Benchmarks/run.sh NAME")
    }
    return value
  }

  private static func processes(with argument: String) -> [pid_t] {
    guard let directory = opendir("/proc") else { return [] }
    defer { closedir(directory) }
    var found: [pid_t] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let pid = pid_t(name), let line = content(of: "/proc/\(name)/cmdline") else { continue }
      if line.split(separator: "\0").contains(where: { $0.hasPrefix(argument) }) { found.append(pid) }
    }
    return found
  }
}

/// A redis without persistence on a Unix socket of its own: the peer that everybody knows.
public final class Redis {
  public let socket: String
  private let program: Program

  /// Nil when none is installed.
  public init?(in scratch: Scratch) throws {
    guard let server = Program.find("redis-server"), Program.find("redis-cli") != nil else { return nil }
    socket = scratch.path + "/redis.sock"
    program = try Program([
      server, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir",
      scratch.path,
    ])
    let socket = socket
    guard within(seconds: 10, { (try? Connection(to: socket)) != nil }) else {
      throw Trouble("redis-server does not start")
    }
  }

  deinit {
    program.stop()
  }
}
