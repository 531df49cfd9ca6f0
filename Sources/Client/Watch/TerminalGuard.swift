internal import Glibc

/// Leaves the terminal as it was, whatever ends the process: the end of a command, Ctrl-C, a kill, a stop, a trap.
///
/// The state is global because signal handlers can reach nothing else. It is written on the main thread before the
/// handlers that read it are installed, and only plain values are read there.
@safe package enum TerminalGuard {
  nonisolated(unsafe) private static var original = termios()
  nonisolated(unsafe) private static var raw = termios()
  nonisolated(unsafe) private static var isRaw = false
  /// A line of progress stands on standard error.
  nonisolated(unsafe) package static var hasProgress = false
  /// The process was stopped and goes on, or the window changed: all must be drawn anew.
  nonisolated(unsafe) package static var needsDrawing = false

  /// The alternate screen without a cursor, and back.
  private static let enter: StaticString = "\u{1b}[?1049h\u{1b}[?25l"
  private static let leave: StaticString = "\u{1b}[?25h\u{1b}[?1049l"
  private static let clearLine: StaticString = "\r\u{1b}[K"
  private static let defect: StaticString =
    "mcpd-client: a defect: this must not happen; please report it with what you typed\n"

  /// Ctrl-C ends at once with 130, a trap with 70; a reader that goes away is seen by `write`.
  package static func install() {
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
      // What was ignored stays so (nohup).
      let before = signal(number, { TerminalGuard.end($0) })
      if before.map({ unsafe unsafeBitCast($0, to: Int.self) }) == 1 { signal(number, SIG_IGN) }
    }
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
      signal(
        number,
        { _ in
          TerminalGuard.restore()
          TerminalGuard.write(STDERR_FILENO, TerminalGuard.defect)
          _exit(ExitCode.defect.rawValue)
        })
    }
  }

  private static func end(_ number: Int32) {
    restore()
    if unsafe hasProgress { write(STDERR_FILENO, clearLine) }
    _exit(number == SIGINT ? ExitCode.interrupted.rawValue : 128 + number)
  }

  /// One key at a time, without echo; Ctrl-C and Ctrl-Z stay signals. False where the terminal refuses.
  package static func enterRaw() -> Bool {
    guard unsafe tcgetattr(STDIN_FILENO, &original) == 0 else { return false }
    unsafe raw = original
    unsafe raw.c_lflag &= ~UInt32(ICANON | ECHO)
    unsafe raw.c_iflag &= ~UInt32(IXON | ICRNL)
    unsafe withUnsafeMutableBytes(of: &raw.c_cc) {
      unsafe $0[Int(VMIN)] = 0
      unsafe $0[Int(VTIME)] = 0
    }
    unsafe isRaw = true
    signal(SIGTSTP, { _ in TerminalGuard.stop() })
    signal(SIGWINCH, { _ in unsafe TerminalGuard.needsDrawing = true })
    unsafe tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
    write(STDOUT_FILENO, enter)
    return true
  }

  package static func leaveRaw() {
    restore()
    signal(SIGTSTP, SIG_DFL)
    signal(SIGWINCH, SIG_DFL)
  }

  private static func restore() {
    if unsafe !isRaw { return }
    unsafe isRaw = false
    write(STDOUT_FILENO, leave)
    unsafe tcsetattr(STDIN_FILENO, TCSANOW, &original)
  }

  /// Ctrl-Z: the shell gets its terminal as it was; `fg` comes back here.
  private static func stop() {
    restore()
    kill(getpid(), SIGSTOP)
    unsafe isRaw = true
    unsafe tcsetattr(STDIN_FILENO, TCSANOW, &raw)
    write(STDOUT_FILENO, enter)
    unsafe needsDrawing = true
  }

  private static func write(_ descriptor: Int32, _ text: StaticString) {
    unsafe _ = Glibc.write(descriptor, text.utf8Start, text.utf8CodeUnitCount)
  }
}
