// Any bytes as the files that detection reads: it ends soon, and what `init` would write of it is right.
import Configuration

/// The text is cut at NUL bytes into the contents of these files.
private struct FuzzTree: FileTree {
  static let names = [
    "Makefile", "package.json", "pyproject.toml", "tox.ini", "Cargo.toml", "CMakeLists.txt",
    "tests/test_a.py", ".gitignore",
    "api/setup.cfg", "api/test_b.py", "Package.swift", "go.mod", "a_test.go", "t/a.t", "web/package.json",
    "web/Makefile",
  ]
  let contents: [String: [UInt8]]

  init(_ text: [UInt8]) {
    var contents: [String: [UInt8]] = [:]
    for (name, part) in zip(Self.names, text.split(separator: 0, omittingEmptySubsequences: false))
    where !part.isEmpty {
      contents[name] = Array(part)
    }
    self.contents = contents
  }

  func entries(of directory: String) -> [FileTreeEntry] {
    let prefix = directory.isEmpty ? "" : directory + "/"
    let below = contents.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
    let folders = Set(below.compactMap { path in path.firstIndex(of: "/").map { String(path[..<$0]) } })
    return below.filter { !$0.contains("/") }.map { FileTreeEntry(String($0), isDirectory: false) }
      + folders.map { FileTreeEntry($0, isDirectory: true) }
  }

  func content(of path: String, limit: Int) -> [UInt8]? { contents[path].map { Array($0.prefix(limit)) } }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func detection(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let tree = FuzzTree(unsafe Array(UnsafeBufferPointer(start: bytes, count: count)))
  let loaded = ConfigurationLoader.load(tree: tree, root: "/p/shop")
  guard let settings = loaded.settings else { fatalError(loaded.text()) }
  let file = InitialFile.make(root: "/p/shop", tree: tree)
  let read = ConfigurationLoader.check(Array(file.text.utf8), name: "shop")
  precondition(read.settings == settings, read.text() + file.text)
  return 0
}
