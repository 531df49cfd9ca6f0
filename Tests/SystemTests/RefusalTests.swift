import Glibc
import Model
import Platform
import Testing
import Wire

@Suite(.enabled(if: Place.hasDaemon, "mcpd is not built"))
struct `What is refused` {
  static let settings = "version: 1\ndomains: {unit: {runner: command, command: [sh, t.sh]}}\n"

  private func project(_ site: Site, _ name: String = "one") throws -> String {
    try site.project(name, [".mcpd.yaml": Self.settings, "t.sh": "exit 0\n"])
  }

  @Test func `a second daemon on the same state says so and leaves with 5`() throws {
    let site = try Site()
    let root = try project(site)
    let daemon = try Daemon.start(site, projects: [root])
    #expect(try daemon.sync() == 0)
    let second = try Daemon.refused(site, projects: [root])
    #expect(second.code == 5)
    #expect(second.log.contains(site.state) && second.log.contains("\(daemon.child.pid)"), "\(second.log)")
    #expect(try daemon.sync() == 0, "the first one suffered")
  }

  @Test func `a state directory that is a file, or not ours to write, is said in one sentence`() throws {
    let site = try Site()
    let root = try project(site)
    try site.write("", to: "state")
    let onFile = try Daemon.refused(site, projects: [root])
    #expect(onFile.code == 5, "\(onFile.log)")
    #expect(onFile.log.contains(site.state) && onFile.log.contains("--state-dir"), "\(onFile.log)")
    #expect(onFile.log.split(separator: "\n").count <= 4, "\(onFile.log)")
    try Files.remove(site.state)
    // Root is refused nothing.
    guard geteuid() != 0 else { return }
    try Tool.run("chmod", "555", site.path).expectSuccess()
    defer { _ = try? Tool.run("chmod", "755", site.path) }
    let before = try Files.names(in: site.path)
    let unwritable = try Tool.run(
      [Place.binaries + "/mcpd", "--state-dir", site.state, "--socket", site.socket, "--project", root])
    #expect(unwritable.code == 5, "\(unwritable)")
    #expect(unwritable.text.contains("--state-dir"), "\(unwritable)")
    #expect(try Files.names(in: site.path) == before)
  }

  @Test(arguments: [
    ["--nonsense"], ["--socket"], ["--state-dir", ""], ["--log-level", "loud"], ["stray", "--x"],
  ])
  func `wrong usage is named and leaves with 2`(arguments: [String]) throws {
    let said = try Tool.run([Place.binaries + "/mcpd"] + arguments)
    #expect(said.code == 2, "\(said)")
    #expect(said.text.hasPrefix("mcpd"), "\(said)")
  }

  @Test func `a project that cannot be read is said, and the others go on`() throws {
    let site = try Site()
    let good = try project(site, "good")
    let shut = try project(site, "shut")
    try site.write("", to: "file")
    try Files.makeDirectory(site.path + "/gone")
    if geteuid() != 0 { try Tool.run("chmod", "000", shut).expectSuccess() }
    try Files.removeTree(site.path + "/gone")
    let daemon = try Daemon.start(site, projects: [good, site.path + "/file", site.path + "/gone", shut])
    defer { _ = try? Tool.run("chmod", "755", shut) }
    #expect(try daemon.json("status")["projects"]?.array?.count == 4)
    _ = try daemon.client("--project", "good", "sync")
    #expect(try daemon.verdicts(project: "good") == ["unit": "passed"])
    let status = try daemon.client("status").text
    for name in ["file", "gone"] + (geteuid() != 0 ? ["shut"] : []) {
      #expect(status.contains(site.path + "/" + name), "\(name) is not told: \(status)")
    }
    // It comes back when it is put right.
    _ = try project(site, "gone")
    #expect(try daemon.client("--project", "gone", "sync").code == 0, "\(daemon.log)")
    #expect(try daemon.verdicts(project: "gone") == ["unit": "passed"])
  }

  @Test func `a project that vanishes while it is watched is said, and the others go on`() throws {
    let site = try Site()
    let (good, lost) = (try project(site, "good"), try project(site, "lost"))
    let daemon = try Daemon.start(site, projects: [good, lost])
    #expect(try daemon.sync() == 0)
    try Files.rename(lost, to: site.path + "/elsewhere")
    _ = try daemon.client("--project", "lost", "sync")
    let status = try daemon.client("status").text
    #expect(status.contains(lost), "\(status)")
    try site.write("exit 1\n", to: "good/t.sh")
    #expect(try daemon.client("--project", "good", "sync").code == 1)
    #expect(daemon.waitForEnd(limit: .zero) == nil, "\(daemon.log)")
    // It is watched again when it is back.
    try Files.rename(site.path + "/elsewhere", to: lost)
    #expect(try daemon.client("--project", "lost", "sync").code == 0, "\(daemon.log)")
    try site.write("exit 1\n", to: "lost/t.sh")
    #expect(try daemon.client("--project", "lost", "sync").code == 1, "\(daemon.log)")
  }

  @Test func `a wrong .mcpd.yaml is told with its place, and the last good one stays`() throws {
    let site = try Site()
    let root = try project(site)
    let daemon = try Daemon.start(site, projects: [root])
    #expect(try daemon.sync() == 0)
    try site.write(Self.settings.replacing("runner", with: "runer"), to: "one/.mcpd.yaml")
    _ = try daemon.sync()
    let status = try daemon.client("status").text
    #expect(status.contains("2:18") && status.contains("runner"), "\(status)")
    try site.write("exit 1\n", to: "one/t.sh")
    #expect(try daemon.sync() == 1)
  }

  @Test(.enabled(if: geteuid() == 0, "only root may mount"), arguments: ["size=300k", "ro"])
  func `a full or a read-only disk under the state is one sentence, and nothing half-written`(option: String)
    throws
  {
    let site = try Site()
    let root = try project(site)
    try Files.makeDirectory(site.state)
    guard try Tool.run("mount", "-t", "tmpfs", "-o", option, "none", site.state).code == 0 else {
      try Test.cancel("mounting is not allowed here")
    }
    defer { _ = try? Tool.run("umount", "-l", site.state) }
    if option.hasPrefix("size") {
      _ = try Tool.run("dd", "if=/dev/zero", "of=\(site.state)/ballast", "bs=1k", "count=400")
    }
    let said = try Daemon.refused(site, projects: [root])
    #expect(said.code == 5, "\(said.log)")
    #expect(said.log.contains(site.state), "\(said.log)")
    #expect(said.log.split(separator: "\n").count <= 6, "\(said.log)")
  }

  @Test func `bytes that are not HTTP do not trouble the daemon`() throws {
    let site = try Site()
    let daemon = try Daemon.start(site, projects: [try project(site)])
    var idle: [Int32] = []
    defer { for number in idle { close(number) } }
    for _ in 0..<200 { idle.append(try UnixSocket.connect(to: site.socket).release()) }
    for bytes in [
      "\0\u{1}\u{2}\n\n", "GET / HTTP/9.9\r\n\r\n", "GET ", String(repeating: "x", count: 100_000),
    ] {
      let connection = try UnixSocket.connect(to: site.socket)
      try? Files.write(bytes.utf8, to: connection, named: "socket")
    }
    #expect(try daemon.sync() == 0)
  }
}
