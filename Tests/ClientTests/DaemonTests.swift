import Client
internal import Glibc
import Model
import Platform
import Testing
import Wire

struct DaemonTests {
  private func page(_ results: [ResultBody]) -> String {
    String(decoding: ResultsPage(clock: 1042, results: results, nextCursor: nil).encoded, as: UTF8.self)
  }

  private static let status = String(decoding: Sample.red.encoded, as: UTF8.self)

  /// Answers every path that the map knows by its beginning.
  private func daemon(_ bench: Bench, _ answers: [String: [FakeDaemon.Step]]) throws -> FakeDaemon {
    try FakeDaemon(at: bench.socket) { request in
      let path = request.method + " " + request.target
      return answers.filter { path.hasPrefix($0.key) }.max { $0.key.count < $1.key.count }?.value
        ?? FakeDaemon.problem(
          404, "not-found", "no such path \(request.target)", hint: "look at /openapi.json")
    }
  }

  @Test(arguments: [
    (
      "not HTTP", [FakeDaemon.Step.send(Array("SSH-2.0-OpenSSH_9.2\r\n".utf8)), .hold], "does not speak HTTP"
    ),
    ("silence", [.close], "without an answer"),
    ("a cut head", [.send(Array("HTTP/1.1 200 OK\r\nCont".utf8)), .close], "ends within the head"),
    ("a cut body", [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{".utf8)), .close], "cut off"),
    (
      "a length beyond all bounds",
      [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\n".utf8)), .hold],
      "length of its answer is malformed"
    ),
    (
      "an endless head",
      [.send(Array("HTTP/1.1 200 OK\r\nX: ".utf8) + [UInt8](repeating: 0x61, count: 200_000)), .hold],
      "too long"
    ),
    ("no JSON", FakeDaemon.answer(200, "<html>"), "not JSON"),
    ("half a document", FakeDaemon.answer(200, "{\"clock\":1"), "not JSON"),
  ])
  func `what does not answer like mcpd is no daemon`(name: String, steps: [FakeDaemon.Step], reason: String)
    throws
  {
    let bench = Bench()
    let fake = try FakeDaemon(at: bench.socket) { _ in steps }
    defer { fake.end() }
    for line in ["status", "status --json"] {
      let outcome = bench.client(line)
      #expect(
        outcome.code == .noDaemon && outcome.error.contains(reason) && outcome.output.isEmpty,
        "\(name): \(outcome)")
    }
  }

  @Test func `JSON of another shape is a defect that is named by its place`() throws {
    let bench = Bench()
    let fake = try daemon(bench, ["GET /api/v1/status": FakeDaemon.answer(200, #"{"clock":"x"}"#)])
    defer { fake.end() }
    let outcome = bench.client("status")
    #expect(
      outcome.code == .defect && outcome.error.contains("/clock: must be a whole number from 0 on"),
      "\(outcome)")
  }

  @Test func `a daemon that says nothing is left in time`() throws {
    let bench = Bench()
    let fake = try daemon(
      bench, ["GET /api/v1/status": [.hold], "POST /api/v1/sync": [.hold], "POST /api/v1/sniff": [.hold]])
    defer { fake.end() }
    #expect(bench.client("--timeout 100ms status").code == .noDaemon)
    for line in ["sync", "sync --seen", "run --all"] {
      let outcome = bench.client(line + " --timeout 100ms")
      #expect(outcome.code == .noVerdict && outcome.error.contains("in time"), "\(line): \(outcome)")
    }
  }

  @Test func `a daemon that drips is left in time too`() throws {
    let bench = Bench()
    let drip: [FakeDaemon.Step] = [.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)), .hold]
    let fake = try daemon(bench, ["GET /api/v1/status": drip, "GET /api/v1/events": drip])
    defer { fake.end() }
    #expect(bench.client("--timeout 100ms status").code == .noDaemon)
  }

  @Test func `nobody listens, in each way that can be`() throws {
    let bench = Bench()
    let absent = bench.client("status")
    let text =
      "mcpd-client: no daemon listens on \(bench.socket)\n  start it: systemctl --user start mcpd     or, without systemd: mcpd --project .\n"
    #expect(absent == Outcome(code: .noDaemon, output: "", error: text))
    // A stale socket: its file is there, its daemon is not.
    let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) {
      unsafe $0.copyBytes(from: Array(bench.socket.utf8))
    }
    let bound = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(stale, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    close(stale)
    #expect(bound == 0 && bench.client("status") == absent)
    try Files.remove(bench.socket)
    try Files.replace(bench.socket, with: [])
    #expect(bench.client("status").code == .noDaemon)
    let long = bench.scratch.path + "/" + String(repeating: "x", count: 120)
    #expect(bench.client(["--socket", long, "status"]).code == .noDaemon)
    #expect(bench.client(["--socket", bench.scratch.path, "status"]).code == .noDaemon)
  }

  @Test func `someone else's socket is refused`() throws {
    var bench = Bench()
    let fake = try daemon(bench, ["GET /api/v1/status": FakeDaemon.answer(200, Self.status)])
    defer { fake.end() }
    // Root may go anywhere by name; this user is neither root nor the listener.
    bench.user = 54_321
    let outcome = bench.client("status")
    if geteuid() == 0 {
      #expect(outcome.code == .done, "root's socket is trusted: \(outcome)")
    } else {
      #expect(outcome.code == .refused && outcome.error.contains("listens on"), "\(outcome)")
    }
    #expect(throws: Never.self) { try SocketPath.check(bench.socket, user: geteuid()) }
    #expect { try SocketPath.check(bench.socket, user: 54_321) } throws: { ($0 as? Stop)?.code == .refused }
    let open = bench.scratch.path + "/open"
    _ = unsafe mkdir(open, 0o777)
    _ = unsafe chmod(open, 0o777)
    #expect { try SocketPath.check(open + "/mcpd.sock", user: geteuid()) } throws: {
      ($0 as? Stop)?.code == .refused
    }
    _ = unsafe symlink(bench.scratch.path, bench.scratch.path + "/link")
    #expect { try SocketPath.check(bench.scratch.path + "/link/mcpd.sock", user: geteuid()) } throws: {
      ($0 as? Stop)?.code == .refused
    }
  }

  @Test(arguments: [
    (["XDG_RUNTIME_DIR": "/run/user/7"], ["/run/user/7/mcpd/mcpd.sock", "/run/mcpd/7/mcpd.sock"]),
    (["XDG_RUNTIME_DIR": "/run/user/7/"], ["/run/user/7/mcpd/mcpd.sock", "/run/mcpd/7/mcpd.sock"]),
    (["XDG_RUNTIME_DIR": "run"], ["/tmp/mcpd-7/mcpd.sock", "/run/mcpd/7/mcpd.sock"]),
    ([:], ["/tmp/mcpd-7/mcpd.sock", "/run/mcpd/7/mcpd.sock"]),
    (["MCPD_SOCKET": "/a.sock", "XDG_RUNTIME_DIR": "/run/user/7"], ["/a.sock"]),
    (["MCPD_SOCKET": ""], ["/tmp/mcpd-7/mcpd.sock", "/run/mcpd/7/mcpd.sock"]),
  ])
  func `the socket is looked for where the daemon puts it`(environment: [String: String], paths: [String]) {
    #expect(SocketPath.candidates(option: nil, environment: environment, user: 7) == paths)
    #expect(SocketPath.candidates(option: "/b.sock", environment: environment, user: 7) == ["/b.sock"])
  }

  @Test(arguments: [
    (400, "unknown-domain", ExitCode.usage), (401, "no-token", .refused), (403, "forbidden", .refused),
    (404, "unknown-unit", .usage),
    (408, "too-slow", .noVerdict), (409, "paused", .refused), (410, "clock-expired", .refused),
    (413, "too-large", .usage),
    (500, "defect", .defect), (501, "not-available", .usage), (503, "starting", .noDaemon),
  ])
  func `a problem is told with its hint and its exit code`(status: Int, code: String, exit: ExitCode) throws {
    let bench = Bench()
    let steps = FakeDaemon.problem(status, code, "that does not go", hint: "do this")
    let fake = try FakeDaemon(at: bench.socket) { _ in steps }
    defer { fake.end() }
    let outcome = bench.client("--project shop queue")
    #expect(outcome == Outcome(code: exit, output: "", error: "mcpd-client: that does not go\n  do this\n"))
    let document = bench.client("--project shop queue --json")
    #expect(document.code == exit && document.output.contains("\"code\":\"\(code)\""), "\(document)")
  }

  @Test func `an error without a problem document is told all the same`() throws {
    let bench = Bench()
    let fake = try FakeDaemon(at: bench.socket) { _ in FakeDaemon.answer(500, "oops", type: "text/plain") }
    defer { fake.end() }
    let outcome = bench.client("queue")
    #expect(
      outcome.code == .defect && outcome.error == "mcpd-client: the daemon answers 500 without saying why\n")
  }

