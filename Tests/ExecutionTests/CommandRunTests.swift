import Model
import Platform
import Testing

@testable import Execution

@Suite struct `Commands under a supervisor` {
  struct Case: Sendable, CustomTestStringConvertible {
    let script: String
    let verdict: Verdict
    let note: String?
    var message: String?
    var testDescription: String { script }
  }

  @Test(arguments: [
    Case(script: "exit 0", verdict: .passed, note: nil),
    Case(
      script: "echo out; echo broken >&2; exit 3", verdict: .failed, note: "exit code 3", message: "broken"),
    Case(script: "kill -TERM $$", verdict: .failed, note: "killed by signal 15 (termination)"),
    Case(script: "kill -SEGV $$", verdict: .failed, note: "killed by signal 11 (segmentation fault)"),
    Case(script: "kill -KILL $$", verdict: .failed, note: "killed by signal 9 (kill)"),
    Case(script: "exec 0>&- 1>&- 2>&-; exit 7", verdict: .failed, note: "exit code 7"),
    Case(
      script: "echo 'src/a.c:12:3: error: expected x'; exit 1", verdict: .failed, note: "exit code 1",
      message: "error: expected x"),
    Case(script: "test \"$(cat | wc -c)\" = 0", verdict: .passed, note: nil),
    Case(script: "trap - TERM; test -z \"$(trap)\"", verdict: .passed, note: nil),
  ])
  func `end as they end`(_ row: Case) async throws {
    let bench = try Bench(files: ["src/a.c": "int x;\n"])
    let report = await bench.run(command: ["sh", "-c", row.script])
    #expect(report.end == .judged)
    #expect(report.judgement?.verdict == row.verdict)
    #expect(report.judgement?.note == row.note)
    if let message = row.message { #expect(report.judgement?.failures.first?.message == message) }
  }
}
