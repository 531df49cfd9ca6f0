import Glibc
import Model
import Platform
import Testing

@testable import Execution

@Suite struct `Which interpreter a project means` {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    var programs: [String]
    var files: [String: String] = [:]
    /// Interpreters without pytest.
    var bare: [String] = []
    /// The file, or a part of the refusal.
    let chosen: String
    var why = ""
    var testDescription: String { name }
  }

  static let all = ["/usr/bin/python3", "/active/bin/python", "/p/.venv/bin/python"]

  @Test(arguments: [
    Row(name: "the project's own environment", programs: all, chosen: "/p/.venv/bin/python", why: "/p/.venv"),
    Row(
      name: "the domain's before the root's", programs: all + ["/p/pkg/venv/bin/python"],
      chosen: "/p/pkg/venv/bin/python"),
    Row(
      name: "its own environment without pytest is no reason to take another", programs: all,
      bare: ["/p/.venv/bin/python"],
      chosen: "/p/.venv is this project's environment, and it is not usable: it has no pytest"),
    Row(
      name: "the active environment", programs: ["/usr/bin/python3", "/active/bin/python"],
      chosen: "/active/bin/python",
      why: "VIRTUAL_ENV is /active"),
    Row(
      name: "the first on PATH", programs: ["/usr/bin/python3", "/bin/python3"], chosen: "/usr/bin/python3"),
    Row(
      name: "the first on PATH that has pytest", programs: ["/opt/bin/python3", "/usr/bin/python3"],
      bare: ["/opt/bin/python3"], chosen: "/usr/bin/python3"),
    Row(name: "none at all", programs: [], chosen: "no Python interpreter that has pytest was found"),
    Row(
      name: "pyenv's newest of the pinned line",
      programs: [
        "/usr/bin/python3", "/h/.pyenv/versions/3.9.2/bin/python", "/h/.pyenv/versions/3.9.10/bin/python",
      ],
      files: ["/p/pkg/.python-version": "3.9\n"], chosen: "/h/.pyenv/versions/3.9.10/bin/python",
      why: ".python-version says 3.9"),
    Row(
      name: "poetry's, by name and digest",
      programs: ["/usr/bin/python3", "/h/.cache/pypoetry/virtualenvs/my-app-w-VdNZGD-py3.11/bin/python"],
      files: ["/p/pkg/pyproject.toml": "[tool.poetry]\nname = \"My-App\"\n"],
      chosen: "/usr/bin/python3"),
    Row(
      name: "conda's, by environment.yml",
      programs: ["/usr/bin/python3", "/h/miniconda3/envs/sci/bin/python"],
      files: ["/p/pkg/environment.yml": "name: sci\ndependencies: []\n"],
      chosen: "/h/miniconda3/envs/sci/bin/python"),
  ])
  func `is found, and it says why`(_ row: Row) throws {
    let programs = Set(row.programs)
    let lookup = FileLookup(
      isExecutable: { programs.contains($0) }, read: { row.files[$0].map { Array($0.utf8) } },
      names: { directory in
        Set(
          programs.filter { $0.hasPrefix(directory + "/") }.map {
            String($0.dropFirst(directory.count + 1).prefix { $0 != "/" })
          }
        ).sorted()
      }, identity: { _ in nil })
    let toolchain = Toolchain(lookup: lookup) { python, _, _, _ in
      row.bare.contains(python)
        ? .unusable(why: "it has no pytest") : .usable(file: python, version: "3.11.2", pytest: "8.0")
    }
    var settings = Bench.pytest()
    settings.directory = RelativePath("pkg")!
    let request = RunRequest(
      run: RunID(Tick(1)), unit: UnitID(project: ProjectName("p"), domain: settings.name, unit: "u"),
      path: nil,
      clock: Tick(1), reason: Reason(.new, text: ""), root: Array("/p".utf8), settings: settings)
    var environment = ["PATH": "/opt/bin:/usr/bin:/bin", "HOME": "/h"]
    if row.programs.contains("/active/bin/python") { environment["VIRTUAL_ENV"] = "/active" }
    switch toolchain.python(for: request, environment: environment) {
    case .success(let choice):
      #expect(choice.file == row.chosen && choice.version == "3.11.2, pytest 8.0")
      if !row.why.isEmpty { #expect(choice.why == row.why) }
    case .failure(let diagnostic):
      #expect(diagnostic.message == row.chosen && !diagnostic.hints.isEmpty)
    }
  }

  /// As `poetry env info -p` names it for a project at this path.
  @Test func `poetry's digest is the one that poetry takes`() {
    let digest = Digester.digest(of: Array("/tmp/demo".utf8)).bytes
    #expect(PythonSearch.base64(digest.prefix(6)).count == 8)
    #expect(PythonSearch.base64([0xff, 0xef, 0xbe, 0x00, 0x10, 0x83]) == "_---ABCD")
  }

  @Test func `a shim is asked once, and again when it or the pinned version changes`() throws {
    let bench = try Bench()
    let log = bench.directory + "/log"
    try bench.write(
      "bin/python3", "#!/bin/sh\necho asked >> \(log)\necho /x/python; echo 3.9; echo 8\n", permissions: 0o755
    )
    let toolchain = Toolchain()
    let request = bench.request(Bench.pytest())
    let environment = ["PATH": bench.project + "/bin:/usr/bin:/bin"]
    func asked() throws -> Int {
      #expect(try toolchain.python(for: request, environment: environment).get().file == "/x/python")
      return try Files.read(log).split(separator: 0x0a).count
    }
    #expect(try asked() == 1)
    #expect(try asked() == 1)
    try bench.write(".python-version", "3.9")
    #expect(try asked() == 2)
    try bench.write(
      "bin/python3", "#!/bin/sh\necho asked >> \(log)\necho /x/python; echo 3.9; echo 8\n", permissions: 0o755
    )
    #expect(try asked() == 3)
    toolchain.forget()
    #expect(try asked() == 4)
  }
}

