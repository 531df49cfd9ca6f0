import Configuration
import Model
import Testing

private let texts: [(text: String, expected: String)] = [
  (
    "domains:\n  unit:\n    runner: pytest\n    budgets: {memory: 2G}\n",
    """
    .mcpd.yaml:4:5: error: [unknown-key] unknown key `budgets` in domain `unit`
      4 |     budgets: {memory: 2G}
        |     ^^^^^^^ did you mean `budget`?
        known here: runner, directory, include, command, on, priority, needs, parallel, args, budget, isolation, \
    network, reach, writes, reads, environment, pass_environment, env_file, secrets, caches, inputs, assume_unused, \
    defer, quarantine, services, warm, retries, cache, fail_on
    .mcpd.yaml:4:23: error: [bad-size] `2G` is no size; write 2GB or 2GiB
      4 |     budgets: {memory: 2G}
        |                       ^^

    """
  ),
  (
    "domains: {status: {runner: pytest}, unit: {runner: pytset, on: [every 6]}}",
    """
    .mcpd.yaml:1:11: error: [reserved-name] `status` is a word of the API and cannot name a domain; \
    call it `status-tests`, for example
      1 | domains: {status: {runner: pytest}, unit: {runner: pytset, on: [every 6]}}
        |           ^^^^^^
    .mcpd.yaml:1:52: error: [unknown-value] `runner` cannot be `pytset`
      1 | domains: {status: {runner: pytest}, unit: {runner: pytset, on: [every 6]}}
        |                                                    ^^^^^^ did you mean `pytest`?
        allowed: pytest, unittest, swift, cargo, go, node, ctest, make, tap, bats, prove, junit, sarif, command, \
    browser, docs
    .mcpd.yaml:1:65: error: [bad-duration] `6` has no unit; write 6s or 6ms
      1 | domains: {status: {runner: pytest}, unit: {runner: pytset, on: [every 6]}}
        |                                                                 ^^^^^^^

    """
  ),
  (
    "name: \"日本\" # é\nignore: [\"日本\", {}]",
    """
    .mcpd.yaml:2:16: error: [wrong-type] an item of `ignore` is a map where a single value belongs; \
    it takes: text, not empty
      2 | ignore: ["日本", {}]
        |                  ^^

    """
  ),
  (
    "name: shop\nmemory: 2GiB\ndebounce: 5s\n",
    """
    .mcpd.yaml:2:1: error: [unknown-key] unknown key `memory` at the top; `memory` belongs to `budget` in a domain
      2 | memory: 2GiB
        | ^^^^^^
        known here: domains, version, name, ignore, settle, sniffing, limits
    .mcpd.yaml:3:1: error: [unknown-key] unknown key `debounce` at the top
      3 | debounce: 5s
        | ^^^^^^^^ did you mean `settle: {quiet: …}`?
        known here: domains, version, name, ignore, settle, sniffing, limits

    """
  ),
  (
    "ignore:\n  - a\n" + "# " + String(repeating: "x", count: 200) + "\nsniffing: 1 # \u{202e}"
      + String(repeating: "y", count: 200),
    """
    .mcpd.yaml:4:11: error: [wrong-type] `sniffing` takes true or false, not `1`; write true
      4 | sniffing: 1 # \u{fffd}\(String(repeating: "y", count: 81))…
        |           ^

    """
  ),
]

@Test(arguments: texts.indices) func `a mistake shows its line, what was meant and what is allowed`(
  _ index: Int
) {
  #expect(ConfigurationLoader.check(Array(texts[index].text.utf8)).text() == texts[index].expected)
}

@Test func `bytes that are no text are named with their place`() {
  #expect(
    said(Array("name: a\nb: ".utf8) + [0xff, 0xfe, 0x0a] + Array("c: \u{e9}".utf8) + [0xc3]) == [
      "2:4 bad-encoding", "3:5 bad-encoding",
    ])
  #expect(said([0xff, 0xfe, 0x61, 0x00]) == ["1:1 bad-encoding"])
  #expect(said([0xed, 0xa0, 0x80]) == ["1:1 bad-encoding"])
  #expect(said([0xc0, 0x80]) == ["1:1 bad-encoding"])
  #expect(said([0xf4, 0x90, 0x80, 0x80]) == ["1:1 bad-encoding"])
  #expect(said(Array("name: \"\u{2028}x\"\nfoo: 1".utf8)) == ["2:1 unknown-key"])
}
