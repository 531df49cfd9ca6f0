import Configuration
import Model
import Testing

/// A text, and what is said of it: `LINE:COL code`, in order.
struct MistakeCase: Sendable, CustomTestStringConvertible {
  let text: String
  let expected: [String]
  init(_ text: String, _ expected: String...) {
    self.text = text
    self.expected = expected
  }
  var testDescription: String { text.debugDescription }
}

/// The lines of a domain `unit`.
private func unit(_ lines: String...) -> String {
  "domains:\n  unit:\n    runner: pytest\n" + lines.map { "    \($0)\n" }.joined()
}

private let right: [MistakeCase] = [
  .init(""), .init("\n\n"), .init("# only a comment"), .init("---\n"), .init("---\nversion: 1\n...\n"),
  .init("domains: {}"),
  .init("domains:\n"), .init("{}"), .init("~"), .init("{\"version\": 1, \"domains\": {}}"),
  .init("\u{feff}version: 1\r\nname: a\r\n"),
  .init("x-common: &c {runner: pytest, parallel: 2}\ndomains:\n  a: *c\n  b: {<<: *c, parallel: 3}\n"),
  .init("x-a: &a {warm: true}\nx-b: &b {runner: pytest}\ndomains: {u: {<<: [*a, *b]}}"),
  .init(unit("on: [save, commit, push, manual, every 6h]")), .init(unit("parallel: 256")),
  .init(unit("parallel: 1")),
  .init(unit("retries: 2")), .init(unit("cache: {max_age: 7d}")), .init(unit("cache: false")),
  .init(unit("writes: [.cache/, a/../b, .]")), .init(unit("reads: [~/.cargo, /opt/x, data]")),
  .init(unit("reach: [localhost:5432, \"unix:/var/run/docker.sock\", \"[::1]:80\"]")),
  .init(
    unit("budget: {cpu: 150%, memory: 512MiB, processes: 200, io_weight: 100, time: 60s, total_time: 10m}")),
  .init(unit("quarantine: [{unit: tests/test_x.py, until: 2024-02-29}]")),
  .init(unit("command: [sh, -c, \"echo ${HOME} {} {a,b} {{end}} { unit }\"]")),
  .init(unit("command: [a, \"{unit}\", \"{units}\", \"{project}\", \"{report}\"]")),
  .init(unit("args: [-n, 4, true, 1.5]")),
  .init("name: ünï"), .init("name: '12'"),
  .init("limits: {machine_cpu: 80%, machine_memory: 0.8, disk: 20GiB}"),
  .init(unit("environment: {A: \"\", _b1: 0}")), .init("settle: {quiet: 0ms, at_most: 1.5s}"),
]

