import Model
import Testing
import Wire

struct CodingTests {
  private func text(_ value: some WireWritable) -> String { String(decoding: value.encoded, as: UTF8.self) }
  private func json(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  private let failed = ResultBody(
    result: RunResult(
      run: RunID(Tick(1040)),
      unit: UnitID(project: ProjectName("shop"), domain: DomainName("unit")!, unit: "tests/test_cart.py"),
      verdict: .failed, clock: Tick(1042), started: Timestamp(milliseconds: 1_767_323_045_678),
      duration: .milliseconds(41),
      reason: Reason(.changed, paths: [RelativePath("src/cart.py")!], text: "src/cart.py changed"),
      cases: [CaseResult(name: "test_total", verdict: .failed, duration: .milliseconds(3))],
      failures: [
        Failure(caseName: "test_total", message: "assert 3 == 4", file: "tests/test_cart.py", line: 12)
      ],
      usage: Usage(cpu: .milliseconds(30), memoryPeakBytes: nil)),
    holds: true, log: nil)

  @Test func `a result has the documented keys`() {
    #expect(
      text(failed)
        == #"{"run":"r1040","project":"shop","domain":"unit","unit":"tests/test_cart.py","verdict":"failed","#
        + #""holds":true,"source":"run","clock":1042,"started":"2026-01-02T03:04:05.678Z","duration_ms":41,"#
        + #""attempts":1,"reason":{"kind":"changed","paths":["src/cart.py"],"text":"src/cart.py changed"},"#
        + #""cases":{"passed":0,"failed":1,"skipped":0},"failures":[{"case":"test_total","message":"assert 3 == 4","#
        + #""file":"tests/test_cart.py","line":12}],"usage":{"cpu_ms":30,"memory_peak_bytes":null},"#
        + #""isolation":"none","budget":"soft","tracing":"none"}"#)
  }

  @Test func `a result that does not hold is unknown and shows its last verdict`() throws {
    var stale = failed
    stale.holds = false
    let document = try JSON(parsing: stale.encoded)
    #expect(document["verdict"] == .null)
    #expect(document["holds"] == .bool(false))
    #expect(document["last"] == .string("failed"))
    let read = try ResultBody(json: document)
    #expect(read.verdict == nil)
    #expect(read.result.verdict == .failed)
  }

  @Test func `random results come back as they were written`() throws {
    var chance = Chance()
    for _ in 0..<500 {
      let body = chance.result()
      var writer = JSONWriter()
      body.write(to: &writer, withCases: true)
      #expect(try ResultBody(json: try JSON(parsing: writer.bytes)) == body, "seed \(chance.seed)")
      let short = try ResultBody(json: try JSON(parsing: body.encoded))
      #expect(short.result.cases.isEmpty && short.caseCounts == body.caseCounts, "seed \(chance.seed)")
    }
  }

  @Test func `pages, plans, changes and queues come back as they were written`() throws {
    var chance = Chance()
    for _ in 0..<100 {
      let body = chance.result()
      let assignment = Plan.Assignment(
        unit: body.result.unit, priority: chance.below(101), reason: body.result.reason)
      let changes = ChangesAnswer(
        clock: body.result.clock, fresh: chance.flip(),
        changes: ChangeKind.allCases.map { Change(path: chance.path(), kind: $0, tick: body.result.clock) })
      let plan = Plan(clock: body.result.clock, assignments: [assignment], recalled: chance.below(99))
      let queues = QueuesPage(
        clock: 7,
        queues: [
          QueuesPage.Entry(assignment: assignment, state: .running, run: "r1", started: body.result.started),
          QueuesPage.Entry(assignment: assignment, state: .waiting, waiting: "waits for lint"),
        ])
      let short = ResultsPage(clock: 5, results: [], nextCursor: chance.flip() ? chance.text() : nil)
      #expect(try ChangesAnswer(json: JSON(parsing: changes.encoded)) == changes, "seed \(chance.seed)")
      #expect(try Plan(json: JSON(parsing: plan.encoded)) == plan, "seed \(chance.seed)")
      #expect(try QueuesPage(json: JSON(parsing: queues.encoded)) == queues, "seed \(chance.seed)")
      #expect(try ResultsPage(json: JSON(parsing: short.encoded)) == short, "seed \(chance.seed)")
    }
  }

  @Test func `a status comes back as it was written, and unknown keys and words do no harm`() throws {
    let domain = Status.Domain(
      name: "unit", state: .red, units: 9, passed: 1, failed: 2, error: 3, timedOut: 4, skipped: 5, flaky: 6,
      unknown: 7,
      queued: 8, running: 10, budget: "soft", isolation: "full", tracing: "none", waiting: nil)
    let project = Status.Project(
      name: "shop", root: "/srv/shop", state: .red, sniffing: true,
      gate: Status.GateBody(isOpen: false, reason: "rebase", text: "closed: a rebase is under way"),
      watch: Status.Watch(mode: "inotify", directories: 3, files: 40, overflows: 1, rescans: 2),
      domains: [domain],
      failures: [
        Status.UnitFailure(
          domain: "unit", unit: "t.py", caseName: nil, verdict: "error", message: nil, file: nil, line: nil,
          since: "2026-01-02T03:04:05.678Z")
      ], failing: 1, degraded: [Status.Complaint(code: "polling", text: "14 are polled", hint: "raise it")])
    let status = Status(
      clock: 1042, state: .paused,
      daemon: Status.Daemon(
        version: "0.1.0", pid: 4, started: "2026-01-02T03:04:05.678Z", stateDirectory: "/s"),
      degraded: [], projects: [project])
    #expect(try Status(json: JSON(parsing: status.encoded)) == status)
    let newer = text(status).replacing(
      "\"clock\":1042,\"state\":\"paused\"", with: "\"new\":[{}],\"clock\":1042,\"state\":\"purple\"")
    var expected = status
    expected.state = .unknown
    #expect(try Status(json: json(newer)) == expected)
    #expect(
      throws: WireError(
        pointer: "/projects/0/domains/0/passed", reason: "must be a whole number, not a string")
    ) {
      try Status(json: json(text(status).replacing("\"passed\":1", with: "\"passed\":\"1\"")))
    }
  }

