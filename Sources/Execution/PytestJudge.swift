internal import Model

/// From pytest's records, exit status and output to a verdict. Nothing that did not end in order is good.
struct PytestJudge {
  let leavings: RunLeavings
  let request: RunRequest
  private let records: PytestRecords

  init(leavings: RunLeavings, request: RunRequest) {
    self.leavings = leavings
    self.request = request
    records = PytestRecords(leavings.report ?? [])
  }

  var judgement: Judgement {
    switch leavings.outcome.end {
    case .notStarted, .stopped:
      return OutcomeWords.judgement(of: leavings.outcome, timeLimit: request.settings.budget.time)
        ?? Judgement(verdict: .error)
    case .overTime:
      return interrupted(.timedOut, OutcomeWords.overTime(request.settings.budget.time))
    case .signaled(let signal):
      let words = OutcomeWords.signal(signal)
      return interrupted(
        .error, records.isFinished ? "pytest finished, then its process was \(words)" : words)
    case .exited(let code):
      if !records.hasSession { return withoutRecords(code: code) }
      if !records.isFinished { return interrupted(.error, "pytest ended early with exit code \(code)") }
      return finished(code: code)
    }
  }

  private func finished(code: Int) -> Judgement {
    let verdicts = Set(records.cases.values.compactMap(\.verdict))
    let red: Verdict? = verdicts.contains(.failed) ? .failed : verdicts.contains(.error) ? .error : nil
    switch code {
    case 0:
      if let red { return judgement(red) }
      if !records.collectErrors.isEmpty { return judgement(.error) }
      if verdicts.contains(.passed) { return judgement(.passed) }
      return judgement(.skipped, note: verdicts.isEmpty ? "no test ran" : skipNote)
    case 1:
      if let red { return judgement(red) }
      if !records.collectErrors.isEmpty { return judgement(.error) }
      // A plugin said no (coverage below its limit, warnings as errors at the end).
      return judgement(
        .failed, saying: lastLine ?? "pytest failed without a failed test", note: "exit code 1")
    case 2:
      if !records.collectErrors.isEmpty { return judgement(.error, note: "its collection failed") }
      return judgement(
        red ?? .error, saying: interruption ?? lastLine ?? "interrupted", note: "pytest was interrupted")
    case 3:
      return judgement(
        .error, saying: records.internalError ?? lastLine ?? "internal error",
        note: "pytest had an internal error")
    case 4:
      return judgement(.error, saying: usageError, note: "pytest refused its command line or configuration")
    case 5:
      if let reason = records.skippedAtCollection { return judgement(.skipped, note: reason) }
      let why = records.deselected > 0 ? ": \(records.deselected) deselected" : ""
      return judgement(.skipped, note: "no tests collected\(why)")
    default:
      if let red { return judgement(red) }
      return judgement(.error, saying: lastLine ?? "exit code \(code)", note: "exit code \(code)")
    }
  }

  /// The plugin never came to work: pytest refused to start, or a command of the user's own kept it out.
  private func withoutRecords(code: Int) -> Judgement {
    let isOwn = request.settings.command == nil
    switch code {
    case 0 where !isOwn:
      return Judgement(verdict: .passed, note: "its cases are unknown: PYTEST_ADDOPTS did not reach pytest")
    case 1 where !isOwn: return judgement(.failed, saying: lastLine ?? "exit code 1", note: "exit code 1")
    case 5 where !isOwn: return Judgement(verdict: .skipped, note: "no tests collected")
    case 4:
      return judgement(.error, saying: usageError, note: "pytest refused its command line or configuration")
    default:
      return judgement(
        .error, saying: lastLine ?? "exit code \(code)", note: "pytest did not start (exit code \(code))")
    }
  }

  /// The process ended in the middle: whatever was running is to blame as far as we know.
  private func interrupted(_ verdict: Verdict, _ words: String) -> Judgement {
    let complaints =
      records.running.isEmpty
      ? [Failure(caseName: nil, message: words)]
      : records.running.map { Failure(caseName: caseName($0), message: words, file: request.path?.text) }
    return Judgement(
      verdict: verdict, cases: cases(unfinished: verdict), failures: complaints + failures, note: words)
  }

  private func judgement(_ verdict: Verdict, saying message: String? = nil, note: String? = nil) -> Judgement
  {
    Judgement(
      verdict: verdict, cases: cases(unfinished: .error),
      failures: failures + (message.map { [Failure(caseName: nil, message: $0)] } ?? []), note: note)
  }

  private func cases(unfinished: Verdict) -> [CaseResult] {
    records.names.map { name in
      let found = records.cases[name]
      let isRunning = records.running.contains(name)
      return CaseResult(
        name: caseName(name), verdict: isRunning ? unfinished : found?.verdict ?? unfinished,
        duration: isRunning ? nil : found?.duration)
    }
  }

  private var failures: [Failure] {
    let collected = records.collectErrors.map {
      Failure(caseName: nil, message: $0.message, file: $0.file ?? request.path?.text, line: $0.line)
    }
    let ran = records.names.flatMap { records.cases[$0]?.complaints ?? [] }.map {
      Failure(
        caseName: caseName($0.name), message: $0.message, file: $0.file ?? request.path?.text, line: $0.line)
    }
    return collected + ran
  }

  /// The reason why all cases were skipped, when they agree on one.
  private var skipNote: String? {
    let notes = Set(records.cases.values.compactMap(\.note))
    return notes.count == 1 ? notes.first : nil
  }

  /// The node id without its file, when that is the unit itself.
  private func caseName(_ node: String) -> String {
    guard let separator = node.utf8.firstRange(of: "::".utf8), let path = request.path else { return node }
    let file = node[..<separator.lowerBound]
    let isUnit = path.text == file || path.text.hasSuffix("/" + file) || file.hasSuffix("/" + path.text)
    let name = String(node[separator.upperBound...])
    return isUnit && !name.isEmpty ? name : node
  }

  private var lastLine: String? {
    OutputLines.lastMeaningful(in: leavings.output)
  }

  private var lines: [String] {
    leavings.output.suffix(64 << 10).split(separator: UInt8(ascii: "\n")).map { OutputLines.plain($0) }
  }

  /// pytest writes it between exclamation marks: `!!! _pytest.outcomes.Exit: enough !!!`.
  private var interruption: String? {
    guard let line = lines.last(where: { $0.hasPrefix("!!!") }) else { return nil }
    let words = line.split(separator: " ").filter { !$0.allSatisfy { $0 == "!" } }
    return words.first == "_pytest.outcomes.Exit:"
      ? words.dropFirst().joined(separator: " ") : words.joined(separator: " ")
  }

  private var usageError: String {
    let lines = lines
    if let line = lines.first(where: { $0.contains(": error: ") }),
      let mark = line.firstRange(of: ": error: ")
    {
      return String(line[mark.upperBound...])
    }
    if let line = lines.first(where: { $0.hasPrefix("E   ") }) {
      return OutputLines.plain(line.dropFirst(4).utf8)
    }
    if let line = lines.first(where: { $0.hasPrefix("ERROR: ") }) { return String(line.dropFirst(7)) }
    return lines.last { !$0.isEmpty } ?? "usage error"
  }
}
