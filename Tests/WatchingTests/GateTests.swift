import Glibc
import Model
import Platform
import Testing
import Watching

@Suite struct GateKeeperTests {
  private func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

  @Test func `a lock that comes and goes is looked into once, and never told`() {
    var keeper = GateKeeper()
    keeper.saw(GitMarkers(isLocked: true), at: at(0))
    #expect(keeper.holdsBack && keeper.gate == .open && keeper.nextLook == at(5))
    keeper.saw(GitMarkers(), at: at(1))
    keeper.looked(working: false, waiting: false, at: at(5))
    #expect(!keeper.holdsBack && keeper.nextLook == nil)
  }

  @Test func `a working process keeps the gate closed between its locks`() {
    var keeper = GateKeeper()
    keeper.saw(GitMarkers(isLocked: true, operation: "rebase"), at: at(0))
    keeper.looked(working: true, waiting: false, at: at(5))
    #expect(!keeper.gate.isOpen && keeper.gate.reason == "rebase")
    keeper.saw(GitMarkers(isLocked: false, operation: "rebase"), at: at(10))
    keeper.looked(working: true, waiting: false, at: at(20))
    #expect(!keeper.gate.isOpen)
    keeper.ended(at: at(30))
    #expect(keeper.nextLook == at(30))
    keeper.looked(working: false, waiting: false, at: at(30))
    #expect(keeper.gate.isOpen && keeper.gate.reason == "rebase" && !keeper.holdsBack)
  }

  @Test func `an editor opens the gate once it is believed to be a person's`() {
    var keeper = GateKeeper()
    keeper.saw(GitMarkers(isLocked: true), at: at(0))
    keeper.looked(working: true, waiting: false, at: at(5))
    keeper.looked(working: false, waiting: true, at: at(100))
    #expect(!keeper.gate.isOpen)
    keeper.looked(working: false, waiting: true, at: at(250))
    #expect(!keeper.gate.isOpen && keeper.nextLook != nil)
    keeper.looked(working: false, waiting: true, at: at(310))
    #expect(keeper.gate.isOpen)
  }

  @Test func `git out of sight closes the gate for 30 seconds at most`() {
    var keeper = GateKeeper()
    keeper.saw(GitMarkers(isLocked: true), at: at(0))
    keeper.looked(working: false, waiting: false, at: at(5))
    #expect(!keeper.gate.isOpen && keeper.gate.reason == "index-lock")
    keeper.looked(working: false, waiting: false, at: at(29_000))
    #expect(!keeper.gate.isOpen)
    keeper.looked(working: false, waiting: false, at: at(30_006))
    #expect(keeper.gate.isOpen && !keeper.holdsBack)
  }

  @Test func `a lock out of sight that is given back counts until it is quiet`() {
    var keeper = GateKeeper()
    keeper.saw(GitMarkers(isLocked: true), at: at(0))
    keeper.looked(working: false, waiting: false, at: at(5))
    keeper.saw(GitMarkers(), at: at(1000))
    keeper.looked(working: false, waiting: false, at: at(1005))
    #expect(!keeper.gate.isOpen)
    keeper.looked(working: false, waiting: false, at: at(1301))
    #expect(keeper.gate.isOpen)
  }

  @Test func `holds close the gate until the last is released`() {
    var keeper = GateKeeper()
    let one = keeper.hold("a checkout by hand")
    let two = keeper.hold("another")
    #expect(keeper.gate == Gate(isOpen: false, reason: "hold", text: "a checkout by hand"))
    keeper.release(one)
    #expect(!keeper.gate.isOpen)
    keeper.release(two)
    #expect(keeper.gate == .open)
  }

  struct Case: Sendable {
    let processes: [GitProcesses.Process]
    let working: [Int32]
    let waiting: [Int32]
  }

  private static func process(
    _ pid: Int32, _ parent: Int32, _ name: String, _ arguments: String..., directory: String = "/srv/tree"
  ) -> GitProcesses.Process {
    GitProcesses.Process(pid: pid, parent: parent, name: name, directory: directory, arguments: arguments)
  }

  static let cases = [
    Case(processes: [process(10, 1, "git", "git", "checkout", "main")], working: [10], waiting: []),
    Case(
      processes: [process(10, 1, "git", "git", "-C", "sub", "-c", "a=b", "log")], working: [], waiting: []),
    Case(
      processes: [process(10, 1, "git", "git", "checkout", directory: "/srv/treehouse")], working: [],
      waiting: []),
    Case(
      processes: [process(10, 1, "git", "git", "--work-tree=/srv/tree", "checkout", directory: "/")],
      working: [10],
      waiting: []),
    Case(
      processes: [process(10, 1, "git-checkout", "git-checkout", directory: "/srv/tree/sub")], working: [10],
      waiting: []),
    Case(
      processes: [
        process(10, 1, "git", "git", "rebase", "-i"), process(11, 10, "git", "git", "commit"),
        process(12, 11, "vim", "vim", "/srv/tree/.git/COMMIT_EDITMSG"),
      ], working: [], waiting: [10, 11]),
    Case(
      processes: [
        process(10, 1, "git", "git", "commit"), process(11, 10, "pre-commit", "sh", ".git/hooks/pre-commit"),
      ],
      working: [10], waiting: []),
    Case(
      processes: [process(10, 1, "vim", "vim", "/srv/tree/.git/COMMIT_EDITMSG")], working: [], waiting: []),
  ]

