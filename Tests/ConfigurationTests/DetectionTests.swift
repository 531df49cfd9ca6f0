import Configuration
import Model
import Testing

private let passing = "def test_one():\n    assert True\n"
private let unittest = "import unittest\n\nclass T(unittest.TestCase):\n    def test_one(self): pass\n"

/// A layout and what becomes of it: `NAME DIRECTORY: RUNNER COMMAND {OTHER SETTINGS}`, and a word of the notes.
private struct Layout: Sendable, CustomTestStringConvertible {
  let name: String
  let files: [String: String]
  let domains: [String]
  let note: String?

  init(_ name: String, _ files: [String: String], _ domains: [String], note: String? = nil) {
    self.name = name
    self.files = files
    self.domains = domains
    self.note = note
  }

  var testDescription: String { name }
}

private let ci = "env CI=true npm_config_update_notifier=false"
private let go = "caches ~/.cache/go-build ~/go"
private let b = "b=\"${XDG_CACHE_HOME:-$HOME/.cache}/mcpd/build/"
private let c = "-$(pwd | cksum | cut -d' ' -f1)\"; "

private let layouts: [Layout] = [
  .init("nothing", [:], [], note: "no tests were found"),
  .init("only a readme", ["README.md": "x"], [], note: "no tests were found"),
  // Python.
  .init(
    "a src layout",
    ["pyproject.toml": "[project]\nname='a'\n", "src/a/__init__.py": "", "tests/test_a.py": passing],
    ["unit : pytest env PYTHONPATH=src"]),
  .init(
    "a src layout that tells pytest",
    [
      "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = [\n  \"src\",\n]\n", "src/a/__init__.py": "",
      "tests/test_a.py": passing,
    ], ["unit : pytest"]),
  .init(
    "a src layout that is installed",
    [
      "pyproject.toml": "", "src/a/__init__.py": "", "tests/test_a.py": passing, ".venv/pyvenv.cfg": "",
      ".venv/bin/python": "", ".venv/lib/python3.11/site-packages/__editable__.a.pth": "/x/src",
    ], ["unit : pytest"]),
  .init(
    "a lib layout",
    [
      "pyproject.toml": "[tool.setuptools.packages.find]\nwhere = [\"lib\"]\n", "lib/a/__init__.py": "",
      "tests/test_a.py": passing,
    ], ["unit : pytest env PYTHONPATH=lib"]),
  .init(
    "tests beside code", ["shop/__init__.py": "", "shop/cart.py": "", "shop/test_cart.py": passing],
    ["unit : pytest"]),
  .init("one test file", ["test_a.py": passing], ["unit : pytest"]),
  .init(
    "a uv project",
    [
      "pyproject.toml": "[dependency-groups]\ndev = [\"pytest\"]\n", "uv.lock": "",
      "tests/test_a.py": unittest, "src/a/b.py": "",
    ], ["unit : pytest env PYTHONPATH=src"], note: "uv sync"),
  .init(
    "a poetry project",
    [
      "pyproject.toml": "[tool.poetry]\npackages = [{include = \"a\", from = \"source\"}]\n",
      "poetry.lock": "", "source/a/__init__.py": "", "tests/test_a.py": passing,
    ], ["unit : pytest env PYTHONPATH=source"], note: "poetry install"),
  .init(
    "a plain venv",
    [
      "requirements.txt": "pytest==8\n", "venv/pyvenv.cfg": "", "venv/bin/python": "",
      "venv/lib/python3/site-packages/x/test_x.py": passing, "tests/test_a.py": unittest,
    ], ["unit : pytest"]),
  .init(
    "tox over pytest",
    ["tox.ini": "[testenv]\ndeps = pytest\ncommands =\n    pytest {posargs}\n", "tests/test_a.py": passing],
    ["unit : pytest"]),
  .init(
    "tox over something else", ["tox.ini": "[testenv]\ncommands = python check.py\n", "check.py": ""],
    ["unit : command tox -q network full writes .tox/"]),
  .init(
    "unittest in a package", ["tests/__init__.py": "", "tests/test_a.py": unittest, "a.py": ""],
    ["unit : command python3 -m unittest discover -s tests -t ."]),
  .init(
    "unittest in a folder",
    ["tests/test_a.py": unittest, "tests/helper.py": "", ".venv/pyvenv.cfg": "", ".venv/bin/python": ""],
    ["unit : command .venv/bin/python -m unittest discover -s tests"]),
  .init(
    "unittest at the root", ["test_a.py": unittest, "pkg/__init__.py": "", "pkg/test_b.py": unittest],
    ["unit : command python3 -m unittest discover"]),
  .init(
    "unittest in scattered folders", ["a/test_a.py": unittest, "b/test_b.py": unittest],
    ["unit : command python3 -m unittest a/test_a.py b/test_b.py"]),
  .init(
    "unittest with suffixes", ["src/a.py": "", "tests/a_test.py": unittest],
    ["unit : command python3 -m unittest discover -s tests -p *_test.py env PYTHONPATH=src"]),
  .init(
    "unittest by names that only unittest takes",
    ["tests/__init__.py": "", "tests/testcart.py": unittest, "testing.py": "x"],
    ["unit : command python3 -m unittest discover -s tests -t ."]),
  .init(
    "names that are no tests", ["testing.py": "x", "tests/__init__.py": ""], [], note: "no tests were found"),
  .init(
    "a script over bats", ["package.json": "{\"scripts\": {\"test\": \"bats test\"}}", "test/a.bats": ""],
    ["unit : command bats {unit} include test/*.bats"], note: "only calls bats"),
  .init("another build system", ["pom.xml": ""], [], note: "mvn, -q, test"),
  .init(
    "names of the project's own",
    ["pytest.ini": "[pytest]\npython_files = check_*.py\n", "checks/check_a.py": passing], ["unit : pytest"]),
  // Compiled.
  .init(
    "a cargo workspace",
    [
      "Cargo.toml": "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"tools\"]\n",
      "crates/a/Cargo.toml": "[package]\nname = 'a'\n", "tools/x/Cargo.toml": "[package]\n",
      ".gitignore": "/target\n",
    ],
    [
      "unit : command cargo test --workspace caches ~/.cargo reads ~/.rustup writes target/",
      "unit-x tools/x: command sh -c \(b)x\(c)CARGO_TARGET_DIR=\"$b\" exec cargo test caches ~/.cache/mcpd/build ~/.cargo reads ~/.rustup",
    ]),
  .init(
    "a go module", ["go.mod": "module x\n", "a/a_test.go": "", "tools/go.mod": "module y\n"],
    ["unit : command go test ./... \(go)"], note: "tools/go.mod names a module without"),
  .init(
    "a CMake tree",
    [
      "CMakeLists.txt": "project(a)\nadd_subdirectory(t)\n",
      "t/CMakeLists.txt": "enable_testing()\nadd_test(NAME a COMMAND a)\n",
    ],
    [
      "unit : command sh -c \(b)ctest\(c)cmake -S . -B \"$b\" && cmake --build \"$b\" && ctest --test-dir \"$b\" --output-on-failure --no-tests=error caches ~/.cache/mcpd/build"
    ]),
  .init("CMake without tests", ["CMakeLists.txt": "project(a)\n"], [], note: "CMakeLists.txt adds no tests"),
  .init(
    "a Swift package", ["Package.swift": ".testTarget(name: \"T\")", ".gitignore": ".build/\n"],
    ["unit : command swift test writes .build/"]),
  // Node.
  .init(
    "node's own runner", ["package.json": "{\"name\": \"a\"}", "test/a.js": "", "src/b.test.mjs": ""],
    ["unit : command node --test env CI=true"]),
  .init(
    "a test script", ["package.json": "{\n\t\"scripts\": {\"test\": \"vitest\"}\n}"],
    ["unit : command npm test \(ci)"]),
  .init(
    "pnpm", ["package.json": "{\"scripts\": {\"test\": \"jest\"}}", "pnpm-lock.yaml": ""],
    ["unit : command pnpm test env CI=true"]),
  .init(
    "no test script",
    ["package.json": "{\"scripts\": {\"test\": \"echo \\\"Error: no test specified\\\" && exit 1\"}}"], [],
    note: "package.json has no test script"),
  .init(
    "vitest without a script",
    [
      "package.json": "{\"devDependencies\": {\"vitest\": \"1\"}}", "node_modules/.bin/vitest": "",
      "a.test.ts": "",
    ], ["unit : command node_modules/.bin/vitest run env CI=true"]),
  .init(
    "workspaces",
    [
      "package.json": "{\"workspaces\": [\"p/*\"], \"scripts\": {\"test\": \"npm test --workspaces\"}}",
      "p/a/package.json": "{\"scripts\": {\"test\": \"x\"}}",
    ], ["unit : command npm test \(ci)"]),
  .init("broken package.json", ["package.json": "{\"scripts\": {"], [], note: "no test script"),
  // Shell.
  .init(
    "bats", ["test/a.bats": "", "test/bats/test/x.bats": "", "test/unit/b.bats": ""],
    ["unit : command bats {unit} include test/*.bats test/unit/*.bats"]),
  .init(
    "bats of its own", ["test/a.bats": "", "test/bats/bin/bats": ""],
    ["unit : command test/bats/bin/bats {unit} include test/*.bats"]),
  .init("prove", ["t/a.t": "", "lib/A.pm": ""], ["unit : command prove -l {unit} include t/**/*.t"]),
  // Make.
  .init("a Makefile", ["Makefile": "all:\n\tcc x\ntest: all\n\t./run.sh\n"], ["make : command make test"]),
  .init(
    "check brings test along",
    ["Makefile": ".PHONY: check test\ncheck: test lint\ntest:\n\t./run.sh\nlint:\n\t./lint.sh\n"],
    ["check : command make check"]),
  .init(
    "test brings check along", ["Makefile": "check:\n\t./c\ntest: check\n\t./t\n"],
    ["make : command make test"]),
  .init(
    "both alone", ["Makefile": "check:\n\t./c\ntest:\n\t./t\n"],
    ["check : command make check", "make : command make test"]),
  .init("a Makefile that says yes", ["Makefile": "check:\n\t@true\n"], ["check : command make check"]),
  .init(
    "a Makefile over pytest that pipes its echo",
    ["Makefile": "test:\n\tpytest\n\techo x | ./own\n", "test_a.py": passing],
    ["unit : pytest", "make : command make test"]),
  .init(
    "no such target", ["Makefile": "all:\n\tcc x\ntest-all:\n\tx\ntest := 1\n"], [],
    note: "Makefile has no target"),
  .init(
    "a Makefile over pytest",
    [
      "Makefile": "PY ?= python3\ntest:\n\t@echo testing\n\tPYTHONPATH=src $(PY) -m pytest -q\n",
      "tests/test_a.py": passing,
    ], ["unit : pytest"], note: "only runs what is tested already"),
  .init(
    "a Makefile over pytest and more",
    ["Makefile": "test:\n\tpytest\n\t./own.sh\n", "tests/test_a.py": passing],
    ["unit : pytest", "make : command make test"]),
  .init(
    "a Makefile beside cargo that does something else",
    ["Makefile": "check:\n\tcargo test && ./x\n", "Cargo.toml": "[package]\n", ".gitignore": "target"],
    [
      "unit : command cargo test caches ~/.cargo reads ~/.rustup writes target/",
      "check : command make check",
    ]),
  // Several.
  .init(
    "a monorepo of three",
    [
      "api/pyproject.toml": "", "api/tests/test_a.py": passing,
      "web/package.json": "{\"scripts\": {\"test\": \"x\"}}", "cli/go.mod": "", "cli/a_test.go": "",
    ],
    [
      "unit-api api: pytest", "unit-cli cli: command go test ./... \(go)",
      "unit-web web: command npm test \(ci)",
    ]),
  .init(
    "a monorepo without markers",
    ["api/tests/test_a.py": passing, "api/app.py": "", "web/tests/test_b.py": passing],
    ["unit-api api: pytest", "unit-web web: pytest"]),
  .init(
    "a package that tests import",
    ["shop/tests/test_a.py": "from shop.cart import x\n" + passing, "shop/cart.py": ""], ["unit : pytest"]),
  .init(
    "root and member",
    [
      "pyproject.toml": "[tool.pytest.ini_options]\n", "tests/test_a.py": passing,
      "libs/b/pyproject.toml": "", "libs/b/tests/test_b.py": passing,
    ], ["unit : pytest include tests/test_*.py tests/*_test.py", "unit-b libs/b: pytest"]),
  .init(
    "the root collects its members",
    [
      "pyproject.toml": "[tool.pytest.ini_options]\ntestpaths = [\"libs\"]\n", "libs/b/pyproject.toml": "",
      "libs/b/tests/test_b.py": passing,
    ], ["unit : pytest"]),
  .init(
    "two languages in one place",
    [
      "pyproject.toml": "", "tests/test_a.py": passing, "package.json": "{\"scripts\": {\"test\": \"x\"}}",
      "t/a.t": "",
    ], ["unit : pytest", "node : command npm test \(ci)", "prove : command prove {unit} include t/**/*.t"]),
  .init(
    "the same name twice",
    ["a/x/pyproject.toml": "", "a/x/test_a.py": passing, "b/x/pyproject.toml": "", "b/x/test_b.py": passing],
    ["unit-x a/x: pytest", "unit-b-x b/x: pytest"]),
  // What is not ours.
  .init(
    "vendored and ignored",
    [
      "node_modules/a/package.json": "{\"scripts\": {\"test\": \"x\"}}", "vendor/a/go.mod": "",
      "vendor/a/a_test.go": "", ".tox/a/test_a.py": passing, "out2/test_b.py": passing,
      ".gitignore": "out2/\n",
    ], [], note: "no tests were found"),
]

