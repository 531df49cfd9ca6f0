/// The small plugin that tells us what happens to each case, as it happens.
///
/// JUnit XML would lose node ids, lines, and everything of a run that does not end in order. The records are written
/// one by one, each in one append, so a test that ends its process takes nothing along but itself.
enum PytestPlugin {
  static let module = "mcpd_records"

  /// The plugin with its places filled in. They go in as hexadecimal digits: nothing needs quoting, any byte works.
  static func source(
    report: [UInt8], root: [UInt8], privateDirectory: [UInt8], original: [String: String]
  ) -> [UInt8] {
    var head =
      "REPORT = \(literal(report))\nROOT = \(literal(root))\nPRIVATE = \(literal(privateDirectory))\n"
    head += "ORIGINAL = {\n"
    for name in ["PYTHONPATH", "PYTEST_ADDOPTS"] {
      head += "    \"\(name)\": \(original[name].map { literal(Array($0.utf8)) } ?? "None"),\n"
    }
    head += "}\n"
    return Array((introduction + head + body).utf8)
  }

  private static func literal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".unicodeScalars)
    var hex = String.UnicodeScalarView()
    for byte in bytes {
      hex.append(digits[Int(byte >> 4)])
      hex.append(digits[Int(byte & 15)])
    }
    return "bytes.fromhex(\"\(String(hex))\")"
  }

  private static let introduction = """
    \"\"\"Tells mcpd what happens to each test case of this run. It changes no test and no outcome.

    PYTEST_DONT_REWRITE
    \"\"\"
    import os
    import re
    import struct
    import sys

    import pytest


    """

  private static let body = #"""

    OURS = {name: os.environ.get(name, "") for name in ORIGINAL}
    for name, value in ORIGINAL.items():
        # What brought this module in is nothing for the tests, nor for the programs that they start.
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = os.fsdecode(value)
    HERE = os.path.dirname(os.path.abspath(__file__))
    if HERE in sys.path:
        # Last, it hides nothing.
        sys.path.remove(HERE)
        sys.path.append(HERE)


    class Recorder:
        def __init__(self, config):
            # Tests replace functions of os and builtins: these are our own references.
            self.open, self.write, self.close, self.fstat = os.open, os.write, os.close, os.fstat
            self.getpid, self.join, self.pack = os.getpid, os.path.join, struct.pack
            self.pid = os.getpid()
            self.directory = os.path.abspath(os.getcwd())
            self.roots = [os.fsdecode(ROOT)]
            real = os.path.realpath(self.roots[0])
            if real != self.roots[0]:
                self.roots.append(real)
            self.file = None
            self.identity = None
            self.record("session", pytest.__version__, sys.version.split()[0])

        def record(self, *fields):
            # A test that forked and forgot to leave runs on as pytest: it is not the run.
            if self.getpid() != self.pid:
                return
            encoded = [str(field).encode("utf-8", "replace") for field in fields]
            data = self.pack("<Q", len(encoded))
            for field in encoded:
                data += self.pack("<Q", len(field)) + field
            try:
                status = self.fstat(self.file)
                if (status.st_dev, status.st_ino) != self.identity:
                    raise OSError
            except (OSError, TypeError):
                # A test closed our descriptor, or it is the test's own file by now.
                self.file = self.open(
                    REPORT, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
                status = self.fstat(self.file)
                self.identity = (status.st_dev, status.st_ino)
            self.write(self.file, data)

        def relative(self, path):
            path = self.join(self.directory, str(path))
            for root in self.roots:
                if path.startswith(root + "/"):
                    return path[len(root) + 1:]
            return path

        def is_ours(self, path):
            if path.startswith("/"):
                return False
            return not re.search(r"(^|/)(site-packages|\.?venv|\.tox|\.nox|node_modules)/", path)

        def place(self, longrepr):
            """Message, file and line of a failure; the innermost place that lies in the project."""
            if longrepr is None:
                return "", "", ""
            if isinstance(longrepr, tuple) and len(longrepr) == 3:
                return str(longrepr[2]), self.relative(longrepr[0]), longrepr[1] or ""
            crash = getattr(longrepr, "reprcrash", None)
            if crash is not None:
                found = (self.relative(crash.path), crash.lineno)
                if not self.is_ours(found[0]):
                    trace = getattr(longrepr, "reprtraceback", None)
                    for entry in reversed(getattr(trace, "reprentries", None) or []):
                        location = getattr(entry, "reprfileloc", None)
                        if location is not None and self.is_ours(self.relative(location.path)):
                            found = (self.relative(location.path), location.lineno)
                            break
                return str(crash.message).strip().split("\n")[0], found[0], found[1]
            text = str(getattr(longrepr, "longrepr", longrepr))
            lines = [line.strip("\r") for line in text.split("\n") if line.strip()]
            said = [line[4:] for line in lines if re.match(r"E   \S", line)]
            message = said[-1] if said else (lines[-1] if lines else "")
            file, line = "", ""
            for found in re.finditer(r'^(?:E +)?(?:File "(.+?)", line (\d+)|([^\s:][^:\n]*):(\d+): )', text, re.M):
                path = self.relative(found.group(1) or found.group(3))
                if self.is_ours(path):
                    file, line = path, found.group(2) or found.group(4)
            return message, file, line

        def pytest_runtest_logstart(self, nodeid, location):
            self.record("start", nodeid)

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(self, report):
            message, file, line = ("", "", "")
            if report.outcome != "passed":
                message, file, line = self.place(report.longrepr)
            expected = "expected" if hasattr(report, "wasxfail") else ""
            self.record(
                "phase", report.nodeid, report.when, report.outcome, expected,
                int(getattr(report, "duration", 0) * 1000000), message, file, line)

        def pytest_runtest_logfinish(self, nodeid, location):
            self.record("end", nodeid)

        def pytest_collectreport(self, report):
            if report.outcome != "passed":
                message, file, line = self.place(report.longrepr)
                self.record("collect", report.nodeid, report.outcome, message, file, line)

        def pytest_deselected(self, items):
            self.record("deselected", len(items))

        def pytest_internalerror(self, excrepr):
            message, file, line = self.place(excrepr)
            self.record("internal", message)

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session):
            # A limit on the coverage of a whole suite says nothing of one file of it.
            options = getattr(session.config.pluginmanager.getplugin("_cov"), "options", None)
            if getattr(options, "cov_fail_under", None):
                options.cov_fail_under = None

        @pytest.hookimpl(trylast=True)
        def pytest_sessionfinish(self, session, exitstatus):
            self.record("collected", getattr(session, "testscollected", 0))

        @pytest.hookimpl(trylast=True)
        def pytest_unconfigure(self, config):
            self.record("finish")


    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(config, specs):
        # The workers of a distributed run come in the same way; here no test runs that could see it.
        os.environ.update(OURS)


    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(config):
        # What tools keep between runs goes to a place of the run's own: the checkout stays as it is.
        private = os.fsdecode(PRIVATE)
        asked = config.getini

        def getini(name):
            return os.path.join(private, "cache") if name == "cache_dir" else asked(name)

        config.getini = getini
        if getattr(config.option, "benchmark_storage", "") == "file://./.benchmarks":
            config.option.benchmark_storage = "file://" + os.path.join(private, "benchmarks")
        # The workers of a distributed run hand everything to the one that started them.
        if not hasattr(config, "workerinput"):
            config.pluginmanager.register(Recorder(config), "mcpd-recorder")

    """#
}
