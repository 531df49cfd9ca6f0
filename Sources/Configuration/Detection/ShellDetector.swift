internal import Model

/// Finds bats files and `t/*.t` scripts: one unit for each file.
enum ShellDetector {
  static func find(_ found: inout Findings) {
    addBats(&found)
    addProve(&found)
  }

  private static func addBats(_ found: inout Findings) {
    let tree = found.tree
    // bats itself and its libraries are often kept below the tests, with tests of their own.
    let files = tree.files { $0.hasSuffix(".bats") }.filter { file in
      !file.directory.split(separator: "/").contains {
        $0 == "bats" || $0.hasPrefix("bats-") || $0 == "test_helper" || $0 == "libs"
      }
    }
    var owned: [String: Set<String>] = [:]
    for file in files {
      let owner = found.owner(of: file.directory)
      owned[owner, default: []].insert(ProjectTree.relative(file.directory, to: owner))
    }
    for (directory, folders) in owned.sorted(by: { $0.key < $1.key }) {
      let own = ["test/bats/bin/bats", "tests/bats/bin/bats"].first { path in
        !tree.tree.entries(of: ProjectTree.join(directory, ProjectTree.parent(path))).isEmpty
      }
      found.add(
        .bats, in: directory, because: "there are .bats files in \(shown(folders))",
        command: [own ?? "bats", "{unit}"],
        settings: [
          .init(
            key: "include", value: .texts(folders.sorted().map { ProjectTree.join($0, "*.bats") }),
            because: "each .bats file is a unit")
        ])
    }
  }

  private static func addProve(_ found: inout Findings) {
    let tree = found.tree
    for directory in tree.paths where tree.directories[ProjectTree.join(directory, "t")] != nil {
      let folder = ProjectTree.join(directory, "t")
      let scripts = tree.files(below: folder) { $0.hasSuffix(".t") }
      guard let first = scripts.first else { continue }
      let library = tree.hasDirectory("lib", in: directory) ? ["-l"] : []
      found.add(
        .prove, in: directory,
        because:
          "there are test scripts such as \(ProjectTree.relative(ProjectTree.join(first.directory, first.name), to: directory))",
        command: ["prove"] + library + ["{unit}"],
        settings: [
          .init(key: "include", value: .texts(["t/**/*.t"]), because: "each script is a unit")
        ])
    }
  }

  private static func shown(_ folders: Set<String>) -> String {
    let sorted = folders.sorted()
    let first = sorted.first.map { $0.isEmpty ? "the root" : $0 + "/" } ?? ""
    return sorted.count > 1 ? first + " and \(sorted.count - 1) more" : first
  }
}
