import Client
import Testing

struct ArgumentTests {
  @Test func `every wrong line gets its own sentence`() {
    let lines = [
      "", "statsu", "sttaus", "xyzzy", "plan", "why README.md", "run --since main", "run --al",
      "run --domian unit",
      "run --domain", "run --domain=", "run --all=yes", "run --all --failed", "run --all x", "status --foo",
      "--foo status",
      "--domain unit run", "status extra", "history", "history a b", "results --verdict pased",
      "results --format xml",
      "results --limit 0", "results --limit x", "events --kind chnage", "events --after x", "changes",
      "cancel",
      "cancel 12", "projects ad", "projects remove", "config", "config chek", "completion ksh",
      "log --json r1", "--json --jsonl status",
      "--timeout 5 status", "--timeout -1s status", "--timeout 5y status", "--socket a --socket b status",
      "status --version", "help nothing", "help plan", "results --format tap --json", "-x status",
    ]
    var text = ""
    for line in lines {
      let outcome = Bench().client(line)
      #expect(outcome.code == .usage && outcome.output.isEmpty, "\(line): \(outcome)")
      text += "$ mcpd-client \(line)\n\(outcome.error)"
    }
    expectGolden(text, "wrong-lines.txt")
  }

  @Test(arguments: [
    "--json --project shop run --domain unit --domain docs tests/a.py -- --odd",
    "run --domain unit --json --domain=docs tests/a.py --project=shop -- --odd",
  ])
  func `global options stand before or after the command`(line: String) throws {
    let invocation = try ArgumentParser.parse(line.split(separator: " ").map(String.init))
    #expect(invocation.command.name == "run")
    #expect(invocation.operands == ["tests/a.py", "--odd"])
    #expect(invocation.all("--domain") == ["unit", "docs"])
    #expect(invocation.value("--project") == "shop" && invocation.wantsJSON)
  }

  @Test(arguments: [
    ("500ms", 500), ("0.5s", 500), ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000), ("0s", 0),
    ("5", nil), ("s", nil),
    ("-5s", nil), ("1e3s", nil), ("99999999h", nil), ("5 s", nil), ("..s", nil), ("inf", nil), ("nans", nil),
    ("", nil),
  ])
  func `durations are read exactly`(text: String, milliseconds: Int?) {
    #expect(Invocation.duration(text) == milliseconds.map { .milliseconds($0) })
  }

  @Test func `random lines are understood or refused and never trap`() {
    var chance = Chance()
    let words =
      CommandTable.commands.map(\.name) + CommandTable.commands.flatMap(\.options).map(\.name)
      + CommandTable.globals.map(\.name) + [
        "--", "-", "", "--=", "--json=", "-k", "r1", "é\u{0}", "add", "check", "5s", "::", "a::b", "---",
      ]
    for _ in 0..<3000 {
      let line = (0..<chance.below(7)).map { _ in words[chance.below(words.count)] }
      do throws(Stop) { _ = try ArgumentParser.parse(line) } catch {
        #expect(error.code == .usage && !error.message.isEmpty, "seed \(chance.seed): \(line)")
      }
    }
  }

  @Test func `help of every command is as it was`() {
    var text = Bench().client("help").output
    for command in CommandTable.commands {
      text += "\n\n$ mcpd-client help \(command.name)\n" + Bench().client(["help", command.name]).output
    }
    expectGolden(text, "help.txt")
    #expect(Bench().client("run --help").output == Bench().client("help run").output)
    #expect(Bench().client("--help").output == Bench().client("help").output)
    #expect(text.split(separator: "\n").allSatisfy { Text.width(String($0)) <= 110 })
  }

  @Test func `help is readable where the locale has no UTF-8`() {
    var bench = Bench()
    bench.environment["LANG"] = "C"
    #expect(bench.client("help run").output.utf8.allSatisfy { $0 < 0x80 })
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `the completion of every shell is as it was`(shell: String) {
    expectGolden(Bench().client("completion \(shell)").output, "completion.\(shell)")
  }

  @Test(arguments: CommandTable.commands.filter { $0.leastOperands == 0 }.map(\.name))
  func `every command has its work`(name: String) {
    // Without a daemon each of them comes to an end; 70 would say that nobody does it.
    let outcome = Bench().client(
      name == "init" ? ["init", "--project", "/nonexistent"] : [name, "--timeout", "1s"])
    #expect(outcome.code != .defect, "\(outcome)")
  }

  @Test(arguments: [
    ("a.py", "a.py", nil), ("a.py::t", "a.py", "t"), ("a.py::C::t[x::y]", "a.py", "C::t[x::y]"),
    ("a.py::", "a.py", nil),
    ("::t", "::t", nil), ("a:b", "a:b", nil),
  ])
  func `a unit's name and its case are told apart`(text: String, unit: String, caseName: String?) {
    #expect(UnitName(text).unit == unit && UnitName(text).caseName == caseName)
  }
}
