internal import Model

/// The sentences about how runs end, the same for every runner.
enum OutcomeWords {
  private static let signals: [Int: String] = [
    1: "hang-up", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trap", 6: "abort", 7: "bus error",
    8: "arithmetic error", 9: "kill", 10: "user signal 1", 11: "segmentation fault", 12: "user signal 2",
    13: "broken pipe", 14: "alarm", 15: "termination", 24: "CPU time limit", 25: "file size limit",
    31: "bad system call",
  ]

  static func signal(_ number: Int) -> String {
    "killed by signal \(number)" + (signals[number].map { " (\($0))" } ?? "")
  }

  static func overTime(_ limit: Duration) -> String {
    "over its time of \(duration(limit))"
  }

  /// `250 ms`, `1.5 s`, `10 min`.
  static func duration(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    if milliseconds < 1000 { return "\(milliseconds) ms" }
    if milliseconds % 60_000 == 0 { return "\(milliseconds / 60_000) min" }
    if milliseconds % 1000 == 0 { return "\(milliseconds / 1000) s" }
    return "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
  }

  /// What is said of an outcome when nothing better is known; nil for a process that exited.
  static func judgement(of outcome: RunOutcome, timeLimit: Duration) -> Judgement? {
    switch outcome.end {
    case .exited, .signaled: nil
    case .overTime:
      Judgement(
        verdict: .timedOut, failures: [Failure(caseName: nil, message: overTime(timeLimit))],
        note: overTime(timeLimit))
    case .stopped: Judgement(verdict: .error, note: "stopped")
    case .notStarted(let why):
      Judgement(verdict: .error, failures: [Failure(caseName: nil, message: why)], note: why)
    }
  }
}
