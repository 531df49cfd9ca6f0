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
    var file: String?
    var testDescription: String { script }
  }

  @Test(arguments: [
    Case(script: "exit 0", verdict: .passed, note: nil),
    Case(
      script: "echo out; echo broken >&2; exit 3", verdict: .failed, note: "exit code 3", message: "broken"),
    Case(script: "exit 255", verdict: .failed, note: "exit code 255", message: "exit code 255"),
    Case(script: "kill -HUP $$", verdict: .failed, note: "killed by signal 1 (hang-up)"),
    Case(script: "kill -ABRT $$", verdict: .failed, note: "killed by signal 6 (abort)"),
    Case(script: "kill -TERM $$", verdict: .failed, note: "killed by signal 15 (termination)"),
    Case(script: "kill -SEGV $$", verdict: .failed, note: "killed by signal 11 (segmentation fault)"),
    Case(script: "kill -KILL $$", verdict: .failed, note: "killed by signal 9 (kill)"),
    Case(script: "kill -40 $$", verdict: .failed, note: "killed by signal 40"),
    Case(script: "exec 0>&- 1>&- 2>&-; exit 7", verdict: .failed, note: "exit code 7"),
    Case(
      script: "echo 'src/a.c:12:3: error: expected x'; echo 'make: *** [all] Error 1'; exit 1",
      verdict: .failed,
      note: "exit code 1", message: "error: expected x", file: "src/a.c"),
    Case(script: "test \"$(cat | wc -c)\" = 0", verdict: .passed, note: nil),
    Case(script: "set -- /proc/$$/fd/*; test $# -le 4", verdict: .passed, note: nil),
    Case(script: "test $(cut -d' ' -f6 /proc/$$/stat) = $$", verdict: .passed, note: nil),
    Case(
      script: "touch $TMPDIR/x && test -n \"$MCPD_RUN\" && test \"$TERM$NO_COLOR\" = dumb1", verdict: .passed,
      note: nil),
    Case(
      script: "test -z \"$SSH_AUTH_SOCK$API_TOKEN$CI\" && test \"$LC_ALL\" = C.UTF-8", verdict: .passed,
      note: nil),
    Case(script: "test \"$ONE$TWO$THREE\" = 123 && test \"$PASSED\" = yes", verdict: .passed, note: nil),
  ])
  func `end as they end`(_ row: Case) async throws {
    var environment = Bench.environment
    environment.merge(
      ["SSH_AUTH_SOCK": "/x", "API_TOKEN": "t", "CI": "1", "LC_ALL": "C.UTF-8", "PASSED": "yes"]) { $1 }
    let bench = try Bench(
      files: ["src/a.c": "int x;\n", ".env.test": "ONE=1\nTWO='x'\n"], environment: environment)
    let report = await bench.run(command: ["sh", "-c", row.script]) { settings in
      settings.environmentFiles = [".env.test"]
      settings.environment = ["TWO": "2", "THREE": "3"]
      settings.passEnvironment = ["PASSED"]
    }
    #expect(report.end == .judged)
    #expect(report.judgement?.verdict == row.verdict, "\(String(decoding: report.output, as: UTF8.self))")
    #expect(report.judgement?.note == row.note)
    if let message = row.message { #expect(report.judgement?.failures.first?.message == message) }
    #expect(report.judgement?.failures.first?.file == row.file)
    #expect(report.usage.cpu != nil && report.outcome?.leftOver == 0)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let command: [String]
    let message: String
    var testDescription: String { "\(command)" }
  }

  @Test(arguments: [
    Refusal(
      command: ["no-such-program-here"], message: "no program `no-such-program-here` on the PATH of this run"),
    Refusal(command: ["/nowhere/at/all"], message: "No such file or directory"),
    Refusal(command: ["./plain.txt"], message: "it is not executable (chmod +x"),
    Refusal(
      command: ["./bad-shebang"],
      message: "its first line asks for /nowhere/interpreter, which does not exist"),
    Refusal(command: ["./no-shebang"], message: "it is no program of this machine and has no `#!` line"),
    Refusal(command: ["./folder"], message: "it is a directory"),
    Refusal(command: [], message: "the domain `checks` has no `command`"),
  ])
  func `that cannot start are errors with their reason`(_ row: Refusal) async throws {
    let bench = try Bench(files: ["plain.txt": "text", "folder/x": ""])
    try bench.write("bad-shebang", "#!/nowhere/interpreter -x\n", permissions: 0o755)
    try bench.write("no-shebang", "echo hi\n", permissions: 0o755)
    let report = await bench.run(command: row.command)
    #expect(report.end == .judged && report.judgement?.verdict == .error)
    let message = report.judgement?.failures.first?.message ?? ""
    #expect(message.contains(row.message), "\(message)")
  }

  @Test func `without their directory, their env file or their runner are errors`() async throws {
    let bench = try Bench()
    let gone = await bench.run(command: ["true"]) { $0.directory = RelativePath("gone")! }
    #expect(gone.judgement?.failures.first?.message.hasPrefix("cannot enter the directory") == true)
    let file = await bench.run(command: ["true"]) { $0.environmentFiles = ["absent.env"] }
    #expect(file.judgement?.failures.first?.message.contains("absent.env: No such file") == true)
    try bench.write("bad.env", "A=1\nB='open\n")
    let line = await bench.run(command: ["true"]) { $0.environmentFiles = ["bad.env"] }
    #expect(line.judgement?.failures.first?.line == 2)
    var settings = Bench.settings(command: ["true"])
    settings.runner = .cargo
    let runner = await bench.run(bench.request(settings))
    #expect(runner.judgement?.note?.contains("use `runner: command`") == true)
    #expect([gone, file, line, runner].allSatisfy { $0.judgement?.verdict == .error })
  }

  @Test func `inherit no ignored and no blocked signal`() async throws {
    let bench = try Bench()
    let report = await bench.run(command: ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"])
    let none = "0000000000000000"
    #expect(String(decoding: report.output, as: UTF8.self) == "SigBlk:\t\(none)\nSigIgn:\t\(none)\n")
  }

  @Test func `of 200 MB of output the beginning and the end are kept`() async throws {
    let bench = try Bench()
    let report = await bench.run(
      command: ["sh", "-c", "echo first; head -c 200000000 /dev/zero | tr '\\0' x; echo; echo last"])
    #expect(report.judgement?.verdict == .passed)
    let half = 512 << 10
    let dropped = UInt64(6 + 200_000_000 + 6 - 2 * half)
    #expect(report.outputDropped == dropped)
    #expect(report.output.starts(with: "first\nxxx".utf8))
    #expect(report.output.suffix(6).elementsEqual("\nlast\n".utf8))
    let gap = "\n[… \(dropped) bytes left out …]\n"
    #expect(report.output.count == 2 * half + gap.utf8.count)
    #expect(report.output.dropFirst(half).starts(with: gap.utf8))
  }

  @Test func `can be followed while they run, and their directory goes when they are discarded`() async throws
  {
    let bench = try Bench()
    let request = bench.request(
      Bench.settings(command: [
        "sh", "-c", "echo started; while test ! -e go; do sleep 0.01; done; echo done",
      ]))
    async let report = bench.run(request)
    let output = bench.executor.outputPath(of: request.run)
    try await Bench.eventually { (try? Files.read(output)) == Array("started\n".utf8) }
    try bench.write("go", "")
    #expect(await report.output == Array("started\ndone\n".utf8))
    bench.executor.discard(request.run)
    try await Bench.eventually { Files.kind(of: Files.parent(of: output)) == nil }
  }

  @Test func `one unit for each match of include, with the unit filled in`() async throws {
    let bench = try Bench(files: [
      "a/one.sh": "echo ran one", "a/b/two.sh": "echo ran two; exit 1", "c.sh": "",
    ])
    let settings = Bench.settings(command: ["sh", "{unit}"]) { $0.include = ["a/**/*.sh"] }
    let files = ["a/one.sh", "a/b/two.sh", "c.sh"].map { RelativePath($0)! }
    let units = CommandRunner().units(settings, in: ProjectFiles(files: files, read: { _ in nil }))
    #expect(units.map(\.name) == ["a/b/two.sh", "a/one.sh"])
    let reports = [
      await bench.run(bench.request(settings, path: units[0].name)),
      await bench.run(bench.request(settings, path: units[1].name)),
    ]
    #expect(reports.map { $0.judgement?.verdict } == [.failed, .passed])
    #expect(reports.map { String(decoding: $0.output, as: UTF8.self) } == ["ran two\n", "ran one\n"])
  }
}