  @Test func `JSON is the API's document byte for byte, lines are its entries`() throws {
    let bench = Bench()
    let odd = #"{"clock":1042,  "results":[{"new":1},{"new":2}],"next_cursor":null,"more":[]}"#
    let fake = try daemon(
      bench, ["GET /api/v1/queues": FakeDaemon.answer(200, odd.replacing("results", with: "queues"))])
    defer { fake.end() }
    #expect(bench.client("queue --json").output == odd.replacing("results", with: "queues") + "\n")
    #expect(bench.client("queue --jsonl").output == "{\"new\":1}\n{\"new\":2}\n")
  }

  @Test(arguments: [
    ([Sample.result("a", .passed)], ExitCode.done),
    ([Sample.result("a", .passed), Sample.result("b", .skipped)], .done),
    ([Sample.result("a", .passed), Sample.result("b", .flaky)], .red),
    ([Sample.result("a", .timedOut)], .red), ([], .noVerdict),
    ([Sample.result("a", .passed, holds: false)], .noVerdict), ([Sample.result("a", nil)], .noVerdict),
    ([Sample.result("a", .passed, holds: false), Sample.result("b", .error)], .red),
  ])
  func `a run leaves with what the verdicts say`(results: [ResultBody], code: ExitCode) throws {
    let bench = Bench()
    let fake = try daemon(bench, ["POST /api/v1/sniff": FakeDaemon.answer(200, page(results))])
    defer { fake.end() }
    #expect(bench.client("run --all").code == code)
    #expect(bench.client("run --all --json").code == code)
    #expect(
      fake.requests.first?.body
        == #"{"project":"\#(bench.scratch.path)","all":true,"force":false,"wait":true}"#)
  }

