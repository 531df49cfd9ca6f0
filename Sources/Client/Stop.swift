package import Wire

/// Why a command ends early: its exit code, one sentence, and what to do about it.
package struct Stop: Error, Hashable, Sendable {
  package let code: ExitCode
  package let message: String
  package let hints: [String]
  /// What the daemon said, where it was the daemon: `--json` prints it.
  package let problem: Problem?

  package init(_ code: ExitCode, _ message: String, hints: [String] = [], problem: Problem? = nil) {
    self.code = code
    self.message = message
    self.hints = hints
    self.problem = problem
  }

  package static func usage(_ message: String, hints: [String] = []) -> Stop {
    Stop(.usage, message, hints: hints)
  }

  /// A problem that the daemon answered with.
  package init(_ problem: Problem) {
    let code: ExitCode =
      switch problem.status {
      case 401, 403, 409, 410, 423: .refused
      case 408, 504: .noVerdict
      case 501: .usage
      case 503: .noDaemon
      case 500...599: .defect
      default: .usage
      }
    var message = problem.detail.isEmpty ? problem.title : problem.detail
    if message.isEmpty { message = "the daemon refuses with \(problem.status)" }
    self.init(code, message, hints: problem.hint.map { [$0] } ?? [], problem: problem)
  }
}
