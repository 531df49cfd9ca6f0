import Model
import Platform
import Testing

@testable import Execution

@Suite struct `What runs are told and tell` {
  @Test func `an env file is read as it is written`() throws {
    let text = """
      \u{feff}# comment
      PLAIN=a b  # comment
        export SPACED = x
      EMPTY=
      HASH=a#b
      SINGLE='$x \\n "'
      DOUBLE="a\\tb \\"q\\" \\$HOME \\z"
      MANY="one
      two" # end
      export=word
      AGAIN=1
      AGAIN=2\r
      """
    let entries = try DotEnv.parse(Array(text.utf8), file: ".env").get()
    #expect(
      entries.map { "\($0.name)=\($0.value)" } == [
        "PLAIN=a b", "SPACED=x", "EMPTY=", "HASH=a#b", "SINGLE=$x \\n \"", "DOUBLE=a\tb \"q\" $HOME \\z",
        "MANY=one\ntwo",
        "export=word", "AGAIN=1", "AGAIN=2",
      ])
  }

  @Test(arguments: [
    ("A=1\nnonsense\n", 2), ("=x", 1), ("1A=x", 1), ("\n\nA='open\nB=2", 3), ("A=\"x\" y", 1), ("export", 1),
  ])
  func `a malformed env file is refused with its line`(text: String, line: Int) {
    guard case .failure(let diagnostic) = DotEnv.parse(Array(text.utf8), file: ".env") else {
      Issue.record("accepted")
      return
    }
    #expect(diagnostic.place?.line == line && diagnostic.code == "env-file-malformed")
  }

  @Test(arguments: [
    (["run", "{unit}"], ["run", "t/a.sh"]), (["a={unit}:{unit}"], ["a=t/a.sh:t/a.sh"]),
    (["{project}/x"], ["/p/x"]),
    (["--to={report}"], ["--to=/r/report"]), (["{units}"], ["t/a.sh"]),
    (
      ["${unit}", "{other}", "{", "}{unit", "{{unit}}"],
      ["$t/a.sh", "{other}", "{", "}{unit", "{t/a.sh}"]
    ),
  ])
  func `a command's places are filled`(words: [String], filled: [String]) throws {
    #expect(
      try CommandTemplate(words).filled(for: Self.request(path: "pkg/t/a.sh"), report: "/r/report").get()
        == filled)
  }

  @Test func `a unit's own braces are not filled, an option-like name is no option, a name must be UTF-8`()
    throws
  {
    let braces = Self.request(path: "pkg/{project}")
    #expect(try CommandTemplate(["{unit}"]).filled(for: braces, report: "").get() == ["{project}"])
    #expect(try Self.request(path: "pkg/-x.py").unitArgument.get() == "./-x.py")
    let odd = Self.request(RelativePath(unchecked: [0xff, 0x2e]))
    #expect(throws: Diagnostic.self) { try odd.unitArgument.get() }
  }

  static func request(path: String) -> RunRequest { request(RelativePath(path)!) }

  static func request(_ path: RelativePath) -> RunRequest {
    let settings = Bench.settings(command: ["true"]) { $0.directory = RelativePath("pkg")! }
    return RunRequest(
      run: RunID(Tick(7)), unit: UnitID(project: ProjectName("p"), domain: settings.name, unit: path.text),
      path: path,
      clock: Tick(5), reason: Reason(.changed, paths: [path], text: "it changed"), attempt: 2,
      root: Array("/p".utf8),
      settings: settings)
  }

  @Test(
    arguments: [
      ("noise\nsrc/a.c:3:7: error: no x\nmake: *** [x] Error 1\n", "error: no x", "src/a.c", 3),
      ("/p/src/a.c:9: warning\nlast words\n", "last words", "src/a.c", 9),
      ("Traceback:\n  File \"src/a.c\", line 12, in f\nValueError: bad\n", "ValueError: bad", "src/a.c", 12),
      ("src/a.c: line 4: foo: command not found\n", "foo: command not found", "src/a.c", 4),
      ("    at Object.<anonymous> (src/a.c:1:2)\nnext\n", "next", "src/a.c", 1),
      ("/usr/x.c:3: error: elsewhere\n", "/usr/x.c:3: error: elsewhere", nil, nil),
      ("\u{1b}[31mred\u{1b}[0m words\n=======\n\n", "red words", nil, nil),
      ("only: colons: here: 12:30:45\n", "only: colons: here: 12:30:45", nil, nil),
      ("----\n\n", nil, nil, nil),
    ] as [(String, String?, String?, Int?)])
  func `the line that matters`(output: String, message: String?, file: String?, line: Int?) {
    let found = OutputLines.complaint(
      in: Array(output.utf8), root: Array("/p".utf8), directory: .root, isFile: { $0.text == "src/a.c" })
    #expect(found?.message == message && found?.file == file && found?.line == line)
  }

  @Test func `a line for people is short and plain`() {
    #expect(OutputLines.plain(Array("\t a\u{7}b\r \u{1b}]0;t\u{1b}[".utf8)) == "ab ]0;t")
    #expect(OutputLines.plain([UInt8](repeating: 0xff, count: 10_000)).count <= 300)
  }
}