  @Test(arguments: cases)
  func `processes are told apart`(_ it: Case) throws {
    let layout = GitLayout(
      top: Array("/srv/tree".utf8), gitDirectory: Array("/srv/tree/.git".utf8),
      commonDirectory: Array("/srv/tree/.git".utf8), prefix: [])
    let seen = GitProcesses(it.processes, layout: layout)
    #expect(seen.working == it.working && seen.waiting == it.waiting)
  }
}

/// Real git on real trees.
@Suite struct GitTests {
  private func repository(_ commits: Int) throws -> Scratch {
    let scratch = try Scratch()
    let setUp = """
      cd '\(scratch.root)' && git init -q -b main && git config user.email a@b && git config user.name n \
      && git config commit.gpgsign false
      """
    try #require(shell(setUp) != nil)
    for number in 0..<commits {
      try scratch.write("file\(number)", "\(number)")
      try #require(shell("cd '\(scratch.root)' && git add -A && git commit -qm \(number)") != nil)
    }
    return scratch
  }

  private func settled(_ events: [WatchEvent]) -> Int {
    events.reduce(0) { if case .settled = $1 { $0 + 1 } else { $0 } }
  }

  @Test func `a rebase with pauses wakes once`() throws {
    let scratch = try repository(8)
    let branch =
      "cd '\(scratch.root)' && git checkout -qb side HEAD~6 && echo s > side && git add -A && git commit -qm s"
    try #require(shell(branch) != nil)
    let rig = try Rig(scratch) { $0.settle = SettleSettings() }
    rig.sync()
    _ = rig.takeEvents()
    try #require(shell("cd '\(scratch.root)' && git rebase -q side main -x 'sleep 0.1'") != nil)
    rig.sync()
    let events = rig.takeEvents()
    #expect(settled(events) == 1)
    #expect(rig.files().contains("side") && rig.files().contains("file7"))
    rig.stop()
  }

  @Test func `a stopped rebase opens the gate and says so`() throws {
    let scratch = try repository(2)
    let conflict = """
      cd '\(scratch.root)' && git checkout -qb side HEAD~1 && echo x > file1 && git add -A && git commit -qm c
      """
    try #require(shell(conflict) != nil)
    let rig = try Rig(scratch)
    _ = shell("cd '\(scratch.root)' && git rebase -q main")
    rig.wait { if case .gate(let gate) = $0 { gate.isOpen && gate.reason == "rebase" } else { false } }
    rig.sync()
    try #require(shell("cd '\(scratch.root)' && git rebase --abort") != nil)
    rig.wait { if case .gate(let gate) = $0 { gate == .open } else { false } }
    rig.stop()
  }

  @Test func `a hook of a commit passes the gate that its commit holds`() throws {
    let scratch = try repository(1)
    let rig = try Rig(scratch)
    try scratch.write(
      ".git/hooks/pre-commit", "#!/bin/sh\necho $$ > ../pid; while [ ! -e ../go ]; do sleep 0.02; done\n")
    scratch.chmod(".git/hooks/pre-commit", 0o755)
    try scratch.write("file0", "other")
    ThreadBody { [scratch] in _ = shell("cd '\(scratch.root)' && git commit -qam x; touch ../done") }.start(
      named: "commit")
    rig.wait { if case .gate(let gate) = $0 { !gate.isOpen } else { false } }
    let pid = try #require(waitFor(scratch.top + "/pid").flatMap { Int32($0) })
    #expect(rig.watcher.passesGate(caller: pid))
    #expect(!rig.watcher.passesGate(caller: getpid()))
    rig.sync(passGate: true)
    #expect(settled(rig.takeEvents()) == 1)
    try scratch.write("\(scratch.top)/go")
    rig.sync()
    _ = waitFor(scratch.top + "/done")
    rig.stop()
  }

  /// The first line of a file, once it has one.
  private func waitFor(_ path: String) -> String? {
    for _ in 0..<2000 {
      if let text = try? Files.read(path),
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first
      {
        return String(line)
      }
      if Files.kind(of: path) != nil, path.hasSuffix("done") { return "" }
      usleep(5000)
    }
    return nil
  }
}
