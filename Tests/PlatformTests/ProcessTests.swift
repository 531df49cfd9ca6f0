import Glibc
import Model
import Platform
import Testing

@Suite struct `Child processes` {
  static func shell(_ script: String) -> ProcessStart {
    ProcessStart(program: "/bin/sh", arguments: ["sh", "-c", script], environment: ["PATH=/usr/bin:/bin"])
  }

  @Test(arguments: [
    ("exit 0", ChildProcess.End.Status.exited(code: 0)), ("exit 9", .exited(code: 9)),
    ("kill -9 $$", .signaled(signal: 9)), ("kill -15 $$", .signaled(signal: 15)),
  ])
  func `end with a code or a signal`(script: String, status: ChildProcess.End.Status) throws {
    let child = try ChildProcess(Self.shell(script))
    #expect(try child.reap(waiting: true)?.status == status)
    #expect(throws: SystemError.self) { try child.reap(waiting: true) }
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let name: String
    let step: ProcessStartError.Step
    let number: Int32
    var change: @Sendable (inout ProcessStart) -> Void
    var testDescription: String { name }
  }

  @Test(arguments: [
    Refusal(name: "program", step: .exec, number: ENOENT) { $0.program = "/nowhere/program" },
    Refusal(name: "no program", step: .exec, number: EACCES) { $0.program = "/etc" },
    Refusal(name: "directory", step: .directory, number: ENOENT) { $0.directory = Array("/nowhere".utf8) },
    Refusal(name: "a file as directory", step: .directory, number: ENOTDIR) {
      $0.directory = Array("/bin/sh".utf8)
    },
    Refusal(name: "descriptor", step: .descriptors, number: EBADF) { $0.standardOutput = 999_999 },
    Refusal(name: "kept", step: .descriptors, number: EBADF) { $0.kept = [999_999] },
    Refusal(name: "limit", step: .limit, number: EINVAL) {
      $0.limits = [.init(resource: 999, soft: 0, hard: 0)]
    },
  ])
  func `say which step of their start failed`(_ row: Refusal) {
    var start = Self.shell("exit 0")
    row.change(&start)
    let error = #expect(throws: ProcessStartError.self) { _ = try ChildProcess(start).pid }
    #expect(error?.step == row.step && error?.cause.number == row.number)
  }

  @Test func `get exactly what they are given`() throws {
    var template = Array("/tmp/mcpd-kept-XXXXXX".utf8CString)
    let file = unsafe Descriptor(owning: mkstemp(&template))
    _ = unsafe unlink(template)
    var start = Self.shell(
      """
      test "$(readlink /proc/$$/cwd)" = /usr || exit 1
      test $(ps -o sid= -p $$) = $$ || exit 2
      test "$(ulimit -n)" = 64 || exit 3
      test "$(nice)" = 7 || exit 4
      grep -q 'NoNewPrivs:.1' /proc/$$/status || exit 5
      test "$A$B" = 1 || exit 6
      echo kept >>/proc/self/fd/\(file.number) || exit 7
      test "$(cat)" = "" || exit 8
      """)
    start.directory = Array("/usr".utf8)
    start.session = .newSession
    start.limits = [.init(resource: Int32(RLIMIT_NOFILE.rawValue), soft: 64, hard: 64)]
    start.niceness = 7
    start.hasIdleIO = true
    start.noNewPrivileges = true
    start.environment.append("A=1")
    start.kept = [file.number]
    let child = try ChildProcess(start)
    #expect(try child.reap(waiting: true)?.status == .exited(code: 0))
    #expect(lseek(file.number, 0, SEEK_END) == 5)
  }

  @Test(.enabled(if: getuid() == 0)) func `become another user when root starts them`() throws {
    var start = Self.shell("id -u; id -g; id -G; touch /etc/mcpd-must-not 2>/dev/null || echo refused")
    start.user = ProcessStart.User(uid: 65534, gid: 65534, groups: [65534])
    let result = try Subprocess.run(start, timeLimit: .seconds(10))
    #expect(String(decoding: result.output.content, as: UTF8.self) == "65534\n65534\n65534\nrefused\n")
  }

