import Model
import Testing

@testable import Execution

@Suite struct `Which files pytest would collect` {
  struct Row: Sendable, CustomTestStringConvertible {
    let name: String
    var files: [String]
    var contents: [String: String] = [:]
    var include: [String]?
    var directory = ""
    let found: [String]
    var testDescription: String { name }
  }

  @Test(arguments: [
    Row(
      name: "by default",
      files: [
        "test_a.py", "b_test.py", "conftest.py", "tests/x/test_c.py", "tests/data/test_c.txt",
        "src/testing.py", "test.py",
        "test_.py", "build/test_x.py", "dist/test_x.py", "x.egg/test_x.py", ".hidden/test_x.py",
        "node_modules/a/test_x.py",
        "venv/lib/test_x.py", "env/pyvenv.cfg", "env/lib/test_x.py", "conda/conda-meta/history",
        "conda/lib/test_x.py",
        "_darcs/test_x.py", "tests/__pycache__/test_c.py",
      ], found: ["b_test.py", "test_.py", "test_a.py", "tests/x/test_c.py"]),
    Row(
      name: "by pytest.ini",
      files: ["check_a.py", "test_a.py", "sub/check_b.py", "old/check_c.py", "build/check_d.py"],
      contents: [
        "pytest.ini": "[pytest]\npython_files =\n    check_*.py\n    # a comment\nnorecursedirs = old .*\n"
      ],
      found: ["build/check_d.py", "check_a.py", "sub/check_b.py"]),
    Row(
      name: "by pyproject.toml", files: ["a/test_a.py", "a/spec_a.py", "b/test_b.py", "c/deep/test_c.py"],
      contents: [
        "pyproject.toml": """
        [project]
        name = "x"
        [tool.pytest.ini_options]
        minversion = "6.0"
        addopts = "-ra -q --ignore=c/deep"
        testpaths = [
          "a",  # here
          'c',
        ]
        python_files = ["test_*.py", "spec_*.py"]
        """
      ], found: ["a/spec_a.py", "a/test_a.py"]),
    Row(
      name: "by testpaths with stars, and the paths may be what is skipped elsewhere",
      files: [
        "pkg/one/tests/test_a.py", "pkg/two/tests/test_b.py", "pkg/two/src/test_c.py", "build/test_d.py",
      ],
      contents: ["tox.ini": "[tox]\nx=1\n[pytest]\ntestpaths = pkg/*/tests build\n"],
      found: ["build/test_d.py", "pkg/one/tests/test_a.py", "pkg/two/tests/test_b.py"]),
    Row(
      name: "testpaths that lead nowhere do not count", files: ["a/test_a.py"],
      contents: ["setup.cfg": "[tool:pytest]\ntestpaths = nowhere\n"], found: ["a/test_a.py"]),
    Row(
      name: "an empty pytest.ini hides the others", files: ["a/test_a.py", "b/test_b.py"],
      contents: ["pytest.ini": "", "setup.cfg": "[tool:pytest]\ntestpaths = b\n"],
      found: ["a/test_a.py", "b/test_b.py"]),
    Row(
      name: "--ignore-glob", files: ["a/test_a.py", "a/test_slow.py", "slow/test_b.py"],
      contents: ["pytest.ini": "[pytest]\naddopts = --ignore-glob='*slow*' -v\n"], found: ["a/test_a.py"]),
    Row(
      name: "by include",
      files: ["tests/test_a.py", "tests/deep/test_b.py", "other/test_c.py", "tests/helper.py"],
      include: ["tests/**/test_*.py"], found: ["tests/deep/test_b.py", "tests/test_a.py"]),
    Row(
      name: "below the domain's directory, with the configuration above",
      files: ["pkg/check_a.py", "check_b.py", "pkg/test_c.py"],
      contents: ["pytest.ini": "[pytest]\npython_files = check_*.py\ntestpaths = elsewhere\n"],
      directory: "pkg",
      found: ["pkg/check_a.py"]),
    Row(
      name: "include below the domain's directory", files: ["pkg/tests/test_a.py", "tests/test_b.py"],
      include: ["./tests/*.py"], directory: "pkg", found: ["pkg/tests/test_a.py"]),
    Row(
      name: "a directory as include", files: ["tests/test_a.py", "tests/sub/test_b.py", "tests2/test_c.py"],
      include: ["tests/"], found: ["tests/sub/test_b.py", "tests/test_a.py"]),
    Row(
      name: "pytest 9's own table", files: ["x_check.py", "test_a.py"],
      contents: ["pytest.toml": "[pytest]\npython_files = [\"*_check.py\"]\n"], found: ["x_check.py"]),
  ])
  func `is known from their names`(_ row: Row) {
    var settings = Bench.pytest { $0.include = row.include }
    settings.directory = RelativePath(row.directory) ?? .root
    let contents = row.contents
    let project = ProjectFiles(
      files: (row.files + contents.keys).map { RelativePath($0)! },
      read: { contents[$0.text].map { Array($0.utf8) } })
    #expect(PytestRunner().units(settings, in: project).map(\.name) == row.found)
  }

  @Test(
    arguments: [
      ("*.py", "a/b.py", true), ("a?c", "abc", true), ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false),
      ("[]]", "]", true),
      ("[", "[", true), ("*a*a*a*a*b", String(repeating: "a", count: 2000), false), ("", "", true),
      ("**", "x", true),
    ] as [(String, String, Bool)])
  func `patterns match as Python's fnmatch does`(pattern: String, text: String, isMatch: Bool) {
    #expect(FNMatch.matches(Array(pattern.utf8), Array(text.utf8)) == isMatch)
  }

  @Test func `edits of these files change what is found`() {
    let inputs = PytestRunner().discoveryInputs(Bench.pytest { $0.directory = RelativePath("a/b")! }).map(
      \.text)
    #expect(
      inputs.contains("a/b/pytest.ini") && inputs.contains("a/tox.ini") && inputs.contains("pyproject.toml"))
  }
}