  @Test(arguments: [
    ("[]", "", "must be an object, not an array"),
    (#"{"domains":"unit"}"#, "/domains", "must be an array, not a string"),
    (#"{"domains":["unit",3]}"#, "/domains/1", "must be a string, not a number"),
    (#"{"files":[""]}"#, "/files/0", "must not be empty"),
    (#"{"force":"yes"}"#, "/force", "must be true or false, not a string"),
    (#"{"file":"a\u0000b"}"#, "/file", "must not contain a NUL character"),
  ])
  func `a sniff of the wrong shape is refused with the pointer`(body: String, pointer: String, reason: String)
  {
    guard case .failure(let problem) = SniffRequest.decode(Array(body.utf8)) else {
      Issue.record("it was taken")
      return
    }
    #expect(problem.status == 400 && problem.code == "bad-request" && problem.pointer == pointer)
    #expect(problem.detail.hasSuffix(reason))
  }

  @Test func `a sniff takes the short routes' singular names and ignores what it does not know`() throws {
    let body = #"{"file":"a.py","domain":"unit","domains":["docs"],"colour":1,"wait":false,"units":null}"#
    let request = try SniffRequest.decode(Array(body.utf8)).get()
    #expect(
      request.files == ["a.py"] && request.domains == ["unit", "docs"] && !request.wait
        && request.units == nil)
    #expect(try SniffRequest.decode([]).get() == SniffRequest())
    #expect(try SniffRequest.decode(request.encoded).get() == request)
    guard case .failure(let problem) = SniffRequest.decode(Array("{".utf8)) else {
      return #expect(Bool(false))
    }
    #expect(problem.code == "bad-json" && problem.detail.hasSuffix("at byte 1"))
  }

  @Test func `a problem comes back as it was written`() throws {
    let problem = Problem(
      status: 400, code: "unknown-domain", title: "Unknown domain", detail: "no domain `unti`",
      hint: "did you mean `unit`?",
      pointer: "/domains/0")
    #expect(try Problem(json: JSON(parsing: problem.encoded)) == problem)
    #expect(text(problem).hasPrefix(#"{"type":"about:blank","title":"Unknown domain","status":400,"#))
  }

  @Test(arguments: [
    (#"{}"#, #"{"id":7,"clock":7,"time":"1970-01-01T00:00:00.000Z","project":"shop","kind":"change"}"#),
    (
      #"{"path":"a,}\"]","clock":3,"kind":"x","deep":[{"id":1},"\\"]}"#,
      #"{"id":7,"time":"1970-01-01T00:00:00.000Z","project":"shop","kind":"change","path":"a,}\"]","clock":3,"deep":[{"id":1},"\\"]}"#
    ),
    (#"{"a":[}"#, #"{"id":7,"clock":7,"time":"1970-01-01T00:00:00.000Z","project":"shop","kind":"change"}"#),
    (#"{"a":"}"#, #"{"id":7,"clock":7,"time":"1970-01-01T00:00:00.000Z","project":"shop","kind":"change"}"#),
  ])
  func `an event's own members are merged behind its head`(body: String, document: String) throws {
    let event = Event(
      tick: Tick(7), time: Timestamp(milliseconds: 0), project: ProjectName("shop"), kind: .change,
      body: Array(body.utf8))
    #expect(text(event) == document)
    let read = try EventBody(json: json(document))
    #expect(read.id == 7 && read.kind == "change" && read.project == "shop")
  }

  @Test func `any event body leaves one whole event`() throws {
    var chance = Chance()
    for _ in 0..<1000 {
      let members = JSON.object([JSON.Member("a", chance.json()), JSON.Member("id", chance.json())])
      let event = Event(
        tick: Tick(7), time: Timestamp(milliseconds: 0), project: nil, kind: .plan, body: members.encoded)
      let read = try JSON(parsing: event.encoded)
      #expect(read["a"] == members["a"] && read["id"] == .integer(7), "seed \(chance.seed)")
    }
  }

  @Test func `a path that is not UTF-8 keeps its exact bytes beside it`() {
    let change = Change(path: RelativePath(unchecked: [0x61, 0xff]), kind: .created, tick: Tick(2))
    #expect(
      text(change) == "{\"path\":\"a\u{fffd}\",\"path_base64\":\"Yf8=\",\"kind\":\"created\",\"clock\":2}")
  }

  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("\u{fffd}", "77+9"),
  ])
  func `base64 goes both ways`(plain: String, encoded: String) {
    #expect(Base64.encode(Array(plain.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(plain.utf8))
  }

  @Test(arguments: ["Zg", "Zg=", "Z===", "====", "Zh==", "Zg==Zg==", "Zm9\n", "Zm9-"])
  func `base64 that is not canonical is refused`(encoded: String) {
    #expect(Base64.decode(encoded) == nil)
  }

  @Test func `times go both ways at every length of year and month`() {
    var chance = Chance()
    for _ in 0..<2000 {
      let time = Timestamp(
        milliseconds: Int64.random(in: -62_135_596_800_000...253_402_300_799_999, using: &chance))
      #expect(Timestamp(rfc3339: time.rfc3339) == time, "seed \(chance.seed)")
      var writer = JSONWriter()
      writer.value(time)
      #expect(String(decoding: writer.bytes, as: UTF8.self) == "\"\(time.rfc3339)\"", "seed \(chance.seed)")
    }
    #expect(Timestamp(rfc3339: "2026-01-02T05:04:05+02:00")?.rfc3339 == "2026-01-02T03:04:05.000Z")
    #expect(Timestamp(rfc3339: "2026-01-02T03:04:05.6789Z")?.rfc3339 == "2026-01-02T03:04:05.678Z")
    for wrong in [
      "", "2026", "2026-13-01T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:04:05",
      "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+0200",
    ] {
      #expect(Timestamp(rfc3339: wrong) == nil)
    }
  }
}
