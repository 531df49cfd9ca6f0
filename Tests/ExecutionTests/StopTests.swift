import Glibc
import Model
import Platform
import Testing

@testable import Execution

@Suite struct `Runs that do not want to end` {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let program: String
    let verdict: Verdict
    var leftOver = 0
    var limit = Duration.seconds(60)
    var testDescription: String { name }
  }

  @Test(arguments: [
    Case(
      name: "sleeps", program: "import time; time.sleep(600)", verdict: .timedOut, limit: .milliseconds(300)),
    Case(
      name: "ignores TERM",
      program: "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)",
      verdict: .timedOut, limit: .milliseconds(1000)),
    Case(
      name: "stops itself", program: "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
      verdict: .timedOut,
      limit: .milliseconds(300)),
    Case(
      name: "leaves a child that holds the pipe",
      program: "import os, time\nif os.fork() == 0: time.sleep(600)\n", verdict: .passed, leftOver: 1),
    Case(
      name: "leaves a daemon",
      program: """
        import os, signal, time
        if os.fork() == 0:
            os.setsid()
            signal.signal(15, signal.SIG_IGN); signal.signal(1, signal.SIG_IGN)
            if os.fork() == 0:
                print("still here", flush=True)
                while True: time.sleep(600)
            os._exit(0)
        os.wait()
        """, verdict: .passed, leftOver: 1),
    Case(
      name: "leaves stopped children in sessions of their own",
      program: """
        import os, signal, time
        for i in range(5):
            if os.fork() == 0:
                os.setsid()
                os.kill(os.getpid(), signal.SIGSTOP)
                time.sleep(600)
        time.sleep(0.2)
        """, verdict: .passed, leftOver: 5),
    Case(
      name: "leaves a chain that runs away from whoever looks for it",
      program: """
        import os
        if os.fork() == 0:
            while os.fork() == 0: pass
            os._exit(0)
        """, verdict: .passed, leftOver: -1),
    Case(
      name: "leaves a child that ends by itself in a moment",
      program: "import os, time\nif os.fork() == 0:\n    time.sleep(0.05); print('late', flush=True)\n",
      verdict: .passed),
    Case(
      name: "grows a crowd",
      program: """
        import os, time
        for i in range(7): os.fork()
        time.sleep(600)
        """, verdict: .timedOut, leftOver: 127, limit: .milliseconds(600)),
  ])
  func `are ended, and nothing of them is left`(_ row: Case) async throws {
    let bench = try Bench(files: ["run.py": row.program])
    let request = bench.request(
      Bench.settings(command: ["python3", "run.py"]) { settings in
        settings.budget.time = row.limit
        // Not a shim, which would have children of its own.
        settings.environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
      })
    let report = await bench.run(request)
    #expect(report.judgement?.verdict == row.verdict)
    if row.leftOver >= 0 && row.name != "grows a crowd" { #expect(report.outcome?.leftOver == row.leftOver) }
    #expect(bench.left(of: request).isEmpty)
    if row.name == "ignores TERM" { #expect(report.duration >= .seconds(3)) }
    if row.verdict == .timedOut { #expect(report.judgement?.note?.hasPrefix("over its time of ") == true) }
  }

  @Test func `a stop ends the run without a judgement`() async throws {
    let bench = try Bench()
    let request = bench.request(Bench.settings(command: ["sh", "-c", "echo up; sleep 600 & sleep 600"]))
    async let report = bench.run(request)
    let output = bench.executor.outputPath(of: request.run)
    try await Bench.eventually { (try? Files.read(output)) == Array("up\n".utf8) }
    bench.executor.stop(request.run)
    let ended = await report
    #expect(ended.end == .stopped && ended.judgement == nil && ended.outcome?.end == .stopped)
    #expect(bench.left(of: request).isEmpty)
  }

  @Test func `a stop at any moment of the start is a stop`() async throws {
    let bench = try Bench()
    for delay in 0..<30 {
      let request = bench.request(Bench.settings(command: ["sleep", "600"]))
      let report = await withCheckedContinuation { continuation in
        bench.executor.start(request) { continuation.resume(returning: $0) }
        // Spread over the first milliseconds; no moment of them may be the wrong one.
        usleep(UInt32(delay * 200))
        bench.executor.stop(request.run)
      }
      #expect(report.end == .stopped)
    }
  }

  @Test func `a stop before the start starts nothing`() async throws {
    let bench = try Bench()
    let request = bench.request(Bench.settings(command: ["sh", "-c", "touch ran"]))
    let slow = bench.request(Bench.settings(command: ["true"]))
    async let first = bench.run(slow)
    let report = await withCheckedContinuation { continuation in
      bench.executor.start(request) { continuation.resume(returning: $0) }
      bench.executor.stop(request.run)
    }
    #expect(report.end == .stopped)
    #expect(await first.judgement?.verdict == .passed)
  }

  @Test func `shutdown without leaving stops all of them and reports each`() async throws {
    let bench = try Bench()
    let reports = await withTaskGroup(of: RunReport.self) { group in
      for _ in 0..<4 {
        let request = bench.request(Bench.settings(command: ["sleep", "600"]))
        group.addTask { await bench.run(request) }
      }
      try? await Bench.eventually { (try? Files.names(in: bench.runs).count) == 4 }
      bench.executor.shutdown(leaveRunning: false)
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(reports.map(\.end) == [.stopped, .stopped, .stopped, .stopped])
  }

  @Test func `a supervisor that is killed is said, and takes the run along`() async throws {
    let bench = try Bench()
    let request = bench.request(
      Bench.settings(command: ["sh", "-c", "setsid sleep 600 & sleep 600 & echo up; wait"]))
    async let report = bench.run(request)
    let directory = RunDirectory(run: request.run, in: bench.runs)
    try await Bench.eventually { (try? Files.read(directory.output)) == Array("up\n".utf8) }
    try #require(directory.holder).signal(SIGKILL)
    let ended = await report
    #expect(ended.end == .supervisorDied && ended.judgement?.verdict == .error)
    #expect(ended.judgement?.note == "its supervisor died: killed by signal 9 (kill)")
    #expect(bench.left(of: request).isEmpty)
  }
}
