public import Glibc

/// A process that was started; whoever started it ends it.
public final class Program {
  public let pid: pid_t
  private var status: Int32?

  /// Output goes to `output`, or nowhere.
  public init(_ command: [String], environment: [String]? = nil, output: String = "/dev/null") throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let arguments = command.map { strdup($0) } + [nil]
    let variables = (environment ?? Self.environment).map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var pid = pid_t()
    let result = posix_spawnp(&pid, command[0], &actions, nil, arguments, variables)
    guard result == 0 else {
      throw Trouble("cannot start \(command[0]): \(String(cString: strerror(result)))")
    }
    self.pid = pid
  }

  public static var environment: [String] {
    var variables: [String] = []
    var next = environ
    while let entry = next.pointee {
      variables.append(String(cString: entry))
      next += 1
    }
    return variables
  }

  public static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// The exit code, or 128 and the signal.
  @discardableResult
  public func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while waitpid(pid, &raw, 0) < 0 && errno == EINTR {}
    let code = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    status = code
    return code
  }

  public var isRunning: Bool {
    if status != nil { return false }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, WNOHANG) == pid else { return true }
    status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    return false
  }

  /// TERM, then KILL after ten seconds.
  public func stop() {
    guard isRunning else { return }
    kill(pid, SIGTERM)
    if !within(seconds: 10, { !isRunning }) { kill(pid, SIGKILL) }
    wait()
  }

  /// Runs to its end; throws unless it leaves with one of `codes`.
  @discardableResult
  public static func run(_ command: [String], codes: Set<Int32> = [0], output: String = "/dev/null") throws
    -> Int32
  {
    let code = try Program(command, output: output).wait()
    guard codes.contains(code) else { throw Trouble("\(command.joined(separator: " ")) left with \(code)") }
    return code
  }

  /// Nil when there is no program of that name on the path.
  public static func find(_ name: String) -> String? {
    for directory in (variable("PATH") ?? "").split(separator: ":")
    where access("\(directory)/\(name)", X_OK) == 0 {
      return "\(directory)/\(name)"
    }
    return nil
  }
}

/// Looks every few milliseconds until it holds or the time is over.
public func within(seconds: Int64, _ condition: () -> Bool) -> Bool {
  let end = now() + seconds * 1_000_000_000
  while !condition() {
    if now() > end { return false }
    usleep(5000)
  }
  return true
}

/// A directory that goes with the value.
public final class Scratch {
  public let path: String

  public init() throws {
    let place = Program.variable("TMPDIR") ?? "/tmp"
    var template = Array("\(place)/XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw Trouble("cannot make a directory in \(place)") }
    path = String(cString: made)
  }

  deinit {
    _ = try? Program.run(["rm", "-rf", path])
  }
}

/// The whole content of a small file; nil when it cannot be read.
public func content(of path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
  return String(decoding: bytes, as: UTF8.self)
}
