import Glibc
import Model
import Platform
import Testing

@testable import Execution

@Suite struct `The supervisor's own words` {
  func run(_ arguments: [String]) throws -> (code: ChildProcess.End.Status, text: String) {
    let result = try Subprocess.run(
      ProcessStart(program: Bench.supervisor, arguments: [Bench.supervisor] + arguments, environment: []),
      timeLimit: .seconds(20), mergesErrors: true)
    return (result.status, String(decoding: result.output.content, as: UTF8.self))
  }

  @Test(arguments: [[], ["--help"], ["a", "b", "c"], ["/nowhere"]])
  func `wrong usage is exit code 2 and one sentence`(_ arguments: [String]) throws {
    let (code, text) = try run(arguments)
    #expect(code == .exited(code: 2))
    #expect(text.hasPrefix("mcpd-exec: ") && text.split(separator: "\n").count == 1)
  }

  @Test func `a malformed order is exit code 2 and says where`() throws {
    let bench = try Bench()
    for order in [[], Array("garbage".utf8), [UInt8](repeating: 0xff, count: 4096)] as [[UInt8]] {
      try Files.makeDirectory(bench.runs + "/r1")
      try Files.replace(bench.runs + "/r1/order", with: order)
      let (code, text) = try run([bench.runs + "/r1"])
      #expect(code == .exited(code: 2))
      #expect(text.contains("is no order: byte "))
    }
  }

  @Test func `a run has one supervisor`() async throws {
    let bench = try Bench()
    let request = bench.request(Bench.settings(command: ["sleep", "600"]))
    async let report = bench.run(request)
    let directory = RunDirectory(run: request.run, in: bench.runs)
    try await Bench.eventually { directory.holder != nil }
    let (code, text) = try run([directory.path])
    #expect(code == .exited(code: 3) && text.contains("another supervisor holds"))
    bench.executor.stop(request.run)
    _ = await report
  }
}
