import Model
import Testing
import Watching

@Suite struct WatcherTests {
  /// Operations on a tree, and exactly what is told after each batch.
  struct Scenario: CustomTestStringConvertible, Sendable {
    let name: String
    let before: [String]
    let steps: @Sendable (Scratch) throws -> Void
    let expected: [String]
    var testDescription: String { name }
  }

  static let scenarios: [Scenario] = [
    Scenario(name: "a file in directories made a moment before", before: []) { scratch in
      try scratch.write("a/b/c/file")
    } expected: {
      ["created a/b/c/file"]
    },
    Scenario(name: "a saved file", before: ["a"]) {
      try $0.write("a", "other")
    } expected: {
      ["changed a"]
    },
    Scenario(name: "the same bytes written again", before: ["a"]) {
      try $0.write("a", "text")
    } expected: {
      []
    },
    Scenario(name: "a deleted file", before: ["d/a", "d/b"]) {
      try $0.remove("d/a")
    } expected: {
      ["deleted d/a"]
    },
    Scenario(name: "permission bits", before: ["a"]) {
      $0.chmod("a", 0o755)
    } expected: {
      ["changed a"]
    },
    Scenario(name: "a renamed file", before: ["a"]) {
      try $0.move("a", "b")
    } expected: {
      ["created b", "deleted a"]
    },
    Scenario(name: "an atomic save", before: ["a"]) { scratch in
      try scratch.write("a.tmp", "other")
      try scratch.move("a.tmp", "a")
    } expected: {
      ["changed a"]
    },
    Scenario(name: "a file that comes and goes", before: []) { scratch in
      try scratch.write("a")
      try scratch.remove("a")
    } expected: {
      []
    },
    Scenario(name: "a renamed directory, and an edit below it", before: ["d/x/a", "d/x/b"]) { scratch in
      try scratch.move("d", "e")
      try scratch.write("e/x/a", "other")
    } expected: {
      ["created e/x/a", "created e/x/b", "deleted d/x/a", "deleted d/x/b"]
    },
    Scenario(name: "a directory moved away and back", before: ["d/x/a"]) { scratch in
      try scratch.move("d", "e")
      try scratch.move("e", "d")
    } expected: {
      []
    },
    Scenario(name: "two directories that change places", before: ["d/a", "e/b"]) {
      $0.exchange("d", "e")
    } expected: {
      ["created d/b", "created e/a", "deleted d/a", "deleted e/b"]
    },
    Scenario(name: "a deleted tree", before: ["d/x/a", "d/x/b"]) {
      try $0.remove("d")
    } expected: {
      ["deleted d/x/a", "deleted d/x/b"]
    },
    Scenario(name: "a tree deleted and made again", before: ["d/x/a", "d/x/b"]) { scratch in
      try scratch.remove("d")
      try scratch.write("d/x/a")
      try scratch.write("d/x/c")
    } expected: {
      ["created d/x/c", "deleted d/x/b"]
    },
    Scenario(name: "a directory replaced by a file", before: ["d/a"]) { scratch in
      try scratch.remove("d")
      try scratch.write("d")
    } expected: {
      ["created d", "deleted d/a"]
    },
    Scenario(name: "a directory replaced by a link", before: ["d/a", "e/a"]) { scratch in
      try scratch.remove("d")
      scratch.symlink("e", "d")
    } expected: {
      ["created d", "deleted d/a"]
    },
    Scenario(name: "a link pointed elsewhere", before: ["a", "b"]) { scratch in
      scratch.symlink("a", "l")
    } expected: {
      ["created l"]
    },
    Scenario(name: "a tree moved in from outside", before: []) { scratch in
      try scratch.write(scratch.top + "/outside/x/y/a")
      try scratch.move(scratch.top + "/outside", "d")
      try scratch.write("d/x/b")
    } expected: {
      ["created d/x/b", "created d/x/y/a"]
    },
    Scenario(name: "a tree moved out", before: ["d/x/a"]) { scratch in
      try scratch.move("d", scratch.top + "/outside")
      try scratch.write(scratch.top + "/outside/x/b")
    } expected: {
      ["deleted d/x/a"]
    },
  ]

  @Test(arguments: scenarios)
  func `is told exactly`(_ scenario: Scenario) throws {
    let scratch = try Scratch()
    for file in scenario.before { try scratch.write(file) }
    let rig = try Rig(scratch)
    for file in scenario.before { try scratch.write(file) }  // Known digests from here on.
    _ = rig.changes()
    try scenario.steps(scratch)
    #expect(rig.changes() == scenario.expected)
    rig.stop()
  }
}

extension WatcherTests.Scenario {
  init(
    name: String, before: [String], _ steps: @escaping @Sendable (Scratch) throws -> Void,
    expected: () -> [String]
  ) {
    self.init(name: name, before: before, steps: steps, expected: expected())
  }
}
