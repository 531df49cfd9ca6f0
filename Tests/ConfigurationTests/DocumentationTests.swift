import Configuration
import Model
import Platform
import Testing

/// The repository's top, from where this file lies.
private let top = Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))

private func text(_ name: String) throws -> String {
  String(decoding: try Files.read(top + "/" + name), as: UTF8.self)
}

/// The fenced blocks of one language.
private func blocks(_ language: String, in text: String) -> [String] {
  var found: [String] = []
  var current: [Substring]?
  for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
    if line == "```" + language {
      current = []
    } else if line == "```", let block = current {
      found.append(block.joined(separator: "\n") + "\n")
      current = nil
    } else {
      current?.append(line)
    }
  }
  return found
}

@Suite struct `The documentation of the settings` {
  @Test func `has a row for every setting, as the parser knows it, and no other`() throws {
    var isTable = false
    let rows = try text("Docs/configuration.md").split(separator: "\n", omittingEmptySubsequences: false)
      .filter { line in
        if line.hasPrefix("| setting |") { isTable = true }
        if line.isEmpty { isTable = false }
        return isTable && line.hasPrefix("| `")
      }.map(String.init)
    let expected = (SettingsReference.project + SettingsReference.domain).map(\.row)
    for row in expected where !rows.contains(row) { Issue.record("missing: \(row)") }
    for row in rows where !expected.contains(row) { Issue.record("of no setting: \(row)") }
    #expect(rows == expected)
  }

  @Test func `gives examples that are right`() throws {
    for setting in SettingsReference.project {
      #expect(ConfigurationLoader.check(Array(setting.line.utf8)).text() == "", "\(setting.line)")
    }
    for setting in SettingsReference.domain {
      let runner = setting.name == "runner" ? "" : "    runner: pytest\n"
      let yaml = "domains:\n  lint: {runner: pytest}\n  unit:\n\(runner)    \(setting.line)\n"
      #expect(ConfigurationLoader.check(Array(yaml.utf8)).text() == "", "\(setting.line)")
    }
    let yaml = blocks("yaml", in: try text("Docs/configuration.md"))
    #expect(yaml.count >= 4)
    for block in yaml { #expect(ConfigurationLoader.check(Array(block.utf8)).text() == "", "\(block)") }
  }

  @Test func `shows the messages that a wrong file really gets`() throws {
    let document = try text("Docs/configuration.md")
    let all = (blocks("wrong", in: document), blocks("said", in: document))
    #expect(!all.0.isEmpty && all.0.count == all.1.count)
    for (wrong, said) in zip(all.0, all.1) {
      #expect(ConfigurationLoader.check(Array(wrong.utf8)).text() == said)
    }
  }

  /// With the comments of a sample taken as settings.
  private func bare(_ name: String) throws -> String {
    let sample = try text(name)
    #expect(ConfigurationLoader.check(Array(sample.utf8)).text() == "")
    return sample.split(separator: "\n").filter { $0.hasPrefix("#:") }.map { $0.dropFirst(2) }.joined(
      separator: "\n")
  }

  @Test func `comes with samples that are right`() throws {
    let loaded = ConfigurationLoader.check(Array(try bare("etc/mcpd/project.yaml").utf8))
    #expect(loaded.text() == "" && loaded.settings?.domains.count == 2)
    let scratch = try Scratch([
      "mcpd.yaml": try bare("etc/mcpd/mcpd.yaml"), "shop/.mcpd.yaml": "domains: {unit: {runner: pytest}}",
    ])
    let layered = ConfigurationLoader.load(
      project: scratch.path + "/shop", layers: ConfigurationLayers(machineFile: scratch.path + "/mcpd.yaml"))
    #expect(layered.text() == "" && layered.settings?.domains.first?.budget.memoryBytes == 4 << 30)
  }

  @Test func `names every code`() throws {
    let document = try text("Docs/configuration.md")
    for code in ConfigurationLoader.codes { #expect(document.contains("`\(code)`"), "\(code)") }
  }
}
