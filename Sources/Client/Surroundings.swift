internal import Glibc
package import Model
package import Platform

/// All that a command takes from outside, so that tests hand in their own.
package struct Surroundings: Sendable {
  package var environment: [String: String]
  /// Absolute; nil when the current directory has been removed.
  package var directory: String?
  package var user: UInt32
  package var clock: any Clock
  /// Seconds east of UTC at a moment.
  package var zone: @Sendable (Timestamp) -> Int
  package var input: Int32
  package var output: Int32
  package var error: Int32
  package var isInputTerminal: Bool
  package var isOutputTerminal: Bool
  package var isErrorTerminal: Bool
  /// Columns of the terminal; nil where output is none.
  package var width: Int?

  package init(
    environment: [String: String], directory: String?, user: UInt32, clock: any Clock,
    zone: @escaping @Sendable (Timestamp) -> Int, input: Int32, output: Int32, error: Int32,
    isInputTerminal: Bool, isOutputTerminal: Bool, isErrorTerminal: Bool, width: Int?
  ) {
    self.environment = environment
    self.directory = directory
    self.user = user
    self.clock = clock
    self.zone = zone
    self.input = input
    self.output = output
    self.error = error
    self.isInputTerminal = isInputTerminal
    self.isOutputTerminal = isOutputTerminal
    self.isErrorTerminal = isErrorTerminal
    self.width = width
  }

  /// Those of this process.
  package static func ofProcess() -> Surroundings {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    return Surroundings(
      environment: processEnvironment(), directory: currentDirectory(), user: geteuid(), clock: SystemClock(),
      zone: localOffset, input: STDIN_FILENO, output: STDOUT_FILENO, error: STDERR_FILENO,
      isInputTerminal: isatty(STDIN_FILENO) == 1, isOutputTerminal: isTerminal,
      isErrorTerminal: isatty(STDERR_FILENO) == 1,
      width: isTerminal ? TerminalSize.of(STDOUT_FILENO)?.columns ?? 80 : nil)
  }

  private static func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      let text = unsafe String(cString: entry)
      if let sign = text.firstIndex(of: "=") {
        variables[String(text[..<sign])] = String(text[text.index(after: sign)...])
      }
      unsafe next += 1
    }
    return variables
  }

  private static func currentDirectory() -> String? {
    guard let path = unsafe getcwd(nil, 0) else { return nil }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  @Sendable private static func localOffset(_ time: Timestamp) -> Int {
    var seconds = time_t(time.milliseconds / 1000)
    var fields = unsafe tm()
    guard unsafe localtime_r(&seconds, &fields) != nil else { return 0 }
    return unsafe fields.tm_gmtoff
  }
}
