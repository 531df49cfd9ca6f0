import Testing

@Suite struct `The sources` {
  static let code = House.files(under: ["Sources", "Tests", "Benchmarks"])

  @Test func `no file is longer than 600 lines`() throws {
    let long = try Self.code.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }
      .map { ($0, try House.text($0).split(separator: "\n", omittingEmptySubsequences: false).count - 1) }
      .filter { $0.1 > 600 }
    #expect(long.map { "\($0): \($1) lines; split it" } == [])
  }

  @Test func `C lies in CLinux, and a system library is a module map and its shim`() {
    let strays = House.files(under: ["Sources"]).filter { file in
      let parts = file.split(separator: "/").map(String.init)
      let name = parts.last ?? ""
      if parts[1] == "CLinux" || name.hasSuffix(".swift") { return false }
      let isSystemLibrary = parts[1].hasPrefix("C") && House.exists("Sources/\(parts[1])/module.modulemap")
      return !(isSystemLibrary && ["module.modulemap", "shim.h"].contains(name))
    }
    #expect(strays == [])
  }

  /// Nothing of the machine that it was written on may stand in what is shared.
  @Test func `no file names a place of the machine it was written on`() throws {
    let places = ["work", "root", "home"].map { "/\($0)/" }
    let files = House.files(under: [
      "Sources", "Docs", "Examples", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile",
    ])
    let found = files.filter { file in
      guard let text = try? House.text(file) else { return false }
      return places.contains { text.contains($0) }
    }
    #expect(found == [])
  }

  @Test func `every test target has a folder, every folder a target`() throws {
    let package = try Package.here.get()
    let folders = Set(
      House.files(under: ["Sources", "Tests"]).map {
        $0.split(separator: "/").prefix(2).joined(separator: "/")
      })
    #expect(folders == Set(package.targets.map(\.folder)))
  }
}