@Suite struct `Bytes from outside` {
  /// A mutated copy: flips, cuts, insertions, huge numbers.
  static func mutated(_ bytes: [UInt8], _ random: inout Random) -> [UInt8] {
    var bytes = bytes
    for _ in 0...Int.random(in: 0..<4, using: &random) {
      let at = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0 where !bytes.isEmpty: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes.removeLast(min(bytes.count, Int.random(in: 0..<40, using: &random)))
      case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
      case 3 where bytes.count >= at + 8:
        bytes.replaceSubrange(at..<(at + 8), with: [UInt8](repeating: 0xff, count: 8))
      default: bytes.append(contentsOf: bytes.prefix(9))
      }
    }
    return bytes
  }

  @Test func `malformed records, orders and outcomes are refused, never trapped on`() throws {
    var random = Random.seeded()
    let request = ReadingTestsRequest.value
    let record = RunRecord(request)
    #expect(try RunRecord(decoding: record.encoded) == record)
    let order = RunOrder(
      run: request.run, command: ["a", "b"], directory: request.root, environment: ["A=1"],
      timeLimit: .seconds(1))
    #expect(try RunOrder(decoding: order.encoded) == order)
    let outcomes = [
      RunOutcome.End.exited(code: 3), .signaled(signal: 9), .overTime, .stopped, .notStarted("why"),
    ].map {
      RunOutcome(
        run: request.run, end: $0, started: Timestamp(milliseconds: 5), duration: .seconds(2),
        usage: Usage(cpu: .seconds(1), memoryPeakBytes: nil), outputDropped: 7, leftOver: 1)
    }
    for outcome in outcomes { #expect(try RunOutcome(decoding: outcome.encoded) == outcome) }
    var report = ByteWriter()
    report.write(["session", "9", "3"])
    report.write(["start", "t.py::a"])
    report.write(["phase", "t.py::a", "call", "failed", "", "12", "message", "t.py", "3"])
    report.write(["collect", "t.py", "failed", "m", "f", "1"])
    report.write(["finish"])
    for _ in 0..<3_000 {
      _ = try? RunRecord(decoding: Self.mutated(record.encoded, &random))
      _ = try? RunOrder(decoding: Self.mutated(order.encoded, &random))
      _ = try? RunOutcome(decoding: Self.mutated(outcomes[0].encoded, &random))
      let bytes = Self.mutated(report.bytes, &random)
      let leavings = RunLeavings(outcome: outcomes[0], report: bytes, output: bytes, isFile: { _ in true })
      #expect(PytestRunner().judge(leavings, of: request).verdict != .passed)
    }
  }

  @Test func `any text is read as configuration and as output without harm`() {
    var random = Random.seeded()
    let seeds = [
      "[tool.pytest.ini_options]\npython_files = [\"a\", 'b']\nx = \"\"\"\ny\"\"\"\n",
      "[pytest]\na = b\n  c\n#d\n",
      "A=1\nexport B='x'\nC=\"\\n\"\n", "a/b.c:12:3: error: x\nFile \"a\", line 3\n\u{1b}[3m",
    ]
    for _ in 0..<3_000 {
      let bytes = Self.mutated(Array(seeds.randomElement(using: &random)!.utf8), &random)
      let text = String(decoding: bytes, as: UTF8.self)
      for name in ["pyproject.toml", "pytest.toml", "tox.ini", "pytest.ini"] {
        _ = PytestConfiguration.parse(text, name: name)
      }
      _ = DotEnv.parse(bytes, file: "f")
      _ = OutputLines.complaint(in: bytes, root: [0x2f], directory: .root, isFile: { _ in true })
      _ = FNMatch.matches(bytes, Array(seeds[0].utf8))
    }
  }
}

enum ReadingTestsRequest {
  static let value: RunRequest = {
    var settings = Bench.pytest()
    settings.directory = .root
    let path = RelativePath("tests/t.py")!
    return RunRequest(
      run: RunID(Tick(7)), unit: UnitID(project: ProjectName("p"), domain: settings.name, unit: "ü"),
      path: path,
      clock: Tick(5), reason: Reason(.changed, paths: [path, .root], text: "it changed"), attempt: 2,
      root: Array("/p".utf8), settings: settings)
  }()
}

/// A small generator whose seed is printed, so that a failure can be replayed with `MCPD_SEED`.
struct Random: RandomNumberGenerator {
  var state: UInt64

  static func seeded() -> Random {
    let given = Bench.variable("MCPD_SEED").flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 1...UInt64.max)
    print("MCPD_SEED=\(seed)")
    return Random(state: seed)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}