  @Test(arguments: [
    (Status.State.green, ExitCode.done), (.red, .red), (.unknown, .noVerdict), (.running, .noVerdict),
    (.paused, .noVerdict),
  ])
  func `sync leaves with what the state says`(state: Status.State, code: ExitCode) throws {
    let bench = Bench()
    let answer = String(decoding: SyncAnswer(clock: 9, state: state).encoded, as: UTF8.self)
    let fake = try daemon(bench, ["POST /api/v1/sync": FakeDaemon.answer(200, answer)])
    defer { fake.end() }
    #expect(bench.client("sync") == Outcome(code: code, output: "\(state.rawValue)  clock 9\n", error: ""))
    #expect(bench.client("wait --seen") == Outcome(code: .done, output: "seen  clock 9\n", error: ""))
    #expect(bench.client("sync --json") == Outcome(code: code, output: answer + "\n", error: ""))
  }

  @Test func `a run names units, cases and paths as they are`() throws {
    let bench = Bench()
    try Files.makeDirectory(bench.scratch.path + "/src")
    try Files.replace(bench.scratch.path + "/src/a.py", with: [])
    let found = page([Sample.result("check", .passed)])
    let fake = try daemon(
      bench,
      [
        "GET /api/v1/results": FakeDaemon.answer(200, page([])),
        "GET /api/v1/results?project=\(Daemon.percentEncoded(bench.scratch.path))&unit=check":
          FakeDaemon.answer(200, found),
        "POST /api/v1/sniff": FakeDaemon.answer(200, found),
      ])
    defer { fake.end() }
    try Files.replace(bench.scratch.path + "/check", with: [])
    #expect(bench.client("run src/../src/a.py check nowhere.py a::b --domain unit").code == .done)
    let body = try #require(fake.requests.last?.body)
    #expect(
      body
        == #"{"project":"\#(bench.scratch.path)","domains":["unit"],"files":["\#(bench.scratch.path)/src/a.py"],"#
        + #""units":["check","nowhere.py","a::b"],"force":false,"wait":true}"#)
  }

