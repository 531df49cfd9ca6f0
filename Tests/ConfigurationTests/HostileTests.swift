import Configuration
import Glibc
import Model
import Platform
import Testing

private func laughs(_ levels: Int) -> String {
  var text = "x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
  for level in 1...levels {
    let aliases = [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
    text += "x-\(level): &a\(level) [\(aliases)]\n"
  }
  return text
}

private let hostile: [(name: String, text: String, code: String?)] = [
  ("a billion laughs", laughs(9), "too-large"),
  (
    "a billion merges",
    "x-0: &a0 {k0: 1, k1: 1, k2: 1}\n"
      + (1...40).map { "x-\($0): &a\($0) {l\($0): *a\($0 - 1), m\($0): *a\($0 - 1), <<: *a\($0 - 1)}\n" }
      .joined(), "too-large"
  ),
  ("deep brackets", "x-a: " + String(repeating: "[", count: 100_000), "too-deep"),
  ("deep dashes", String(repeating: "- ", count: 100_000), "too-deep"),
  ("deep question marks", String(repeating: "? ", count: 50_000), "too-deep"),
  ("many items", "ignore: [" + String(repeating: "a,", count: 400_000) + "]", "too-large"),
  ("many unknown keys", (0..<9_000).map { "key\($0): 1\n" }.joined(), "unknown-key"),
  ("many wrong values on one line", "ignore: [" + String(repeating: "[],", count: 9_000) + "]", "wrong-type"),
  ("many domains", "domains: {" + (0..<9_000).map { "d\($0): {}," }.joined() + "}", "too-large"),
  (
    "many needs", "domains: {a: {runner: pytest, needs: [" + String(repeating: "b,", count: 9_000) + "]}}",
    "unknown-domain"
  ),
  (
    "a tight knot",
    "x-n: &n [" + (0..<60).map { "d\($0)" }.joined(separator: ", ") + "]\ndomains:\n"
      + (0..<60).map { "  d\($0): {runner: pytest, needs: *n}\n" }.joined(), "needs-cycle"
  ),
  (
    "many anchors and wrong aliases",
    (0..<4_000).map { "x-\($0): &a\($0) 1\n" }.joined()
      + "x-l: [" + (0..<4_000).map { "*b\($0)," }.joined() + "]", "unknown-alias"
  ),
  ("one long word", "name: " + String(repeating: "a", count: 1 << 19), "bad-name"),
  ("one long key", String(repeating: "k", count: 900) + ": 1", "unknown-key"),
  ("a long quote", "name: \"" + String(repeating: "a\n", count: 200_000), "unclosed"),
  ("only control characters", String(repeating: "\u{1}", count: 100_000), "control-character"),
  ("only tabs", String(repeating: "\t", count: 500_000), nil),
  ("only line feeds", String(repeating: "\n", count: 1 << 20), nil),
  (
    "digits", "domains: {u: {runner: pytest, parallel: " + String(repeating: "9", count: 100_000) + "}}",
    "out-of-range"
  ),
]

/// What the calling thread itself used: other tests and a busy machine do not count.
private func threadTime(_ body: () -> Void) -> Duration {
  func now() -> Duration {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
  let start = now()
  body()
  return now() - start
}

@Suite struct `Hostile texts` {
  @Test(arguments: hostile.indices) func `are refused in milliseconds, and the messages too are bounded`(
    _ index: Int
  ) {
    let (name, text, code) = hostile[index]
    var message = ""
    let time = threadTime {
      let loaded = ConfigurationLoader.check(Array(text.utf8))
      message = loaded.text()
      if let code {
        #expect(loaded.diagnostics.contains { $0.code == code }, "\(name): \(message.prefix(400))")
      }
      #expect((loaded.settings == nil) == loaded.hasErrors)
    }
    #expect(message.utf8.count < 400_000, "\(name): \(message.utf8.count) bytes")
    // Milliseconds in a release; a debug build takes a hundred times as much.
    #expect(time < .seconds(4), "\(name): \(time)")
  }

  /// Mutations of right files, with a seed: nothing traps, everything ends, and a refusal always says where.
  @Test func `random mutations never trap and always say where`() throws {
    var chance = Chance()
    print("seed \(chance.seed)")
    let pieces: [[UInt8]] =
      [
        "&a ", "*a", "<<: ", "[", "]", "{", "}", ": ", "- ", "\n", "\t", "\"", "'", "|", ">", "#", "---\n",
        "...\n", "!!str ", "%YAML 1.1\n",
        "? ", "\u{feff}", "\0", "\\x", "é", "domains", "unit", "9999999999", "-1", "2G", "every ", "{unit}",
        "\r",
      ].map { Array($0.utf8) } + [[0xff], [0xc3], [0xe2, 0x80]]
    let seeds = samples.map { Array($0.utf8) }
    for round in 0..<3_000 {
      var bytes = chance.one(of: seeds)
      for _ in 0...chance.below(6) {
        let at = chance.below(bytes.count + 1)
        switch chance.below(4) {
        case 0: bytes.insert(contentsOf: chance.one(of: pieces), at: at)
        case 1:
          if !bytes.isEmpty {
            bytes.removeSubrange(min(at, bytes.count - 1)..<min(bytes.count, at + 1 + chance.below(12)))
          }
        case 2: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: chance.next()) }
        default:
          let from = chance.below(bytes.count + 1)
          bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + chance.below(40))], at: at)
        }
      }
      let loaded = ConfigurationLoader.check(bytes)
      let lines = bytes.count { $0 == 0x0a || $0 == 0x0d } + 1
      for diagnostic in loaded.diagnostics {
        let place = try #require(diagnostic.place, "round \(round), seed \(chance.seed): \(diagnostic)")
        #expect(
          (1...lines + 1).contains(place.line) && place.column >= 1,
          "round \(round), seed \(chance.seed): \(place)")
      }
      #expect(Set(loaded.mistakes).count == loaded.mistakes.count, "round \(round), seed \(chance.seed)")
      #expect((loaded.settings == nil) == loaded.hasErrors)
      _ = loaded.text()
      if let settings = loaded.settings {
        let again = ConfigurationLoader.check(Array(SettingsText.yaml(of: settings).utf8))
        #expect(again.settings == settings, "round \(round), seed \(chance.seed)")
      }
    }
  }
}

