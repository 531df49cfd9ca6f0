import Client
import Model
import Wire

/// Fixed values to draw: a red project with everything in it, and results of every kind.
enum Sample {
  static let started = Timestamp(milliseconds: 1_767_322_931_412)  // 2026-01-02T03:02:11.412Z

  static func domain(
    _ name: String, passed: Int = 0, failed: Int = 0, timedOut: Int = 0, skipped: Int = 0, flaky: Int = 0,
    unknown: Int = 0, queued: Int = 0, running: Int = 0, waiting: String? = nil, state: Status.State = .green
  ) -> Status.Domain {
    Status.Domain(
      name: name, state: state, units: passed + failed + timedOut + skipped + flaky + unknown, passed: passed,
      failed: failed, error: 0, timedOut: timedOut, skipped: skipped, flaky: flaky, unknown: unknown,
      queued: queued,
      running: running, budget: "cgroup", isolation: "full", tracing: "none", waiting: waiting)
  }

  static func project(
    _ name: String, _ state: Status.State, domains: [Status.Domain], failures: [Status.UnitFailure] = [],
    failing: Int = 0, gate: Status.GateBody = Status.GateBody(isOpen: true, reason: nil, text: "open"),
    sniffing: Bool = true, degraded: [Status.Complaint] = []
  ) -> Status.Project {
    Status.Project(
      name: name, root: "/srv/\(name)", state: state, sniffing: sniffing, gate: gate,
      watch: Status.Watch(mode: "mixed", directories: 14, files: 120, overflows: 0, rescans: 0),
      domains: domains,
      failures: failures, failing: failing, degraded: degraded)
  }

  static func status(_ projects: [Status.Project], degraded: [Status.Complaint] = []) -> Status {
    Status(
      clock: 1042, state: .red,
      daemon: Status.Daemon(
        version: "0.1.0", pid: 4711, started: "2026-01-02T03:00:00.000Z", stateDirectory: "/s"),
      degraded: degraded, projects: projects)
  }

  static let red = status(
    [
      project(
        "shop", .red,
        domains: [
          domain(
            "unit", passed: 96, failed: 1, timedOut: 1, skipped: 2, flaky: 1, queued: 1, running: 3,
            state: .red),
          domain("functional", passed: 22, waiting: "waits for unit"),
          domain("docs", unknown: 4, state: .unknown),
          domain("empty"),
        ],
        failures: [
          Status.UnitFailure(
            domain: "unit", unit: "tests/test_cart.py", caseName: "test_total", verdict: "failed",
            message: "assert 3 == 4", file: "tests/test_cart.py", line: 12, since: "2026-01-02T03:02:11.412Z"),
          Status.UnitFailure(
            domain: "unit", unit: "tests/test_mail.py", caseName: "test_subject", verdict: "failed",
            message: "KeyError: 'to' in a template that goes on and on and says much more than fits",
            file: "src/mail.py", line: 40, since: "2026-01-01T23:00:00.000Z"),
          Status.UnitFailure(
            domain: "unit", unit: "tests/evil\u{1b}[31m.py", caseName: nil, verdict: "timed-out",
            message: nil,
            file: nil, line: nil, since: "yesterday"),
        ], failing: 5),
      project(
        "blog", .paused, domains: [],
        gate: Status.GateBody(isOpen: false, reason: "rebase", text: "a rebase is under way"),
        sniffing: false,
        degraded: [
          Status.Complaint(
            code: "polling", text: "14 directories are polled: the watch limit (192536) is used up",
            hint: "raise it: sudo sysctl fs.inotify.max_user_watches=524288")
        ]),
    ], degraded: [Status.Complaint(code: "soft", text: "budgets are soft", hint: nil)])

  static func result(
    _ unit: String, _ verdict: Verdict?, holds: Bool = true, source: VerdictSource = .run,
    milliseconds: Int = 41,
    domain: String = "unit", cases: [CaseResult] = [], failures: [Failure] = [], note: String? = nil,
    discarded: Bool = false
  ) -> ResultBody {
    ResultBody(
      result: RunResult(
        run: RunID(Tick(1040)),
        unit: UnitID(project: ProjectName("shop"), domain: DomainName(domain)!, unit: unit), verdict: verdict,
        source: source, clock: Tick(1042), started: started, duration: .milliseconds(milliseconds),
        reason: Reason(.changed, text: "src/cart.py changed"), cases: cases, failures: failures,
        discarded: discarded, note: note), holds: holds, log: nil)
  }

  static let results = [
    result(
      "tests/test_cart.py", .failed,
      cases: [
        CaseResult(name: "test_total", verdict: .failed, duration: .milliseconds(3)),
        CaseResult(name: "test_empty <&\">", verdict: .passed, duration: nil),
        CaseResult(name: "test_later", verdict: .skipped, duration: nil),
      ],
      failures: [
        Failure(caseName: "test_total", message: "assert 3 == 4", file: "tests/test_cart.py", line: 12),
        Failure(
          caseName: "test_more", message: "=cmd(), \"quoted\"\nand a second line", file: nil, line: nil),
      ]),
    result("tests/test_mail.py", .passed, source: .cache, milliseconds: 1930),
    result("tests/test_slow.py", .timedOut, milliseconds: 65_000, note: "over its time of 60 s"),
    result("tests/test_old.py", .passed, holds: false), result("check # 1", .skipped, domain: "make"),
    result(
      "tests/test_böse\u{1b}[2J.py", .error,
      failures: [
        Failure(caseName: nil, message: "killed by signal 9", file: "/usr/lib/python 3/x.py", line: 7)
      ]),
    result("tests/test_flaky.py", .flaky, milliseconds: 3_840_000),
  ]

  static func event(_ json: String) throws -> EventBody {
    try EventBody(json: try JSON(parsing: Array(json.utf8)))
  }

  static let time = HumanTime(now: BenchClock.wall, zone: { _ in 0 })
}