  @Test func `outside every project what is looked at is all of them`() throws {
    let bench = Bench()
    let unknown = FakeDaemon.problem(404, "unknown-project", "no project holds this", hint: "add it")
    let fake = try daemon(
      bench,
      [
        "GET /api/v1/status?": unknown, "GET /api/v1/status": FakeDaemon.answer(200, Self.status),
        "POST /": unknown,
      ])
    defer { fake.end() }
    let whole = try FakeDaemon(at: bench.socket + "2") { request in
      request.target.contains("project") ? unknown : FakeDaemon.answer(200, Self.status)
    }
    defer { whole.end() }
    #expect(
      bench.client(["--socket", bench.socket + "2", "status"]).output.hasPrefix("shop  red   5 failing"))
    #expect(bench.client(["--socket", bench.socket + "2", "--project", "x", "status"]).code == .usage)
    #expect(bench.client("sync").code == .usage)
  }

  @Test func `results come in all forms, page after page`() throws {
    let bench = Bench()
    let first = ResultsPage(clock: 7, results: Array(Sample.results.prefix(3)), nextCursor: "c 1")
    let second = ResultsPage(clock: 8, results: Array(Sample.results.dropFirst(3)), nextCursor: nil)
    let fake = try FakeDaemon(at: bench.socket) { request in
      let page = request.target.contains("cursor=c%201") ? second : first
      return FakeDaemon.answer(200, String(decoding: page.encoded, as: UTF8.self))
    }
    defer { fake.end() }
    let table = bench.client("results")
    #expect(
      table.code == .red
        && table.output.contains("1 failed, 1 error, 1 timed out, 1 flaky, 1 passed, 1 skipped, 1 unknown"))
    for report in Report.allCases {
      #expect(bench.client("results --format \(report.rawValue)").output.count > 100)
    }
    let json = try JSON(parsing: Array(bench.client("results --json").output.utf8))
    #expect(
      json["clock"] == .integer(8) && json["results"]?.array?.count == 7 && json["next_cursor"] == .null)
    #expect(bench.client("results --limit 2 --jsonl").output.split(separator: "\n").count == 2)
    #expect(bench.client("results -k MAIL").code == .done)
    #expect(bench.client("results -k nothing").code == .usage)
  }

  @Test func `a server that pages in circles is left`() throws {
    let bench = Bench()
    let page = ResultsPage(clock: 7, results: [Sample.results[1]], nextCursor: "same")
    let fake = try FakeDaemon(at: bench.socket) { _ in
      FakeDaemon.answer(200, String(decoding: page.encoded, as: UTF8.self))
    }
    defer { fake.end() }
    #expect(bench.client("results").code == .done)
    #expect(fake.requests.count == 2)
  }

  @Test func `a unit that is not there is named with the nearest one`() throws {
    let bench = Bench()
    let all = page(Sample.results)
    let fake = try FakeDaemon(at: bench.socket) { request in
      if request.target.hasPrefix("/api/v1/status") { return FakeDaemon.answer(200, Self.status) }
      return FakeDaemon.answer(
        200, request.target.contains("unit=") ? #"{"clock":1,"results":[],"next_cursor":null}"# : all)
    }
    defer { fake.end() }
    let outcome = bench.client("results test_cart.py")
    #expect(
      outcome.code == .usage && outcome.error.contains("did you mean `tests/test_cart.py`?"), "\(outcome)")
  }

  private static func sse(_ events: [String], then: FakeDaemon.Step = .hold) -> [FakeDaemon.Step] {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    let chunks = events.map { event in
      let text = "id: 1\ndata: \(event)\n\n"
      return String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
    }
    return [.send(Array((head + chunks.joined()).utf8)), then]
  }

  private static func event(_ id: Int, _ kind: String = "change") -> String {
    #"{"id":\#(id),"clock":\#(id),"time":"2026-01-02T03:02:11.412Z","project":"shop","kind":"\#(kind)","path":"p\#(id)"}"#
  }

  @Test func `events end at the present clock, as a stream or as a page`() throws {
    for isPage in [true, false] {
      let bench = Bench()
      let list =
        "{\"clock\":1042,\"events\":["
        + [Self.event(5), Self.event(6, "plan"), Self.event(1042)].joined(separator: ",") + "]}"
      let fake = try daemon(
        bench,
        [
          "GET /api/v1/status": FakeDaemon.answer(200, Self.status),
          "GET /api/v1/events": isPage
            ? FakeDaemon.answer(200, list)
            : Self.sse([Self.event(5), Self.event(6, "plan"), Self.event(1042), Self.event(1043)]),
        ])
      defer { fake.end() }
      let outcome = bench.client("events --after 4 --kind change")
      #expect(
        outcome == Outcome(code: .done, output: Self.event(5) + "\n" + Self.event(1042) + "\n", error: ""))
      #expect(fake.requests.contains { $0.target.contains("since=4&kind=change") })
    }
  }

  @Test func `watch on a pipe prints lines until its time is over`() throws {
    let bench = Bench()
    let fake = try daemon(
      bench,
      [
        "GET /api/v1/status": FakeDaemon.answer(200, Self.status),
        "GET /api/v1/events": Self.sse([Self.event(1050)]),
      ])
    defer { fake.end() }
    let outcome = bench.client("watch --timeout 300ms")
    #expect(outcome.code == .done && outcome.output.hasSuffix("03:02:11.412  change   p1050\n"), "\(outcome)")
    #expect(bench.client("watch --jsonl --timeout 300ms").output == Self.event(1050) + "\n")
    #expect(bench.client("events --follow --timeout 300ms").output.hasSuffix(Self.event(1050) + "\n"))
  }

  @Test func `a log is passed through byte for byte`() throws {
    let bench = Bench()
    let log = "one\n\u{1b}[31mtwo\u{1b}[0m no newline"
    let fake = try daemon(
      bench,
      [
        "GET /api/v1/status": FakeDaemon.answer(200, Self.status),
        "GET /api/v1/history": FakeDaemon.answer(
          200, page([Sample.results[0]]).replacing("results", with: "runs")),
        "GET /api/v1/runs/r1040": FakeDaemon.answer(200, "{}"),
        "GET /api/v1/runs/r1040/log": FakeDaemon.answer(200, log, type: "text/plain"),
      ])
    defer { fake.end() }
    #expect(bench.client("log tests/test_cart.py") == Outcome(code: .done, output: log, error: ""))
    #expect(bench.client("log r1040") == Outcome(code: .done, output: log, error: ""))
  }

  @Test func `steering goes to the routes that others use`() throws {
    let bench = Bench()
    let fake = try FakeDaemon(at: bench.socket) { _ in FakeDaemon.answer(200, "{}") }
    defer { fake.end() }
    for line in [
      "start", "stop", "pause", "resume", "cancel r7", "projects add .", "projects remove my/shop",
    ] {
      #expect(bench.client(line).code == .done, "\(line)")
    }
    #expect(
      fake.requests.map { $0.method + " " + $0.target.prefix { $0 != "?" } } == [
        "POST /sniffing/start", "POST /sniffing/stop", "POST /sniffing/pause", "POST /sniffing/resume",
        "DELETE /api/v1/runs/r7", "POST /api/v1/projects", "DELETE /api/v1/projects/my%2Fshop",
      ])
    #expect(bench.client("projects add nowhere").code == .usage)
  }

  @Test func `a reader that goes away ends the output silently`() throws {
    let bench = Bench()
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    #expect(unsafe pipe(&ends) == 0)
    close(ends[0])
    let errors = try Files.open(bench.scratch.path + "/errors", [.readWrite, .create])
    #expect(bench.client(["help"], output: ends[1], error: errors.number) == .done)
    close(ends[1])
    #expect(try Files.read(bench.scratch.path + "/errors").isEmpty)
    // A full disk is something else.
    let full = try Files.open("/dev/full", .write)
    #expect(bench.client(["help"], output: full.number, error: errors.number) == .refused)
    #expect(
      String(decoding: try Files.read(bench.scratch.path + "/errors"), as: UTF8.self).contains(
        "cannot write the output"))
  }
}