@Suite(.enabled(if: getuid() == 0)) struct `A root daemon with another's project` {
  @Test func `runs it as its owner, in a place of their own`() async throws {
    var environment = Bench.environment
    environment["GOPATH"] = "/root/go"
    environment["CARGO_HOME"] = "/usr/share"
    let bench = try Bench(environment: environment)
    _ = unsafe chmod(bench.directory, 0o711)
    _ = unsafe chown(bench.project, 65534, 65534)
    let request = bench.request(
      Bench.settings(command: [
        "sh", "-c",
        """
        id -u; id -G; touch "$TMPDIR/x" mine || exit 1
        ls \(bench.runs) 2>/dev/null && exit 2
        test -z "$GOPATH" && test "$CARGO_HOME" = /usr/share || exit 3
        case ":$PATH:$HOME" in */root*) exit 4;; esac
        ln -s /etc/shadow "${TMPDIR%/tmp}/report"
        setsid sleep 600 & exit 0
        """,
      ]))
    let report = await bench.run(request)
    #expect(report.judgement?.verdict == .passed, "\(String(decoding: report.output, as: UTF8.self))")
    #expect(report.output.starts(with: "65534\n65534\n".utf8) && report.outcome?.leftOver == 1)
    let directory = RunDirectory(run: request.run, in: bench.runs)
    let place = directory.privatePath
    // What a run puts in place of its report leads us nowhere.
    #expect(place.hasPrefix("/tmp/mcpd-run-") && directory.report == nil)
    try directory.remove()
    #expect(Files.kind(of: place) == nil && Files.kind(of: directory.path) == nil)
    #expect(Files.kind(of: "/etc/shadow") != nil)
  }

  @Test func `gives it no file that its owner may not read`() async throws {
    let bench = try Bench()
    _ = unsafe chmod(bench.directory, 0o711)
    _ = unsafe chown(bench.project, 65534, 65534)
    try Files.replace(bench.directory + "/secret", with: Array("TOKEN=x\n".utf8))
    unsafe symlink(bench.directory + "/secret", bench.project + "/.env")
    let report = await bench.run(command: ["env"]) { $0.environmentFiles = [".env"] }
    #expect(report.judgement?.verdict == .error)
    #expect(report.judgement?.failures.first?.message.contains("may not be read by") == true)
  }
}
