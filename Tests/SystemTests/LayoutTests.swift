import Platform
import Testing

/// Projects as people have them, without a line of configuration: each must come to its true verdict.
@Suite(.enabled(if: Place.hasDaemon, "mcpd is not built"))
struct `Layouts, unconfigured` {
  private static let cart = "def total(prices):\n    return sum(prices)\n"
  private static let cartTest =
    "from shop.cart import total\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
  private static let break_ = (old: "sum(prices)", new: "sum(prices) + 1")

  /// Green as it stands, red with one edit, green again without it; `reds` counts the units that the edit reddens.
  private func tryOut(
    _ files: [String: String], prepare: [[String]] = [], breaking file: String, _ old: String, _ new: String,
    atLeast units: Int = 1, reds: Int = 1, location: SourceLocation = #_sourceLocation
  ) throws {
    let site = try Site()
    let root = try site.project("p", files)
    for command in prepare { try Tool.run(command, in: root).expectSuccess(location) }
    try site.git(root, "init", "--quiet")
    let daemon = try Daemon.start(site, projects: [root], location: location)
    func state(_ expected: Int, _ red: Int) throws {
      let code = try daemon.sync(location: location)
      let verdicts = try daemon.verdicts()
      let isRight =
        code == expected && verdicts.count >= units
        && verdicts.values.count { $0 == "failed" } == red
        && verdicts.values.allSatisfy { $0 == "failed" || $0 == "passed" }
      let results = try daemon.client("results").text
      #expect(
        isRight, "sync \(code), \(verdicts)\n\(results)\(daemon.log)",
        sourceLocation: location)
    }
    try state(0, 0)
    try site.edit("p/" + file, old, new)
    try state(1, reds)
    try site.edit("p/" + file, new, old)
    try state(0, 0)
  }

  private static let pytest = ConditionTrait.enabled(if: Tool.hasPytest, "python3 has no pytest")
  private static func tool(_ name: String, _ option: String = "--version") -> ConditionTrait {
    .enabled(if: (try? Tool.run(name, option).code) == 0, "no \(name) here")
  }

  /// An environment in the project that borrows pytest from the machine: nothing is fetched.
  private static func environment(_ name: String) -> [[String]] {
    [["python3", "-m", "venv", "--without-pip", "--system-site-packages", name]]
  }

  @Test(pytest) func `src layout`() throws {
    try tryOut(
      [
        "pyproject.toml":
          "[project]\nname = \"shop\"\nversion = \"1\"\n\n[tool.pytest.ini_options]\npythonpath = [\"src\"]\n",
        "src/shop/__init__.py": "", "src/shop/cart.py": Self.cart, "tests/test_cart.py": Self.cartTest,
        "tests/test_other.py": "def test_one():\n    assert 1\n",
      ], breaking: "src/shop/cart.py", Self.break_.old, Self.break_.new, atLeast: 2)
  }

  @Test(pytest) func `tests beside the code`() throws {
    try tryOut(
      [
        "setup.cfg": "[tool:pytest]\n", "conftest.py": "", "shop/__init__.py": "", "shop/cart.py": Self.cart,
        "shop/test_cart.py": Self.cartTest, "shop/deep/__init__.py": "",
        "shop/deep/price_test.py": "def test_price():\n    assert True\n",
      ], breaking: "shop/cart.py", Self.break_.old, Self.break_.new, atLeast: 2)
  }

  @Test(pytest) func `uv, with its .venv`() throws {
    try tryOut(
      [
        "pyproject.toml": """
        [project]
        name = "shop"
        version = "1"
        requires-python = ">=3.9"

        [dependency-groups]
        dev = ["pytest"]

        [tool.pytest.ini_options]
        pythonpath = ["."]

        """,
        "uv.lock": "version = 1\nrequires-python = \">=3.9\"\n", ".gitignore": ".venv\n",
        "shop/__init__.py": "", "shop/cart.py": Self.cart, "tests/test_cart.py": Self.cartTest,
      ], prepare: Self.environment(".venv"), breaking: "shop/cart.py", Self.break_.old, Self.break_.new)
  }

  @Test(pytest) func `poetry, with its environment in the project`() throws {
    try tryOut(
      [
        "pyproject.toml": """
        [tool.poetry]
        name = "shop"
        version = "1"
        description = ""
        authors = []

        [tool.poetry.group.dev.dependencies]
        pytest = "*"

        [tool.pytest.ini_options]
        pythonpath = ["."]

        """,
        "poetry.lock": "package = []\n", "poetry.toml": "[virtualenvs]\nin-project = true\n",
        ".gitignore": ".venv\n",
        "shop/__init__.py": "", "shop/cart.py": Self.cart, "tests/test_cart.py": Self.cartTest,
      ], prepare: Self.environment(".venv"), breaking: "shop/cart.py", Self.break_.old, Self.break_.new)
  }

  @Test(pytest) func `a plain environment and a list of requirements`() throws {
    try tryOut(
      [
        "requirements.txt": "pytest\n", ".gitignore": "venv/\n__pycache__/\n",
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "shop/__init__.py": "", "shop/cart.py": Self.cart, "tests/test_cart.py": Self.cartTest,
      ], prepare: Self.environment("venv"), breaking: "shop/cart.py", Self.break_.old, Self.break_.new)
  }

  @Test(pytest) func `tox`() throws {
    try tryOut(
      [
        "tox.ini":
          "[tox]\nenvlist = py3\nskipsdist = true\n\n[testenv]\ndeps = pytest\ncommands = pytest {posargs}\n\n"
          + "[pytest]\npythonpath = .\n",
        "shop/__init__.py": "", "shop/cart.py": Self.cart, "tests/test_cart.py": Self.cartTest,
      ], breaking: "shop/cart.py", Self.break_.old, Self.break_.new)
  }

  @Test(tool("make")) func `a Makefile`() throws {
    try tryOut(
      [
        "Makefile": "all:\n\t@echo built\n\ntest:\n\t@grep -q three list\n\n.PHONY: all test\n",
        "list": "one two three\n",
      ], breaking: "list", "three", "four")
  }

  @Test(tool("ctest"), tool("cmake"), tool("cc")) func `a CMake tree`() throws {
    try tryOut(
      [
        "CMakeLists.txt": """
        cmake_minimum_required(VERSION 3.13)
        project(shop C)
        enable_testing()
        add_executable(cart cart.c)
        add_test(NAME cart COMMAND cart)

        """,
        "cart.c": "int main(void) { return 1 + 2 != 3; }\n",
      ], breaking: "cart.c", "!= 3", "!= 4")
  }

  @Test(tool("cargo")) func `a cargo workspace`() throws {
    func member(_ name: String, _ sum: Int) -> [String: String] {
      [
        "\(name)/Cargo.toml": "[package]\nname = \"\(name)\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
        "\(name)/src/lib.rs": """
        pub fn total(prices: &[u32]) -> u32 { prices.iter().sum() }

        #[test]
        fn totals() { assert_eq!(total(&[1, \(sum - 1)]), \(sum)); }

        """,
      ]
    }
    try tryOut(
      [
        "Cargo.toml": "[workspace]\nresolver = \"2\"\nmembers = [\"cart\", \"price\"]\n",
        ".gitignore": "target\n",
      ]
      .merging(member("cart", 3)) { $1 }.merging(member("price", 5)) { $1 },
      breaking: "cart/src/lib.rs", "sum()", "sum::<u32>() + 1")
  }

  @Test(tool("go", "version")) func `a Go module`() throws {
    try tryOut(
      [
        "go.mod": "module example.org/shop\n\ngo 1.19\n",
        "cart.go": "package shop\n\nfunc Total(a, b int) int { return a + b }\n",
        "cart_test.go": """
        package shop

        import "testing"

        func TestTotal(t *testing.T) {
        \tif Total(1, 2) != 3 {
        \t\tt.Fatal("wrong")
        \t}
        }

        """,
      ], breaking: "cart.go", "a + b", "a - b")
  }

  @Test(tool("node")) func `a Node package`() throws {
    try tryOut(
      [
        "package.json":
          #"{"name": "shop", "version": "1.0.0", "private": true, "scripts": {"test": "node --test"}}"#
          + "\n",
        "cart.js": "exports.total = (prices) => prices.reduce((a, b) => a + b, 0);\n",
        "cart.test.js": """
        const test = require('node:test');
        const assert = require('node:assert');
        const { total } = require('./cart.js');
        test('total', () => assert.strictEqual(total([1, 2]), 3));

        """,
      ], breaking: "cart.js", "a + b", "a - b")
  }

  @Test(pytest, tool("make"), tool("node")) func `three packages in one repository`() throws {
    try tryOut(
      [
        "README.md": "# all of it\n",
        "backend/pyproject.toml":
          "[project]\nname = \"shop\"\nversion = \"1\"\n\n[tool.pytest.ini_options]\npythonpath = [\".\"]\n",
        "backend/shop/__init__.py": "", "backend/shop/cart.py": Self.cart,
        "backend/tests/test_cart.py": Self.cartTest,
        "frontend/package.json": #"{"name": "front", "private": true, "scripts": {"test": "node --test"}}"#
          + "\n",
        "frontend/front.test.js": "require('node:test')('front', () => {});\n",
        "tools/Makefile": "check:\n\t@grep -q three list\n", "tools/list": "three\n",
      ], breaking: "backend/shop/cart.py", Self.break_.old, Self.break_.new, atLeast: 3)
  }
}