  @Test func `short commands are bounded in time and output, and their left-overs end`() throws {
    let slow = try Subprocess.run(Self.shell("echo a; sleep 600 & sleep 600"), timeLimit: .milliseconds(200))
    #expect(slow.isOverTime && !slow.isSuccess && slow.output.content == Array("a\n".utf8))
    let long = try Subprocess.run(
      Self.shell("head -c 3000000 /dev/zero | tr '\\0' x; echo end"), timeLimit: .seconds(20), head: 10,
      tail: 5)
    #expect(long.isSuccess && long.output.total == 3_000_004 && long.output.tail == Array("xend\n".utf8))
    let left = try Subprocess.run(Self.shell("sleep 600 & echo $!"), timeLimit: .seconds(20))
    #expect(left.isSuccess)
    let quiet = try Subprocess.run(Self.shell("echo no >&2; exit 2"), timeLimit: .seconds(20))
    #expect(quiet.output.content == [] && quiet.status == .exited(code: 2))
  }

  @Test func `are told apart from others of the same number`() throws {
    let child = try ChildProcess(Self.shell("exec sleep 600"))
    let identity = try #require(ProcessIdentity(pid: child.pid))
    let other = ProcessIdentity(pid: child.pid, startTime: identity.startTime + 1)
    #expect(!other.signal(SIGKILL))
    #expect(ProcessTable.descendants(of: getpid()).contains { $0.identity == identity })
    #expect(identity.signal(SIGKILL))
    #expect(try child.reap(waiting: true)?.status == .signaled(signal: 9))
    #expect(ProcessIdentity(pid: child.pid) != identity)
  }

  @Test(arguments: [
    ("12 (a b) c) S 1 12 12 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 777 1 2\n", true), ("12 (x S 1\n", false),
    ("", false),
    (") 12 (", false), ("x (y) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n", false),
  ])
  func `the process table reads any name`(text: String, isEntry: Bool) {
    let entry = ProcessTable.parse(Array(text.utf8))
    #expect((entry != nil) == isEntry)
    if isEntry { #expect(entry?.identity == ProcessIdentity(pid: 12, startTime: 777) && entry?.parent == 1) }
  }
}

@Suite struct `Scratch directories` {
  @Test func `go whole, whatever lies in them`() throws {
    var template = Array("/tmp/mcpd-scratch-XXXXXX".utf8CString)
    let path = unsafe String(cString: mkdtemp(&template))
    let outside = path + "-outside"
    try Files.makeDirectory(outside)
    try Files.replace(outside + "/kept", with: [1])
    let made = try Subprocess.run(
      Child.shell(
        """
        cd \(path) && mkdir -p a/b locked/in && touch a/b/x locked/in/y && ln -s \(outside) link && ln -s / a/root
        touch "$(printf 'odd\\377name')" && mkdir "$(printf 'odd\\376dir')" && mkfifo pipe && chmod 000 locked/in && chmod 500 locked
        perl -e 'for (1..300) { mkdir "n" x 60; chdir "n" x 60 or exit 1 } open F, ">deep"'
        """), timeLimit: .seconds(30))
    #expect(made.isSuccess)
    try ScratchDirectory(path: path).remove()
    #expect(Files.kind(of: path) == nil)
    #expect(Files.kind(of: outside + "/kept") == .file)
    try ScratchDirectory(path: path).remove()
    // A link in its place goes, and not what it leads to.
    unsafe symlink(outside, path)
    try ScratchDirectory(path: path).remove()
    #expect(Files.kind(of: path, followLinks: false) == nil && Files.kind(of: outside + "/kept") == .file)
    try ScratchDirectory(path: outside).remove()
  }

  private typealias Child = `Child processes`
}
