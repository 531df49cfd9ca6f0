import Configuration
import Glibc
import Model
import Platform
import Testing

private func origin(_ loaded: LoadedConfiguration, _ setting: String, _ scratch: Scratch) -> String {
  let text = loaded.origin(of: setting).text
  return text.hasPrefix(scratch.path + "/") ? String(text.dropFirst(scratch.path.count + 1)) : text
}

private func layers(_ scratch: Scratch) -> ConfigurationLayers {
  ConfigurationLayers(
    machineFile: scratch.path + "/etc/mcpd.yaml", machineFolder: scratch.path + "/etc/conf.d",
    userFile: scratch.path + "/home/mcpd.yaml")
}

@Suite struct `Layers` {
  @Test func `inner files override outer ones key by key, and every setting says where it comes from`() throws
  {
    let scratch = try Scratch([
      "etc/mcpd.yaml":
        "sniffing: false\nlimits:\n  machine_cpu: 50%\n  disk: 10GiB\ndomains:\n  unit: {parallel: 1, priority: 10, environment: {A: machine, B: machine}}\n",
      "etc/conf.d/20-b.yaml": "domains:\n  unit:\n    priority: 30\n",
      "etc/conf.d/10-a.yaml": "domains:\n  unit:\n    priority: 20\n",
      "etc/conf.d/.hidden.yaml": "nonsense",
      "etc/conf.d/other.txt": "nonsense",
      "home/mcpd.yaml":
        "settle: {quiet: 50ms}\ndomains:\n  unit: {warm: false, budget: {memory: 1GiB, time: 5s}}\n  never: {parallel: 3}\n",
      "shop/.mcpd.yaml":
        "domains:\n  unit:\n    runner: pytest\n    budget: {time: 9s}\n    environment: {B: project}\nlimits: {machine_cpu: 40%, disk: 15GiB}\n",
    ])
    let loaded = ConfigurationLoader.load(project: scratch.path + "/shop", layers: layers(scratch))
    let settings = try #require(loaded.settings)
    #expect(settings.name == "shop")
    #expect(!settings.sniffing)
    #expect(settings.settle.quiet == .milliseconds(50))
    #expect(settings.limits.machineCPU == 0.4)
    // What the machine allows is a ceiling.
    #expect(settings.limits.diskBytes == 10 << 30)
    #expect(loaded.diagnostics.map(\.code) == ["lowered-limit"])
    let unit = try #require(settings.domains.first)
    #expect(settings.domains.count == 1)
    #expect(unit.priority == 30 && unit.parallel == 1 && !unit.warm)
    #expect(unit.budget.memoryBytes == 1 << 30 && unit.budget.time == .seconds(9))
    #expect(unit.environment == ["A": "machine", "B": "project"])
    #expect(origin(loaded, "sniffing", scratch) == "etc/mcpd.yaml:1")
    #expect(origin(loaded, "limits.disk", scratch) == "etc/mcpd.yaml:4")
    #expect(origin(loaded, "settle.quiet", scratch) == "home/mcpd.yaml:1")
    #expect(origin(loaded, "settle.at_most", scratch) == "built-in")
    #expect(origin(loaded, "domains.unit.priority", scratch) == "etc/conf.d/20-b.yaml:3")
    #expect(origin(loaded, "domains.unit.budget.time", scratch) == "shop/.mcpd.yaml:4")
    #expect(origin(loaded, "domains.unit.environment.A", scratch) == "etc/mcpd.yaml:6")
    #expect(origin(loaded, "domains.unit.environment.B", scratch) == "shop/.mcpd.yaml:5")
    let shown = loaded.shownText(relativeTo: scratch.path)
    #expect(shown.contains("domains.unit.budget.time"))
    #expect(
      shown.split(separator: "\n").contains {
        $0.hasPrefix("settle.quiet ") && $0.hasSuffix(" home/mcpd.yaml:1") && $0.contains(" 50ms ")
      })
    #expect(
      Set(loaded.shown.map(\.name)).isSuperset(of: [
        "version", "name", "domains.unit.cache", "domains.unit.environment.A",
      ]))
  }

  @Test func `mistakes of all files come together, in the order of reading`() throws {
    let scratch = try Scratch([
      "etc/mcpd.yaml": "nmae: 1\nname: all\n", "home/mcpd.yaml": "sniffing: 1\n",
      "shop/.mcpd.yaml": "domains: {unit: {warm: 1}}\n",
    ])
    let loaded = ConfigurationLoader.load(project: scratch.path + "/shop", layers: layers(scratch))
    #expect(loaded.settings == nil && loaded.hasErrors && loaded.digest == nil)
    let said = loaded.diagnostics.map {
      "\($0.line(relativeTo: scratch.path).split(separator: " ")[0]) \($0.code)"
    }
    #expect(
      said == [
        "etc/mcpd.yaml:1:1: unknown-key", "etc/mcpd.yaml:2:1: not-here", "home/mcpd.yaml:1:11: wrong-type",
        "shop/.mcpd.yaml:1:11: missing-key", "shop/.mcpd.yaml:1:24: wrong-type",
      ])
  }

  @Test func `the user's place follows the environment, and a named file stands in its stead`() throws {
    #expect(
      ConfigurationLayers.standard { $0 == "HOME" ? "/h" : nil }.userFile == "/h/.config/mcpd/mcpd.yaml")
    #expect(ConfigurationLayers.standard { $0 == "HOME" ? "/h" : "/x" }.userFile == "/x/mcpd/mcpd.yaml")
    #expect(
      ConfigurationLayers.standard { $0 == "HOME" ? "/h" : "relative" }.userFile
        == "/h/.config/mcpd/mcpd.yaml")
    #expect(ConfigurationLayers.standard { _ in nil }.userFile == nil)
    let scratch = try Scratch(["shop/x": ""])
    var named = ConfigurationLayers.none
    named.userFile = scratch.path + "/absent.yaml"
    #expect(ConfigurationLoader.load(project: scratch.path + "/shop", layers: named).diagnostics.isEmpty)
    named.isUserFileRequired = true
    #expect(
      ConfigurationLoader.load(project: scratch.path + "/shop", layers: named).diagnostics.map(\.code) == [
        "cannot-read"
      ])
  }

  @Test func `what lies in the file's place and is no file has a sentence of its own`() throws {
    let scratch = try Scratch(["a/.mcpd.yaml/x": "", "b/x": "", "c/x": "", "d/x": ""])
    try scratch.makeFIFO("b/.mcpd.yaml")
    try scratch.link("c/.mcpd.yaml", to: "nowhere")
    try scratch.write(String(repeating: "#", count: (1 << 20) + 1), to: "d/.mcpd.yaml")
    func codes(_ name: String) -> [String] {
      ConfigurationLoader.load(project: scratch.path + "/" + name, layers: .none).diagnostics.map(\.code)
    }
    #expect(codes("a") == ["not-a-file"])
    #expect(codes("b") == ["not-a-file"])
    #expect(codes("c") == ["cannot-read"])
    #expect(codes("d") == ["too-large"])
    #expect(codes("absent") == ["cannot-read"])
    try scratch.write(String(repeating: "#", count: 1 << 20), to: "d/.mcpd.yaml")
    #expect(codes("d") == [])
  }

  @Test func `an unreadable file is a mistake, not an absent one`() throws {
    let scratch = try Scratch(["shop/.mcpd.yaml": "version: 1\n"])
    try scratch.setMode(0, of: "shop/.mcpd.yaml")
    let loaded = ConfigurationLoader.load(project: scratch.path + "/shop", layers: .none)
    // root reads everything.
    #expect(loaded.diagnostics.map(\.code) == (getuid() == 0 ? [] : ["cannot-read"]))
  }

  @Test func `the digest is of what the settings say, not of how`() {
    func digest(_ text: String) -> Digest? { ConfigurationLoader.check(Array(text.utf8)).digest }
    let one = digest("domains: {u: {runner: pytest, budget: {time: 60s}}}")
    #expect(one != nil)
    #expect(
      one
        == digest(
          "# a comment\nversion: 1\ndomains:\n  u:\n    budget:\n      time: 1m\n    runner: pytest\n"))
    #expect(one != digest("domains: {u: {runner: pytest, budget: {time: 61s}}}"))
    #expect(one != digest("domains: {v: {runner: pytest, budget: {time: 60s}}}"))
  }
}