private func described(_ domain: DomainSettings) -> String {
  var words = ["\(domain.name) \(domain.directory.text):", domain.runner.rawValue] + (domain.command ?? [])
  if let include = domain.include { words += ["include"] + include }
  if domain.network != .loopback { words += ["network", domain.network.rawValue] }
  if !domain.caches.isEmpty { words += ["caches"] + domain.caches }
  if !domain.reads.isEmpty { words += ["reads"] + domain.reads }
  if !domain.writes.isEmpty { words += ["writes"] + domain.writes }
  if !domain.environment.isEmpty {
    words += ["env"] + domain.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }
  return words.joined(separator: " ")
}

@Suite struct `Detection` {
  @Test(arguments: layouts) fileprivate func `finds what lies there`(_ layout: Layout) throws {
    let loaded = ConfigurationLoader.load(tree: FakeTree(layout.files), root: "/p/shop")
    let settings = try #require(loaded.settings, "\(loaded.text())")
    #expect(settings.domains.map(described) == layout.domains)
    guard case .detected(let sentences) = loaded.source else {
      Issue.record("not detected")
      return
    }
    if let note = layout.note { #expect(sentences.contains { $0.contains(note) }, "\(sentences)") }
    for domain in settings.domains {
      #expect(loaded.origin(of: "domains.\(domain.name).runner").text.hasPrefix("detected: "))
      #expect(sentences.contains { $0.hasPrefix(domain.name.text + ":") })
    }
  }

  /// What `init` writes is what is used without it.
  @Test(arguments: layouts) fileprivate func `is written down by init, and read back the same`(
    _ layout: Layout
  ) throws {
    let tree = FakeTree(layout.files)
    let file = InitialFile.make(root: "/p/shop", tree: tree)
    let loaded = ConfigurationLoader.load(tree: tree, root: "/p/shop")
    let read = ConfigurationLoader.check(Array(file.text.utf8), name: "shop")
    #expect(read.text() == "", "\(file.text)")
    #expect(read.settings == loaded.settings, "\(file.text)")
    #expect(file.path == "/p/shop/.mcpd.yaml")
  }

  @Test func `of hostile names ends in right files`() throws {
    let tree = FakeTree([
      "a\nb: [/package.json": "{\"scripts\": {\"test\": \"x\\u0007 # \\n\"}}",
      "\u{1}\u{2028}/pyproject.toml": "", "\u{1}\u{2028}/test_a.py": passing,
      "-rf/pyproject.toml": "", "-rf/test_b.py": passing, "ÄÖ/pyproject.toml": "", "ÄÖ/test_b.py": passing,
      "* /go.mod": "", "* /a_test.go": "",
    ])
    let file = InitialFile.make(root: "/p/a\nb", tree: tree)
    let read = ConfigurationLoader.check(Array(file.text.utf8))
    // A directory with a line break in its name cannot be written down; nothing else may go wrong.
    #expect(
      read.diagnostics.allSatisfy { $0.code == "bad-path" || $0.code == "control-character" },
      "\(read.text())\n\(file.text)")
  }