/// Right files that between them use everything.
let samples: [String] = [
  "",
  "version: 1\nname: shop\nignore: [build/, \"*.tmp\"]\nsettle: {quiet: 20ms, at_most: 2s}\nsniffing: true\nlimits: {machine_cpu: 80%, machine_memory: 80%, disk: 20GiB}\n",
  """
  x-base: &base
    runner: pytest
    budget: {cpu: 1.0, memory: 2GiB, processes: 200, io_weight: 100, time: 60s, total_time: 10m}
  domains:
    unit:
      <<: *base
      include: ["tests/**/test_*.py"]
      command: [python3, -m, pytest, "{unit}"]
      on: [save, commit, push, manual, every 6h]
      priority: 50
      needs: [lint]
      parallel: 2
      args: [-m, "not slow"]
      isolation: full
      network: loopback
      reach: [localhost:5432, "unix:/var/run/docker.sock"]
      writes: [.cache/, dist/]
      reads: [~/.cargo]
      environment: {PYTHONHASHSEED: "0"}
      pass_environment: [LANG]
      env_file: [.env.test]
      secrets: [API_KEY]
      caches: [~/.cache/ccache]
      inputs: [schema/*.sql]
      assume_unused: [.git/HEAD]
      defer: {longer_than: 5s, to: push}
      quarantine: [{unit: tests/test_x.py, until: 2026-12-31, reason: "ticket 12"}]
      services:
        db: {command: [./db.sh], ready: {port: 5432}, reset: [./reset.sh], share: run}
      warm: true
      retries: {failed: 0, flaky: 2}
      cache: true
      fail_on: high
    lint: {runner: command, command: [make, lint]}
  """,
]
