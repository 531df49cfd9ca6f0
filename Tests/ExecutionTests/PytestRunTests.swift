import Glibc
import Model
import Platform
import Testing

@testable import Execution

@Suite struct `pytest under a supervisor` {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    var code: String
    var verdict: Verdict
    var note: String?
    var cases: [String: Verdict] = [:]
    /// `case|message|line` of each failure; an empty part is none.
    var failures: [String] = []
    var files: [String: String] = [:]
    var arguments: [String] = []
    var limit = Duration.seconds(60)
    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(
      name: "of every kind one case",
      code: """
        import pytest
        from helper import total

        def test_good(): print("hello")
        def test_bad(): assert total(1, 2) == 4
        def test_raises(): total(1, None)
        @pytest.mark.skip(reason="not today")
        def test_skipped(): pass
        @pytest.mark.xfail
        def test_expected(): assert False
        @pytest.mark.xfail(strict=True, reason="must not pass")
        def test_unexpected(): pass
        @pytest.mark.parametrize("x", ["a b", "::[1]", "new\\nline"])
        def test_many(x): pass
        class TestClass:
            def test_method(self): pass
        @pytest.fixture
        def broken(): raise ValueError("no setup")
        def test_setup(broken): pass
        @pytest.fixture
        def leaving():
            yield
            raise ValueError("no teardown")
        def test_teardown(leaving): pass
        """, verdict: .failed,
      cases: [
        "test_good": .passed, "test_bad": .failed, "test_raises": .failed, "test_skipped": .skipped,
        "test_expected": .skipped, "test_unexpected": .failed, "test_many[a b]": .passed,
        "test_many[::[1]]": .passed,
        "test_many[new\\nline]": .passed, "TestClass::test_method": .passed, "test_setup": .error,
        "test_teardown": .error,
      ],
      failures: [
        "test_bad|assert 3 == 4|5",
        "test_raises|TypeError: unsupported operand type(s) for +: 'int' and 'NoneType'|2",
        "test_unexpected|[XPASS(strict)] must not pass|",
        "test_setup|in setup: ValueError: no setup|18",
        "test_teardown|in teardown: ValueError: no teardown|23",
      ], files: ["helper.py": "def total(a, b):\n    return a + b\n", "conftest.py": ""]),
    Row(
      name: "all pass", code: "def test_a(): pass\ndef test_ü(): pass\n", verdict: .passed,
      cases: ["test_a": .passed, "test_ü": .passed]),
    Row(
      name: "nothing in it", code: "x = 1\n", verdict: .skipped, note: "no tests collected"),
    Row(
      name: "all deselected", code: "def test_a(): pass\n", verdict: .skipped,
      note: "no tests collected: 1 deselected", arguments: ["-k", "nothing"]),
    Row(
      name: "skipped as a whole",
      code: "import pytest\npytest.importorskip('no_such_module')\ndef test_a(): pass\n",
      verdict: .skipped, note: "could not import 'no_such_module': No module named 'no_such_module'"),
    Row(
      name: "every case skipped",
      code: "import pytest\n@pytest.mark.skip(reason='why')\ndef test_a(): pass\n", verdict: .skipped,
      note: "why", cases: ["test_a": .skipped]),
    Row(
      name: "a syntax error", code: "x = 1\n\ndef test_a(:\n    pass\n", verdict: .error,
      note: "its collection failed", failures: ["|SyntaxError: invalid syntax|3"]),
    Row(
      name: "an import that fails", code: "\nimport no_such_thing\n", verdict: .error,
      note: "its collection failed",
      failures: ["|ModuleNotFoundError: No module named 'no_such_thing'|2"]),
    Row(
      name: "leaves in the middle",
      code: "import os\ndef test_a(): pass\ndef test_b(): os._exit(0)\ndef test_c(): pass\n",
      verdict: .error, note: "pytest ended early with exit code 0",
      cases: ["test_a": .passed, "test_b": .error],
      failures: ["test_b|pytest ended early with exit code 0|"]),
    Row(
      name: "crashes", code: "import ctypes\ndef test_a(): pass\ndef test_b(): ctypes.string_at(0)\n",
      verdict: .error, note: "killed by signal 11 (segmentation fault)",
      cases: ["test_a": .passed, "test_b": .error],
      failures: ["test_b|killed by signal 11 (segmentation fault)|"]),
    Row(
      name: "never ends", code: "import time\ndef test_a(): pass\ndef test_b(): time.sleep(600)\n",
      verdict: .timedOut,
      note: "over its time of 5 s", cases: ["test_a": .passed, "test_b": .timedOut],
      failures: ["test_b|over its time of 5 s|"], limit: .seconds(5)),
    Row(
      name: "closes our descriptor and replaces functions",
      code: """
        import os, builtins, time
        def test_a():
            for fd in range(3, 60):
                try:
                    if os.readlink("/proc/self/fd/%d" % fd).endswith("/report"): os.close(fd); os.open("/dev/null", 0)
                except OSError: pass
        def test_b(monkeypatch):
            monkeypatch.setattr(os, "open", None); monkeypatch.setattr(os, "write", None)
            monkeypatch.setattr(time, "time", None); monkeypatch.setattr(os, "getpid", None)
            monkeypatch.setattr(os.path, "join", None); monkeypatch.setattr(os, "fstat", None)
        def test_c(tmp_path): os.chdir(tmp_path); open("x", "w").close()
        def test_d(): assert False
        """, verdict: .failed,
      cases: ["test_a": .passed, "test_b": .passed, "test_c": .passed, "test_d": .failed],
      failures: ["test_d|assert False|12"]),
    Row(
      name: "forks and forgets to leave",
      code:
        "import os\ndef test_a():\n    pid = os.fork()\n    if pid: os.waitpid(pid, 0)\n    else: assert False\n",
      verdict: .passed, cases: ["test_a": .passed]),
    Row(
      name: "exits with a reason", code: "import pytest\ndef test_a(): pytest.exit('enough')\n",
      verdict: .error,
      note: "pytest was interrupted", cases: ["test_a": .error],
      failures: ["|enough|"]),
    Row(
      name: "refuses an option", code: "def test_a(): pass\n", verdict: .error,
      note: "pytest refused its command line or configuration",
      failures: ["|unrecognized arguments: --no-such-option|"],
      arguments: ["--no-such-option"]),
    Row(
      name: "breaks pytest itself", code: "def test_a(): pass\n", verdict: .error,
      note: "pytest had an internal error", failures: ["|KeyError: 'mine'|"],
      files: ["conftest.py": "def pytest_collection_finish(session): raise KeyError('mine')\n"]),
    Row(
      name: "a conftest that fails", code: "def test_a(): pass\n", verdict: .error,
      note: "pytest refused its command line or configuration",
      failures: ["|*NameError: name 'nonsense' is not defined|"],
      files: ["conftest.py": "nonsense\n"]),
    Row(
      name: "options of the project's own",
      code: "import pytest\n@pytest.mark.slow\ndef test_a(): pass\ndef test_b(): pass\n",
      verdict: .passed, cases: ["test_b": .passed],
      files: [
        "pytest.ini": """
        [pytest]
        addopts = -m "not slow" --strict-markers --strict-config -p no:cacheprovider -q
        markers = slow: takes long
        """
      ]),
    Row(
      name: "its environment is as if we were not there",
      code: """
        import os, sys
        def test_a():
            assert "PYTHONPATH" not in os.environ and "PYTEST_ADDOPTS" not in os.environ
            assert not sys.path[0].endswith("/plugin")
        """, verdict: .passed, cases: ["test_a": .passed]),
    Row(
      name: "stops at the first failure", code: "def test_a(): assert 0\ndef test_b(): pass\n",
      verdict: .failed,
      cases: ["test_a": .failed], failures: ["test_a|assert 0|1"], arguments: ["-x"]),
    Row(
      name: "a plugin says no at the end", code: "def test_a(): pass\n", verdict: .failed,
      note: "exit code 1",
      cases: ["test_a": .passed], failures: ["|FAIL coverage 10 % is below 80 %|"],
      files: [
        "conftest.py": """
        import pytest
        def pytest_sessionfinish(session): session.exitstatus = 1
        def pytest_unconfigure(config): print("FAIL coverage 10 % is below 80 %")
        """
      ]),
    Row(
      name: "only collects", code: "def test_a(): pass\n", verdict: .skipped, note: "no test ran",
      arguments: ["--collect-only"]),
    Row(
      name: "unittest style",
      code: """
        import unittest
        class T(unittest.TestCase):
            def test_a(self): self.assertEqual(1, 2)
            @unittest.skip("no")
            def test_b(self): pass
        """, verdict: .failed, cases: ["T::test_a": .failed, "T::test_b": .skipped],
      failures: ["T::test_a|AssertionError: 1 != 2|3"]),
  ]

  @Test(arguments: rows) func `is told truly`(_ row: Row) async throws {
    var files = row.files
    files["tests/test_it.py"] = row.code
    let bench = try Bench(
      files: files.merging(["pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n"]) { $1 })
    let settings = Bench.pytest { settings in
      settings.arguments = row.arguments
      settings.budget.time = row.limit
      // All but one go without the plug-ins that happen to be installed, which take most of the time.
      if !row.name.hasPrefix("of every") { settings.environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1" }
      settings.environment["PYTHONPATH"] = row.files["helper.py"] == nil ? nil : bench.project
    }
    let report = await bench.run(bench.request(settings, path: "tests/test_it.py"))
    let judgement = try #require(report.judgement)
    #expect(judgement.verdict == row.verdict, "\(String(decoding: report.output, as: UTF8.self))")
    #expect(judgement.note == row.note)
    #expect(Dictionary(judgement.cases.map { ($0.name.unescaped, $0.verdict) }) { $1 } == row.cases)
    let failures = judgement.failures.map {
      "\($0.caseName ?? "")|\($0.message)|\($0.line.map(String.init) ?? "")"
    }
    #expect(failures.count == row.failures.count)
    for (found, wanted) in zip(failures, row.failures) {
      if let star = wanted.firstIndex(of: "*") {
        #expect(found.contains(wanted[wanted.index(after: star)...].dropLast()))
      } else {
        #expect(found == wanted)
      }
    }
    // The checkout is as it was.
    let listing = try Subprocess.run(
      ProcessStart(
        program: "/usr/bin/find", arguments: ["find", bench.project, "-type", "f", "-printf", "%P\n"],
        environment: []),
      timeLimit: .seconds(10))
    let names = String(decoding: listing.output.content, as: UTF8.self).split(separator: "\n").map(
      String.init)
    #expect(Set(names) == Set(files.keys).union(["pyproject.toml"]))
  }

  @Test func `a file's failures name the place in the project`() async throws {
    let bench = try Bench(files: [
      "pkg/src/mail.py": "import json\ndef subject(d):\n    return json.loads(d)\n",
      "pkg/tests/test_mail.py": "from src.mail import subject\ndef test_s(): subject('{')\n",
      "pkg/src/__init__.py": "", "pkg/conftest.py": "",
    ])
    let settings = Bench.pytest { $0.directory = RelativePath("pkg")! }
    let report = await bench.run(bench.request(settings, path: "pkg/tests/test_mail.py"))
    let failure = try #require(report.judgement?.failures.first)
    #expect(failure.file == "pkg/src/mail.py" && failure.line == 3 && failure.caseName == "test_s")
  }

  @Test func `the project's own environment is active`() async throws {
    let bench = try Bench(files: [
      "test_a.py": """
      import os, sys
      def test_a():
          assert sys.prefix == os.environ["VIRTUAL_ENV"] == os.path.realpath(".venv")
          assert os.environ["PATH"].split(":")[0] == sys.prefix + "/bin"
      """
    ])
    let request = bench.request(Bench.pytest(), path: "test_a.py")
    let python = try Toolchain().python(for: request, environment: Bench.environment).get().file
    try bench.write(
      ".venv/pyvenv.cfg", "home = \(Files.parent(of: python))\ninclude-system-site-packages = true\n")
    try Files.makeDirectory(bench.project + "/.venv/bin")
    unsafe symlink(python, bench.project + "/.venv/bin/python")
    let report = await bench.run(request)
    #expect(report.judgement?.verdict == .passed, "\(String(decoding: report.output, as: UTF8.self))")
  }

  @Test func `a command of the user's own brings the plugin along`() async throws {
    let bench = try Bench(files: ["test_a.py": "def test_a(): pass\n"])
    let own = Bench.pytest { $0.command = ["sh", "-c", "python3 -m pytest -q \"$0\"", "{unit}"] }
    let report = await bench.run(bench.request(own, path: "test_a.py"))
    #expect(report.judgement?.cases.map(\.name) == ["test_a"] && report.judgement?.verdict == .passed)
    let bare = Bench.pytest {
      $0.command = ["sh", "-c", "PYTEST_ADDOPTS= python3 -m pytest -q \"$0\"", "{unit}"]
    }
    let judgement = await bench.run(bench.request(bare, path: "test_a.py")).judgement
    #expect(judgement?.verdict == .passed && judgement?.cases == [])
  }
}

extension String {
  /// Newer versions of pytest write such characters of an id as they are, older ones escaped.
  fileprivate var unescaped: String { self == "test_\\xfc" ? "test_ü" : self }
}
