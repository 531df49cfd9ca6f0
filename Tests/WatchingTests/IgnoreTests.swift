import Glibc
import Model
import Platform
import Testing
import Watching

/// A small generator that replays from its seed.
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_f491_4f6c_dd1d
  }

  mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(next() >> 33) % values.count] }
  mutating func chance(_ percent: Int) -> Bool { Int(next() >> 33) % 100 < percent }

  /// From `MCPD_SEED`, else a new one; printed, so that a failure can be replayed.
  static func seed(_ what: String) -> UInt64 {
    let given = unsafe getenv("MCPD_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 1...999_999)
    print("\(what): MCPD_SEED=\(seed)")
    return seed
  }

  /// How often, from an environment variable or as usual.
  static func rounds(_ variable: String, _ usual: Int) -> Int {
    unsafe getenv(variable).flatMap { unsafe Int(String(cString: $0)) } ?? usual
  }
}

/// Runs a shell command; its output, or nil where it fails with more than 1 (`check-ignore` says 1 for "none").
func shell(_ command: String) -> [UInt8]? {
  let output = "/tmp/mcpd-shell-\(getpid())-\(UInt64.random(in: 0 ... .max))"
  defer { try? Files.remove(output) }
  let status = unsafe system("{ \(command); } > \(output) 2>/dev/null")
  guard status >= 0, status >> 8 <= 1, status & 0x7f == 0 else { return nil }
  return try? Files.read(output)
}

@Suite struct IgnoreTests {
  static let names = [
    "a", "b", "ab", "ba", "abc", "foo", "foo.o", "x.y", "#h", "!b", "[x]", "sp ", "a\\b", "-", "ü",
  ]

  static func randomPattern(_ dice: inout Dice) -> String {
    let atoms = [
      "a", "b", "ab", "foo", "x", ".o", "*", "?", "**", "[ab]", "[!a]", "[^b]", "[a-c]", "\\a", "\\*",
      "[[:alpha:]]", "[]a]",
      "[x", "\\", "#", "!", " ", "ü", "[a-", "[\\]]", "***", "[--b]", "[[:foo:]]", "[[:a]",
    ]
    var pattern = dice.chance(15) ? "!" : ""
    if dice.chance(20) { pattern += "/" }
    for component in 0..<(1 + Int(dice.next() >> 33) % 3) {
      if component > 0 { pattern += "/" }
      if dice.chance(15) {
        pattern += "**"
      } else {
        for _ in 0..<(1 + Int(dice.next() >> 33) % 3) { pattern += dice.pick(atoms) }
      }
    }
    if dice.chance(25) { pattern += "/" }
    if dice.chance(8) { pattern += dice.pick([" ", "  ", "\\ ", "\r"]) }
    return pattern
  }

  static func randomRules(_ dice: inout Dice) -> String {
    (0..<(1 + Int(dice.next() >> 33) % 6)).map { _ in randomPattern(&dice) }.joined(separator: "\n")
      + (dice.chance(70) ? "\n" : "")
  }

  /// What git lets through, of all files.
  static func visibleToGit(_ scratch: Scratch) throws -> [String] {
    let list = "cd '\(scratch.root)' && find . -name .git -prune -o -not -type d -print0 | sed -z 's,^\\./,,'"
    let all = try #require(shell(list)).split(separator: 0).map(Array.init)
    let ignored = Set(
      try #require(shell("\(list) | git check-ignore --no-index -z --stdin")).split(separator: 0).map(
        Array.init))
    return all.filter { !ignored.contains($0) }.sorted { $0.lexicographicallyPrecedes($1) }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `git's own check-ignore sees no difference over random rules and trees`() throws {
    let seed = Dice.seed("check-ignore")
    for round in 0..<Dice.rounds("MCPD_IGNORE_ROUNDS", 25) {
      var dice = Dice(seed &+ UInt64(round))
      let scratch = try Scratch()
      try #require(shell("git init -q '\(scratch.root)'") != nil)
      var directories = [""]
      for _ in 0..<12 { directories.append(dice.pick(directories) + dice.pick(Self.names) + "/") }
      for _ in 0..<40 { try? scratch.write(dice.pick(directories) + dice.pick(Self.names)) }
      try scratch.write(".gitignore", Self.randomRules(&dice))
      for _ in 0..<3 { try? scratch.write(dice.pick(directories) + ".gitignore", Self.randomRules(&dice)) }
      try scratch.write(".git/info/exclude", Self.randomRules(&dice))
      let rig = try Rig(scratch)
      #expect(rig.files() == (try Self.visibleToGit(scratch)), "MCPD_SEED=\(seed &+ UInt64(round))")
      // The rules change under the watcher, in both directions.
      for _ in 0..<3 {
        try? scratch.write(dice.pick(directories) + ".gitignore", Self.randomRules(&dice))
        if dice.chance(30) { try scratch.write(".git/info/exclude", Self.randomRules(&dice)) }
        if dice.chance(30) { try? scratch.remove(dice.pick(directories) + ".gitignore") }
        rig.sync()
        #expect(rig.files() == (try Self.visibleToGit(scratch)), "edited, MCPD_SEED=\(seed &+ UInt64(round))")
      }
      rig.stop()
    }
  }

  @Test func `an edit of the rules makes files created and deleted`() throws {
    let scratch = try Scratch()
    for file in ["a.o", "b.o", "build/x/y", "src/c"] { try scratch.write(file) }
    try scratch.write(".gitignore", "*.o\n")
    let rig = try Rig(scratch) { $0.ignore = ["/src/"] }
    #expect(rig.files() == [".gitignore", "build/x/y"])
    try scratch.write(".gitignore", "build/\n")
    #expect(rig.changes() == ["changed .gitignore", "created a.o", "created b.o", "deleted build/x/y"])
    try scratch.write("build/x/z")
    #expect(rig.changes() == [])
    try scratch.write(".mcpdignore", "!build/\na.o\n")
    #expect(
      rig.changes() == ["created .mcpdignore", "created build/x/y", "created build/x/z", "deleted a.o"])
    rig.watcher.reconfigure(ignore: ["b.o"], settle: SettleSettings())
    #expect(rig.changes() == ["created src/c", "deleted b.o"])
    rig.stop()
  }
}