@Suite struct `Roots and nested projects` {
  @Test func `a project is the git top level, or the nearest file of its own below that`() throws {
    let scratch = try Scratch([
      "repo/.git/HEAD": "", "repo/a/b/x": "", "repo/sub/.mcpd.yaml": "", "repo/sub/deep/x": "",
      "plain/a/x": "", "tree/.git": "gitdir: x\n", "tree/a/x": "",
    ])
    func root(_ path: String) -> String {
      String(ProjectRoot.find(from: scratch.path + "/" + path).dropFirst(scratch.path.count + 1))
    }
    #expect(root("repo") == "repo")
    #expect(root("repo/a/b") == "repo")
    #expect(root("repo/a/b/") == "repo")
    #expect(root("repo/sub") == "repo/sub")
    #expect(root("repo/sub/deep") == "repo/sub")
    #expect(root("plain/a") == "plain/a")
    #expect(root("tree/a") == "tree")
    #expect(
      ProjectRoot.find(from: scratch.path + "/repo/a", home: scratch.path + "/repo") == scratch.path
        + "/repo/a")
    #expect(
      ProjectRoot.find(from: scratch.path + "/repo", home: scratch.path + "/repo") == scratch.path + "/repo")
    try scratch.link("link", to: "repo/a")
    #expect(root("link") == "repo")
  }

  @Test func `a nested project's domains get its directory and names of their own`() throws {
    let tree = FakeTree([
      ".mcpd.yaml":
        "ignore: [tmp/, skipped/]\ndomains:\n  lint: {runner: command, command: [x]}\n  unit: {runner: pytest, needs: [unit-api]}\n",
      "api/.mcpd.yaml":
        "ignore: [gen/, /top, \"!keep\"]\ndomains:\n  unit: {runner: pytest, needs: [lint]}\n  lint: {runner: command, command: [y], directory: tools}\n",
      "b/api/.mcpd.yaml": "domains: {unit: {runner: pytest}}\n",
      "web/.mcpd.yaml": "name: Front End\ndomains: {unit: {runner: pytest, needs: [unit-api]}}\n",
      "node_modules/x/.mcpd.yaml": "nonsense", "skipped/.mcpd.yaml": "nonsense",
    ])
    let loaded = ConfigurationLoader.load(tree: tree, root: "/p/shop")
    #expect(loaded.text() == "")
    let settings = try #require(loaded.settings)
    let all = settings.domains.map {
      "\($0.name) in \($0.directory.text) needs \($0.needs.map(\.text).joined(separator: ","))"
    }
    #expect(
      all == [
        "lint in  needs ", "unit in  needs unit-api", "unit-api in api needs lint-api",
        "lint-api in api/tools needs ",
        "unit-front-end in web needs unit-api", "unit-b-api in b/api needs ",
      ])
    #expect(settings.ignore == ["tmp/", "skipped/", "/api/**/gen/", "/api/top", "!/api/**/keep"])
    #expect(loaded.nested.map(\.text) == ["api", "web", "b/api"])
    #expect(loaded.origin(of: "domains.unit-api.runner").text == "/p/shop/api/.mcpd.yaml:3")
    #expect(loaded.files.contains("/p/shop/web/.mcpd.yaml"))
  }

  @Test func `a mistake in a nested file is a mistake of the whole, at its own place`() {
    let loaded = ConfigurationLoader.load(
      tree: FakeTree([".mcpd.yaml": "", "api/.mcpd.yaml": "domains: {unit: {runner: pytest, needs: [x]}}\n"]),
      root: "/p")
    #expect(loaded.text(relativeTo: "/p").hasPrefix("api/.mcpd.yaml:1:42: error: [unknown-domain]"))
  }
}