  @Test func `a user's defaults count for what was detected`() throws {
    let scratch = try Scratch(["home.yaml": "domains: {unit: {parallel: 3}}\n", "shop/test_a.py": passing])
    let loaded = ConfigurationLoader.load(
      project: scratch.path + "/shop", layers: ConfigurationLayers(userFile: scratch.path + "/home.yaml"))
    #expect(loaded.settings?.domains.first?.parallel == 3)
    #expect(loaded.settings?.domains.first?.runner == .pytest)
  }
}

@Suite struct `init` {
  @Test func `writes a file, and never over one that is there`() throws {
    let scratch = try Scratch(["test_a.py": passing])
    let file = InitialFile.make(project: scratch.path)
    try file.write(force: false)
    let loaded = ConfigurationLoader.load(project: scratch.path, layers: .none)
    #expect(loaded.source == .file(file.path))
    #expect(loaded.settings?.domains.map(\.name.text) == ["unit"])
    try scratch.write("version: 1\n", to: ".mcpd.yaml")
    var isRefused = false
    do throws(InitialFile.WriteFailure) { try file.write(force: false) } catch {
      if case .exists(let path) = error { isRefused = path == file.path }
    }
    #expect(isRefused)
    #expect(ConfigurationLoader.load(project: scratch.path, layers: .none).settings?.domains.isEmpty == true)
    try file.write(force: true)
    #expect(ConfigurationLoader.load(project: scratch.path, layers: .none).settings?.domains.isEmpty == false)
    // A link to nowhere is something that is there.
    let other = try Scratch(["x": ""])
    try other.link(".mcpd.yaml", to: "nowhere")
    #expect(throws: InitialFile.WriteFailure.self) {
      try InitialFile.make(project: other.path).write(force: false)
    }
  }

  @Test func `explains every value`() {
    let file = InitialFile.make(
      root: "/p/shop",
      tree: FakeTree(["pyproject.toml": "[tool.pytest]\n", "src/a/b.py": "", "tests/test_a.py": passing]))
    #expect(
      file.text == """
        # What mcpd tests here, and how. Written by `mcpd-client init` from what was found; it is yours now.
        # Check it after an edit with `mcpd-client config check`; `mcpd-client config show` explains every setting.

        version: 1  # of this file's form

        # name: shop  # the directory's name, unless you say another

        domains:
          unit:
            # Found: pyproject.toml configures pytest.
            runner: pytest
            # The sources lie in src/ and nothing says that they are installed.
            environment: {PYTHONPATH: src}  # Variables that its runs get.

        # What else a domain can say, with what counts as long as nothing does (Docs/configuration.md has it all):
        #     on: [save]  # What makes it run.
        #     needs: []  # Domains that must be green before this one runs.
        #     parallel: 2  # How many of its runs may go at once. (the number of cores unless said)
        #     budget: {time: 10m}  # How long one run may take before it is stopped.
        #     retries: {failed: 0}  # How often a red unit runs again on the same inputs before it is called failed.
        #     cache: {max_age: 7d}  # Whether, and for how long, verdicts are recalled instead of run.

        """)
  }
}
