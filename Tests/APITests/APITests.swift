import API
import Engine
import HTTP
import Model
import Platform
import Synchronization
import Testing
import Wire

@Suite struct `Answers` {
  static let failed =
    #"{"run":"r7","project":"shop","domain":"unit","unit":"tests/a.py","verdict":"failed","holds":true,"source":"run","clock":1042,"started":"2026-01-02T03:04:05.678Z","duration_ms":41,"attempts":1,"reason":{"kind":"new","paths":[],"text":"it has not run yet"},"cases":{"passed":0,"failed":0,"skipped":0},"failures":[],"usage":{"cpu_ms":null,"memory_peak_bytes":null},"isolation":"none","budget":"soft","tracing":"none"}"#

  static func problem(_ status: Int, _ code: String, _ title: String, _ detail: String, _ rest: String = "")
    -> String
  {
    #"{"type":"about:blank","title":"\#(title)","status":\#(status),"detail":"\#(detail)","code":"\#(code)"\#(rest)}"#
  }

  /// Method, target, body; status and the whole body.
  static let table: [(String, String, Int, String)] = [
    ("GET /health", "", 200, #"{"status":"alive"}"#),
    ("GET /ready", "", 200, #"{"ready":true}"#),
    ("GET /api/v1/status", "", 200, String(decoding: FakeDoor.status, as: UTF8.self)),
    ("GET /api/v1/status?project=shop", "", 200, String(decoding: FakeDoor.status, as: UTF8.self)),
    (
      "GET /api/v1/status?project=x", "", 404,
      problem(404, "unknown-project", "No such project", "no project is named x")
    ),
    (
      "GET /api/v1/domains", "", 200,
      #"{"clock":1042,"domains":[{"project":"shop","name":"unit","state":"red","queued":1,"running":2},{"project":"shop","name":"docs","state":"green","queued":0,"running":0}],"next_cursor":null}"#
    ),
    ("GET /api/v1/queues", "", 200, #"{"clock":1042,"queues":[],"next_cursor":null}"#),
    (
      "GET /api/v1/results?unit=tests/a.py&limit=5", "", 200,
      #"{"clock":1042,"results":[\#(failed)],"next_cursor":null}"#
    ),
    (
      "GET /api/v1/unit/results?unit=tests%2Fa.py", "", 200,
      #"{"clock":1042,"results":[\#(failed)],"next_cursor":null}"#
    ),
    (
      "GET /api/v1/files/results?file=/home/a/shop/tests/a.py", "", 200,
      #"{"clock":1042,"results":[\#(failed)],"next_cursor":null}"#
    ),
    (
      "GET /api/v1/files/status?file=tests/a.py&file=tests/b.py&file=none", "", 200,
      #"{"clock":1042,"files":[{"file":"tests/a.py","state":"red","units":[{"project":"shop","domain":"unit","unit":"tests/a.py","verdict":"failed"}]},{"file":"tests/b.py","state":"green","units":[{"project":"shop","domain":"unit","unit":"tests/b.py","verdict":"passed"}]},{"file":"none","state":"unknown","units":[]}],"next_cursor":null}"#
    ),
    (
      "GET /api/v1/files/status", "", 400,
      problem(400, "bad-request", "A wrong query", "`file` is missing", #","pointer":"/file""#)
    ),
    (
      "GET /api/v1/results?limit=0", "", 400,
      problem(
        400, "bad-request", "A wrong query", "`limit` is a whole number from 1 to 10000, not 0",
        #","pointer":"/limit""#)
    ),
    (
      "GET /api/v1/Unit/results", "", 404,
      problem(404, "unknown-domain", "No such domain", "no domain is named Unit")
    ),
    (
      "GET /api/v1/none/results", "", 404,
      problem(404, "unknown-domain", "No such domain", "no domain is named none")
    ),
    (
      "GET /api/v1/none/status", "", 404,
      problem(
        404, "unknown-domain", "No such domain", "no domain is named none",
        #","hint":"domains are: docs, unit""#)
    ),
    (
      "GET /api/v1/history", "", 400,
      problem(400, "bad-request", "A wrong query", "`unit` is missing", #","pointer":"/unit""#)
    ),
    (
      "GET /api/v1/changes?since=1040", "", 200,
      #"{"clock":1042,"fresh":false,"changes":[{"path":"src/cart.py","kind":"changed","clock":1041}]}"#
    ),
    (
      "GET /api/v1/changes?since=soon", "", 400,
      problem(
        400, "bad-request", "A wrong query", "`since` is a clock, a whole number from 0 on, not soon",
        #","pointer":"/since""#)
    ),
    (
      "GET /api/v1/changes?since=-1", "", 400,
      problem(
        400, "bad-request", "A wrong query", "`since` is a clock, a whole number from 0 on, not -1",
        #","pointer":"/since""#)
    ),
    (
      "GET /api/v1/changes", "", 400,
      problem(400, "bad-request", "A wrong query", "`since` is missing", #","pointer":"/since""#)
    ),
    (
      "GET /api/v1/runs/r7", "", 200, failed.replacing(#""failures""#, with: #""cases_detail":[],"failures""#)
    ),
    ("GET /api/v1/runs/r8", "", 404, problem(404, "unknown-run", "No such run", "no run r8 is kept")),
    ("GET /api/v1/runs/r7/log", "", 200, "log of r7\n"),
    ("GET /api/v1/runs/tests/a.py/log", "", 200, "log of tests/a.py\n"),
    ("GET /api/v1/runs/tests%2Fa.py/log", "", 200, "log of tests/a.py\n"),
    ("POST /api/v1/sync", #"{"seen":true}"#, 200, #"{"clock":1042,"state":"green"}"#),
    ("POST /api/v1/sync", "", 200, #"{"clock":1042,"state":"green"}"#),
    (
      "POST /api/v1/sync", #"{"seen":1}"#, 400,
      problem(
        400, "bad-request", "The body has the wrong shape", "/seen: must be true or false, not a number",
        #","pointer":"/seen""#)
    ),
    (
      "POST /api/v1/sync", "[1]", 400,
      problem(
        400, "bad-request", "The body has the wrong shape", "must be an object, not an array",
        #","pointer":"""#)
    ),
    (
      "POST /api/v1/sync", "{", 400,
      problem(
        400, "bad-json", "The body is not JSON",
        "the body is not JSON: a member starts with its name in quotes at byte 1")
    ),
    (
      "POST /api/v1/sync", #"{"project":"x"}"#, 404,
      problem(404, "unknown-project", "No such project", "no project is named x")
    ),
    (
      "POST /api/v1/sniff", #"{"domains":["unit","x"]}"#, 400,
      problem(400, "unknown-domain", "No such domain", "no domain is named x", #","pointer":"/domains/1""#)
    ),
    (
      "POST /sniff/domain", #"{"domain":"x"}"#, 400,
      problem(400, "unknown-domain", "No such domain", "no domain is named x", #","pointer":"/domain""#)
    ),
    (
      "POST /api/v1/x/sniff", "", 404,
      problem(404, "unknown-domain", "No such domain", "no domain is named x")
    ),
    (
      "POST /api/v1/X/sniff", "", 404,
      problem(404, "unknown-domain", "No such domain", "no domain is named X")
    ),
    (
      "POST /sniff/file", "{}", 400,
      problem(
        400, "bad-request", "Something is missing", "`file` is missing: what is to be tested",
        #","pointer":"/file""#)
    ),
    (
      "POST /api/v1/files/sniff", #"{"files":null}"#, 400,
      problem(
        400, "bad-request", "Something is missing", "`files` is missing: what is to be tested",
        #","pointer":"/files""#)
    ),
    (
      "POST /api/v1/sniff", #"{"units":[""]}"#, 400,
      problem(
        400, "bad-request", "The body has the wrong shape", "/units/0: must not be empty",
        #","pointer":"/units/0""#)
    ),
    ("POST /sniffing/start", "", 200, #"{"clock":1042}"#),
    ("POST /sniffing/stop?project=shop", #"{"project":"shop"}"#, 200, #"{"clock":1042}"#),
    ("DELETE /api/v1/runs/r7", "", 200, #"{"clock":1042}"#),
    ("DELETE /api/v1/runs/r404", "", 404, problem(404, "unknown-run", "No such run", "no such run")),
    ("POST /api/v1/projects", #"{"directory":"/a"}"#, 200, #"{"clock":1042}"#),
    (
      "POST /api/v1/projects", #"{"directory":"a"}"#, 400,
      problem(
        400, "bad-request", "Not an absolute path", "a project is added by its directory's absolute path",
        #","pointer":"/directory""#)
    ),
    ("DELETE /api/v1/projects/shop", "", 200, #"{"clock":1042}"#),
    ("GET /api/v1/jobs", "", 200, #"{"clock":1042,"jobs":[],"next_cursor":null}"#),
    (
      "GET /api/v1/jobs/j1", "", 404,
      problem(
        404, "unknown-job", "No such job", "no job j1 is kept", #","hint":"GET /api/v1/jobs lists them""#)
    ),
    (
      "POST /api/v1/fix", "{}", 501,
      problem(501, "not-available", "Not available", "fixing is not part of this version")
    ),
    (
      "GET /api/v1/suggestions", "", 501,
      problem(501, "not-available", "Not available", "suggestions are not part of this version")
    ),
    (
      "GET /api/v1/statsu", "", 404,
      problem(
        404, "unknown-path", "No such path", "nothing is served at /api/v1/statsu",
        #","hint":"did you mean /api/v1/status?""#)
    ),
    (
      "GET /elsewhere", "", 404,
      problem(404, "unknown-path", "No such path", "nothing is served at /elsewhere")
    ),
    ("POST /api/v1/batch", #"{"requests":[]}"#, 200, "[]"),
    (
      "POST /api/v1/batch", "{}", 400,
      problem(
        400, "bad-request", "The body has the wrong shape", "/requests: is missing",
        #","pointer":"/requests""#)
    ),
    (
      "POST /api/v1/batch", #"{"requests":[{"path":"/health"},{"path":"x"}]}"#, 400,
      problem(
        400, "bad-request", "The body has the wrong shape", "/requests/1/path: is no path",
        #","pointer":"/requests/1/path""#)
    ),
    (
      "POST /api/v1/batch",
      #"{"requests":[{"path":"/health"},{"method":"POST","path":"/api/v1/sync","body":{"seen":true}},{"path":"/api/v1/runs/r7/log"},{"path":"/api/v1/status"},{"method":"POST","path":"/api/v1/batch"},{"path":"/api/v1/events"},{"path":"/no"}]}"#,
      200,
      #"[{"status":200,"body":{"status":"alive"}},{"status":200,"body":{"clock":1042,"state":"green"}},{"status":200,"body":"log of r7\n"},{"status":200,"body":\#(String(decoding: FakeDoor.status, as: UTF8.self))},"#
        + #"{"status":400,"body":\#(problem(400, "bad-request", "Not in a batch", "a batch holds no batches and no streams"))},{"status":400,"body":\#(problem(400, "bad-request", "Not in a batch", "a batch holds no batches and no streams"))},{"status":404,"body":\#(problem(404, "unknown-path", "No such path", "nothing is served at /no"))}]"#
    ),
  ]

  @Test func `every answer is as it is written down`() throws {
    let rig = try Rig()
    for (line, body, status, expected) in Self.table {
      let words = line.split(separator: " ").map(String.init)
      let answer = try rig.ask(words[0], words[1], body)
      #expect(answer.status == status, "\(line) \(body)")
      #expect(answer.body == expected, "\(line) \(body)")
      let type =
        status >= 400
        ? "application/problem+json" : line.hasSuffix("/log") ? "text/plain" : "application/json"
      #expect(answer.head.contains("\r\nContent-Type: \(type)"), "\(line): \(answer.head)")
    }
  }

  @Test(arguments: [
    ("PUT", "/api/v1/status", "GET, HEAD"), ("DELETE", "/api/v1/sniff", "POST"),
    ("GET", "/api/v1/sniff", "POST"),
    ("POST", "/api/v1/jobs/j1", "GET, HEAD, DELETE"), ("BREW", "/api/v1/projects", "GET, HEAD, POST"),
    ("GET", "/api/v1/unit/sniff", "POST"), ("POST", "/health", "GET, HEAD"), ("GET", "/api/v1/fix", "POST"),
  ])
  func `a wrong method is told the right ones`(method: String, path: String, allowed: String) throws {
    let rig = try Rig()
    let answer = try rig.ask(method, path)
    #expect(answer.status == 405)
    #expect(answer.head.contains("\r\nAllow: \(allowed)"))
    #expect(try answer.json()["code"]?.string == "wrong-method")
  }

  @Test func `HEAD is GET without the body`() throws {
    let rig = try Rig()
    let answer = try rig.ask("HEAD", "/api/v1/status")
    #expect(answer.status == 200 && answer.body == "")
    #expect(answer.head.contains("\r\nContent-Length: \(FakeDoor.status.count)"))
    #expect(try rig.ask("HEAD", "/api/v1/events").status == 200)
    #expect(try rig.ask("HEAD", "/none").status == 404)
  }

  @Test func `a status that changes is sent as it is now, and one that is starting is 503`() throws {
    let rig = try Rig()
    #expect(try rig.ask("GET", "/api/v1/status").body.utf8.count == FakeDoor.status.count)
    rig.door.state.withLock { $0.status = Array(#"{"clock":1043}"#.utf8) }
    #expect(try rig.ask("GET", "/api/v1/status").body == #"{"clock":1043}"#)
    rig.door.state.withLock { $0.isReady = false }
    #expect(try rig.ask("GET", "/ready").status == 503)
  }

  @Test func `one domain's status has nothing of the others`() throws {
    let rig = try Rig()
    let docs = try rig.ask("GET", "/api/v1/docs/status").json()
    #expect(docs["clock"]?.integer == 1042 && docs["name"]?.string == "docs")
    #expect(docs["state"]?.string == "green" && docs["running"]?.integer == 0)
    let project = try #require(docs["projects"]?.array?.first)
    #expect(project["domains"]?.array?.count == 1 && project["failures"]?.array?.isEmpty == true)
    #expect(project["state"]?.string == "green" && project["name"]?.string == "shop")
    // Of two projects with the same domain the counts are added, and the worse state counts.
    let domain = #"{"name":"unit","state":"%","queued":2,"running":1}"#
    let two = ["green", "red"].map { #"{"name":"\#($0)","domains":[\#(domain.replacing("%", with: $0))]}"# }
    rig.door.state.withLock {
      $0.status = Array(#"{"clock":9,"projects":[\#(two.joined(separator: ","))]}"#.utf8)
    }
    let both = try rig.ask("GET", "/api/v1/unit/status").json()
    #expect(both["state"]?.string == "red" && both["queued"]?.integer == 4 && both["running"]?.integer == 2)
    #expect(both["projects"]?.array?.count == 2)
  }

  @Test func `queries and bodies reach the door as they were meant`() throws {
    let rig = try Rig()
    _ = try rig.ask("GET", "/api/v1/results?domain=unit&unit=a%3A%3Ab&verdict=failed&limit=7&cursor=c")
    _ = try rig.ask("POST", "/sniffing/stop", #"{"project":"shop"}"#)
    _ = try rig.ask("POST", "/sniffing/pause?project=shop")
    _ = try rig.ask("DELETE", "/api/v1/projects/a%2Fb%20c")
    rig.door.state.withLock { $0.isPaused = true }
    _ = try rig.ask("POST", "/sniff/file", #"{"file":"a.py","domains":["unit"]}"#)
    _ = try rig.ask("POST", "/api/v1/unit/sniff?project=shop", #"{"force":true,"domains":["other"]}"#)
    #expect(
      rig.door.asked == [
        "results unit a::b failed 7 c", #"stopSniffing(project: Optional("shop"))"#,
        #"pause(project: Optional("shop"))"#, #"removeProject(name: "a/b c")"#,
        #"sniff ["unit"] ["a.py"] [] false true -"#, #"sniff ["unit"] [] [] true true shop"#,
      ])
  }

  @Test func `the metrics count what was answered`() throws {
    let rig = try Rig()
    for _ in 0..<3 { _ = try rig.ask("GET", "/api/v1/runs/r7") }
    _ = try rig.ask("GET", "/nowhere/\(UInt32.random(in: 0...(.max)))")
    let text = try rig.ask("GET", "/metrics").body
    for line in [
      #"mcpd_http_requests_total{route="/api/v1/runs/{id}",status="200"} 3"#,
      #"mcpd_http_requests_total{route="none",status="404"} 1"#, #"mcpd_http_duration_seconds_count 4"#,
      #"mcpd_http_duration_seconds_bucket{le="+Inf"} 4"#, #"mcpd_running{project="shop",domain="unit"} 2"#,
      #"mcpd_queue_length{project="shop",domain="unit"} 1"#, #"mcpd_watch_directories{project="shop"} 7"#,
    ] {
      #expect(text.contains(line + "\n"), "\(line)")
    }
    #expect(text.contains("process_resident_memory_bytes ") && text.contains("process_cpu_seconds_total "))
  }
}