private let wrong: [MistakeCase] = [
  // The document.
  .init("version: 1\nversion: 1", "2:1 duplicate-key"), .init("a: 1", "1:1 unknown-key"),
  .init("---\na\n---\nb\n", "2:1 wrong-type", "3:1 second-document"),
  .init("version: 1\n...\nversion: 1", "3:1 second-document"),
  .init("- a", "1:1 wrong-type"), .init("foo", "1:1 wrong-type"), .init("? [a]\n: b", "1:3 bad-key"),
  .init("{: b}", "1:2 syntax"),
  .init("name: !!python/object x", "1:7 unknown-tag"), .init("name: *a", "1:7 unknown-alias"),
  .init("x-a: &a [*a]", "1:10 recursive-alias"),
  .init("domains: {u: {<<: 5, runner: pytest}}", "1:19 bad-merge"),
  .init("domains: {u: {<<: {warm: true}, <<: {warm: true}, runner: pytest}}", "1:33 duplicate-key"),
  .init("version: 2", "1:10 unknown-version"), .init("version: one", "1:10 wrong-type"),
  .init("version: \"1\"", "1:10 wrong-type"),
  // Syntax.
  .init("ignore: [a, b\nsettle: {quiet: 20ms}\n", "1:9 unclosed"),
  .init("settle: {quiet: 5s, at_most: 9s\n", "1:9 unclosed"),
  .init("name: \"shop\nversion: 1\n", "1:7 unclosed"), .init("name: 'shop\n", "1:7 unclosed"),
  .init("name: \"shop\nignore: [\"*.tmp\"]\n", "1:7 unclosed"), .init("ignore: [\"a\" \"b\"]", "1:14 syntax"),
  .init("domains:\n\tunit: {}\n", "2:1 tab-indentation"), .init("ignore: [*.tmp]", "1:10 syntax"),
  .init("name: a: b", "1:8 syntax"),
  .init("domains:\n  unit:\n    runner: pytest\n   on: [save]\n", "4:4 syntax"),
  .init("name: @a", "1:7 syntax"),
  .init("name: \"\\q\"", "1:8 syntax"), .init("nmae: shop\nignore: [a\n", "1:1 unknown-key", "2:9 unclosed"),
  .init("name\nversion: 1", "2:8 syntax"),
  // Bytes.
  .init("name: \"a\\0b\"", "1:7 control-character"), .init("name: a\u{7f}b", "1:8 control-character"),
  .init("# é\u{1b}", "1:4 control-character"),
  .init("name: a\u{85}b", "1:8 control-character"), .init("name: a\0", "1:8 control-character"),
  // Keys.
  .init("nmae: shop", "1:1 unknown-key"), .init("settle: {quite: 20ms}", "1:10 unknown-key"),
  .init(unit("budgets: {memory: 2G}"), "4:5 unknown-key", "4:23 bad-size"),
  .init(unit("memory: 2GiB"), "4:5 unknown-key"), .init("runner: pytest", "1:1 unknown-key"),
  .init("domains: {u: {}}", "1:11 missing-key"),
  .init("domains: {u: {runer: pytest}}", "1:15 unknown-key"), .init("domains: {u: }", "1:11 missing-key"),
  .init("domains: {u: {runner: command}}", "1:15 missing-key"),
  .init("domains: {u: {runner: command, command: [a, \"{unit}\"]}}", "1:32 missing-key"),
  // Names.
  .init("domains: {Unit: {runner: pytest}}", "1:11 bad-name"),
  .init("domains: {status: {runner: pytest}}", "1:11 reserved-name"),
  .init("domains: {1a: {runner: pytest}}", "1:11 bad-name"), .init("name: a/b", "1:7 bad-name"),
  .init("name: \"\"", "1:7 bad-name"),
  .init(unit("environment: {1A: x}"), "4:19 bad-name"),
  .init(unit("pass_environment: [A-B]"), "4:24 bad-name"),
  .init(unit("services: {D: {command: [x]}}"), "4:16 bad-name"),
  // Types.
  .init("name: [a]", "1:7 wrong-type"), .init("name:", "1:6 missing-value"),
  .init("ignore: build/", "1:9 wrong-type"), .init("ignore: {a: b}", "1:9 wrong-type"),
  .init("ignore: [[a]]", "1:10 wrong-type"), .init("sniffing: yes", "1:11 wrong-type"),
  .init("sniffing: \"true\"", "1:11 wrong-type"),
  .init("domains: [a]", "1:10 wrong-type"), .init("domains: {u: pytest}", "1:14 wrong-type"),
  .init(unit("on: save"), "4:9 wrong-type"), .init(unit("on: []"), "4:9 empty-list"),
  .init(unit("command: pytest -q"), "4:14 wrong-type"),
  .init(unit("command: [pytest, {unit}]"), "4:23 wrong-type"), .init(unit("command: []"), "4:14 empty-list"),
  .init(unit("parallel: two"), "4:15 wrong-type"), .init(unit("parallel: 2.0"), "4:15 wrong-type"),
  .init(unit("parallel: \"2\""), "4:15 wrong-type"), .init(unit("budget: 2GiB"), "4:13 wrong-type"),
  .init(unit("environment: [A]"), "4:18 wrong-type"), .init(unit("cache: 7d"), "4:12 wrong-type"),
  .init(unit("cache: {max_age: 7}"), "4:22 bad-duration"), .init(unit("cache: {}"), "4:12 missing-key"),
  // Ranges.
  .init(unit("parallel: 0"), "4:15 out-of-range"), .init(unit("parallel: 257"), "4:15 out-of-range"),
  .init(unit("parallel: -1"), "4:15 out-of-range"),
  .init(unit("parallel: 99999999999999999999"), "4:15 out-of-range"),
  .init(unit("priority: 101"), "4:15 out-of-range"), .init(unit("retries: -1"), "4:14 out-of-range"),
  .init(unit("budget: {memory: -1GiB}"), "4:22 out-of-range"),
  .init(unit("budget: {memory: 2000TiB}"), "4:22 out-of-range"),
  .init(unit("budget: {memory: 99999999999TiB}"), "4:22 bad-size"),
  .init(unit("budget: {memory: 1B}"), "4:22 out-of-range"),
  .init(unit("budget: {memory: 2}"), "4:22 bad-size"), .init(unit("budget: {cpu: 0}"), "4:19 out-of-range"),
  .init(unit("budget: {cpu: many}"), "4:19 bad-cores"), .init(unit("budget: {cpu: .nan}"), "4:19 bad-cores"),
  .init(unit("budget: {time: 60}"), "4:20 bad-duration"),
  .init(unit("budget: {time: 0s}"), "4:20 out-of-range"),
  .init(unit("budget: {time: -5s}"), "4:20 out-of-range"),
  .init(unit("budget: {time: 5 min}"), "4:20 bad-duration"),
  .init(unit("budget: {io_weight: 0}"), "4:25 out-of-range"),
  .init("limits: {machine_cpu: 80}", "1:23 out-of-range"),
  .init("limits: {machine_cpu: 0%}", "1:23 out-of-range"),
  .init("limits: {machine_cpu: 101%}", "1:23 out-of-range"),
  .init("limits: {machine_cpu: lots}", "1:23 bad-share"),
  .init("settle: {quiet: 5s, at_most: 2s}", "1:21 out-of-range"),
  // Values.
  .init("domains: {u: {runner: pytset}}", "1:23 unknown-value"),
  .init(unit("isolation: ful"), "4:16 unknown-value"), .init(unit("on: [saev]"), "4:10 unknown-value"),
  .init(unit("on: [every 6]"), "4:10 bad-duration"), .init(unit("fail_on: hgih"), "4:14 unknown-value"),
  .init(unit("writes: [/tmp]"), "4:14 bad-path"),
  .init(unit("writes: [../x]"), "4:14 bad-path"), .init(unit("writes: [a/../../x]"), "4:14 bad-path"),
  .init(unit("writes: [~/x]"), "4:14 bad-path"), .init(unit("writes: [\"\"]"), "4:14 missing-value"),
  .init(unit("reads: [../x]"), "4:13 bad-path"), .init(unit("include: [/abs/*.py]"), "4:15 bad-path"),
  .init(unit("reach: [localhost]"), "4:13 bad-reach"),
  .init(unit("reach: [localhost:70000]"), "4:13 bad-reach"),
  .init(unit("reach: [unix:relative]"), "4:13 bad-reach"),
  .init(unit("quarantine: [{unit: a, until: 2026-02-30}]"), "4:35 bad-date"),
  .init(unit("quarantine: [{unit: a, until: tomorrow}]"), "4:35 bad-date"),
  .init(unit("quarantine: [{unit: a}]"), "4:18 missing-key"),
  .init(unit("quarantine: [{unti: a, until: 2026-01-01}]"), "4:19 unknown-key"),
  .init(unit("command: [a, \"{untis}\"]"), "4:18 unknown-placeholder"),
  .init(unit("services: {db: {command: [x], ready: {port: 0}}}"), "4:49 out-of-range"),
  .init(unit("services: {db: {ready: {port: 1}}}"), "4:20 missing-key"),
  .init(unit("defer: {longer_than: 5s}"), "4:12 missing-key"),
  .init(unit("defer: {longer_than: 5s, to: psh}"), "4:34 unknown-value"),
  // The whole.
  .init(unit("needs: [lint]"), "4:13 unknown-domain"), .init(unit("needs: [unit]"), "4:13 needs-cycle"),
  .init(
    "domains:\n  a: {runner: pytest, needs: [b]}\n  b: {runner: pytest, needs: [c]}\n  c: {runner: pytest, needs: [a]}\n",
    "2:31 needs-cycle"),
  .init(
    "domains:\n  Bad: {runner: pytest}\n  b: {runner: pytest, needs: [Bad]}\n", "2:3 bad-name",
    "3:31 bad-name"),
  // Once each, all at once.
  .init("x-c: &c {runner: pytest, parallel: 0}\ndomains: {a: *c, b: *c, d: {<<: *c}}", "1:36 out-of-range"),
  .init("nmae: a\nsniffing: on\nlimits: {disk: 2G}\n", "1:1 unknown-key", "2:11 wrong-type", "3:16 bad-size"),
  .init("name: \"ü\" # ö\nignore: [\"äöü\", {}]", "2:17 wrong-type"),
]

@Test(arguments: right) func `a right file has no mistakes`(_ example: MistakeCase) {
  let loaded = ConfigurationLoader.check(Array(example.text.utf8))
  #expect(loaded.text() == "")
  #expect(loaded.settings != nil)
}

@Test(arguments: wrong) func `each mistake is said once at its place`(_ example: MistakeCase) {
  #expect(said(example.text) == example.expected)
  #expect(ConfigurationLoader.check(Array(example.text.utf8)).settings == nil)
}
