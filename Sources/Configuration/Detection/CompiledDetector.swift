internal import Model

/// Finds Swift packages, Cargo workspaces, Go modules and CMake trees that have tests.
enum CompiledDetector {
  static func find(_ found: inout Findings) {
    let tree = found.tree
    for directory in tree.paths {
      if tree.hasFile("Package.swift", in: directory) { addSwift(directory, &found) }
      if tree.hasFile("Cargo.toml", in: directory) { addCargo(directory, &found) }
      if tree.hasFile("go.mod", in: directory) { addGo(directory, &found) }
      if tree.hasFile("CMakeLists.txt", in: directory) { addCMake(directory, &found) }
    }
  }

  private static func label(_ directory: String, _ name: String) -> String {
    NestedLayer.word(directory.split(separator: "/").last.map(String.init) ?? "") ?? name
  }

  /// Build products go where the tool puts them when git ignores that place, else into the user's cache.
  private static func build(
    _ directory: String, products: String, tool: String, inPlace: [String], elsewhere: String,
    _ found: Findings
  ) -> (command: [String], settings: [Detection.Domain.Setting]) {
    if found.tree.ignore.hides(ProjectTree.join(directory, products), isDirectory: true) {
      return (
        inPlace,
        [
          .init(
            key: "writes", value: .texts([products + "/"]), because: "\(tool) builds there and git ignores it"
          )
        ]
      )
    }
    return (
      ["sh", "-c", BuildDirectory.shell(name: label(directory, tool)) + elsewhere],
      [
        .init(
          key: "caches", value: .texts([BuildDirectory.cache]),
          because: "build products stay out of the checkout")
      ]
    )
  }

  private static func adding(_ caches: [String], to settings: [Detection.Domain.Setting], because: String)
    -> [Detection.Domain.Setting]
  {
    var settings = settings
    let all = (settings.first { $0.key == "caches" }?.value.texts ?? []) + caches
    let reason = settings.first { $0.key == "caches" }.map { $0.because + "; " + because } ?? because
    settings.removeAll { $0.key == "caches" }
    return settings + [.init(key: "caches", value: .texts(all), because: reason)]
  }

  private static func addSwift(_ directory: String, _ found: inout Findings) {
    guard found.tree.text(ProjectTree.join(directory, "Package.swift")).contains("testTarget") else {
      found.notes.append("\(ProjectTree.join(directory, "Package.swift")) has no test target")
      return
    }
    let (command, settings) = build(
      directory, products: ".build", tool: "swift", inPlace: ["swift", "test"],
      elsewhere: "exec swift test --scratch-path \"$b\"", found)
    found.add(
      .swift, in: directory, because: "Package.swift has test targets", command: command, settings: settings)
  }

  private static func addCargo(_ directory: String, _ found: inout Findings) {
    let path = ProjectTree.join(directory, "Cargo.toml")
    let manifest = IniText(found.tree.text(path), isTOML: true)
    let isWorkspace = manifest.has("workspace")
    if !isWorkspace && !manifest.has("package") { return }
    // A member is tested with its workspace.
    for other in found.tree.paths where other != directory && ProjectTree.isInside(directory, other) {
      guard found.tree.hasFile("Cargo.toml", in: other) else { continue }
      let outer = IniText(found.tree.text(ProjectTree.join(other, "Cargo.toml")), isTOML: true)
      guard outer.has("workspace") else { continue }
      let excluded = IniText.words(outer.value("exclude", in: "workspace") ?? "")
      let relative = ProjectTree.relative(directory, to: other)
      if !excluded.contains(where: { ProjectTree.isInside(relative, $0) }) { return }
    }
    let flags = isWorkspace ? ["--workspace"] : []
    let (command, settings) = build(
      directory, products: "target", tool: "cargo", inPlace: ["cargo", "test"] + flags,
      elsewhere: "CARGO_TARGET_DIR=\"$b\" exec " + (["cargo", "test"] + flags).joined(separator: " "), found)
    found.add(
      .cargo, in: directory, because: isWorkspace ? "Cargo.toml is a workspace" : "there is a Cargo.toml",
      command: command,
      settings: adding(["~/.cargo"], to: settings, because: "cargo keeps fetched crates there") + [
        .init(key: "reads", value: .texts(["~/.rustup"]), because: "the toolchain may lie there")
      ])
  }

  private static func addGo(_ directory: String, _ found: inout Findings) {
    let tree = found.tree
    let modules = tree.paths.filter { $0 != directory && tree.hasFile("go.mod", in: $0) }
    let tests = tree.files(below: directory) { $0.hasSuffix("_test.go") }.filter { file in
      !modules.contains { ProjectTree.isInside($0, directory) && ProjectTree.isInside(file.directory, $0) }
    }
    guard let test = tests.first else {
      found.notes.append("\(ProjectTree.join(directory, "go.mod")) names a module without *_test.go files")
      return
    }
    let name = ProjectTree.relative(ProjectTree.join(test.directory, test.name), to: directory)
    found.add(
      .go, in: directory, because: "there is a go.mod with tests such as \(name)",
      command: ["go", "test", "./..."],
      settings: [
        .init(
          key: "caches", value: .texts(["~/.cache/go-build", "~/go"]),
          because: "go keeps builds and modules there")
      ])
  }

  private static func addCMake(_ directory: String, _ found: inout Findings) {
    let tree = found.tree
    // Only the outermost is a project; the others are its parts.
    var above = directory
    while !above.isEmpty {
      above = ProjectTree.parent(above)
      if tree.hasFile("CMakeLists.txt", in: above) { return }
    }
    let words = [
      "add_test(", "add_test (", "enable_testing(", "enable_testing (", "include(CTest)", "include (CTest)",
      "gtest_discover_tests(", "catch_discover_tests(",
    ]
    let hasTests = tree.files(below: directory) { $0 == "CMakeLists.txt" || $0.hasSuffix(".cmake") }.contains
    { file in
      let text = tree.text(ProjectTree.join(file.directory, file.name))
      return words.contains { text.contains($0) }
    }
    guard hasTests else {
      found.notes.append("\(ProjectTree.join(directory, "CMakeLists.txt")) adds no tests")
      return
    }
    found.add(
      .ctest, in: directory, because: "CMakeLists.txt adds tests",
      command: BuildDirectory.ctest(name: label(directory, "ctest")),
      settings: [
        .init(
          key: "caches", value: .texts([BuildDirectory.cache]),
          because: "build products stay out of the checkout")
      ])
  }
}
