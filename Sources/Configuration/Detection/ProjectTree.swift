/// What is visible of a project: its directories without those that are ignored, vendored or built; bounded.
struct ProjectTree: Sendable {
  static let depthLimit = 8
  static let directoryLimit = 4000
  private static let fileLimit = 100_000

  struct Directory: Sendable {
    /// Everything in it, visible or not, directories with a slash at their end.
    var names: Set<String> = []
    /// Visible files.
    var files: [String] = []
  }

  let tree: any FileTree
  /// By path, parents before children.
  private(set) var paths: [String] = []
  private(set) var directories: [String: Directory] = [:]
  /// Directories below the root with a `.mcpd.yaml` of their own.
  private(set) var nestedProjects: [String] = []
  /// Whether the walk stopped before the end.
  private(set) var isCut = false
  private(set) var ignore = IgnoreRules()

  /// Made by tools, or other people's.
  private static let skipped: Set<String> = [
    "node_modules", "target", "build", "dist", "vendor", "third_party", "venv", "__pycache__",
    "site-packages",
    "coverage", "htmlcov", "out", "_build", "deps", "bower_components", "DerivedData", "CMakeFiles",
  ]

  static func walk(_ tree: some FileTree, ignoring patterns: [String] = []) -> ProjectTree {
    var result = ProjectTree(tree: tree)
    for pattern in patterns { result.ignore.add(pattern: pattern, in: "") }
    result.walk()
    return result
  }

  private init(tree: any FileTree) {
    self.tree = tree
  }

  private mutating func walk() {
    var queue: [(path: String, depth: Int)] = [("", 0)]
    var next = 0
    var files = 0
    while next < queue.count {
      let (path, depth) = queue[next]
      next += 1
      let entries = tree.entries(of: path).sorted { $0.name < $1.name }
      if entries.contains(where: { $0.name == "pyvenv.cfg" }) { continue }
      var directory = Directory()
      if entries.contains(where: { $0.name == ".gitignore" && !$0.isDirectory }),
        let text = tree.content(of: Self.join(path, ".gitignore"), limit: 64 << 10)
      {
        ignore.add(text, in: path)
      }
      for entry in entries {
        directory.names.insert(entry.isDirectory ? entry.name + "/" : entry.name)
        let full = Self.join(path, entry.name)
        if !entry.isDirectory {
          if !path.isEmpty && entry.name == ConfigurationLoader.fileName { nestedProjects.append(path) }
          if !ignore.hides(full, isDirectory: false) { directory.files.append(entry.name) }
        } else if Self.isSkipped(entry.name) || ignore.hides(full, isDirectory: true) {
          continue
        } else if depth == Self.depthLimit || queue.count == Self.directoryLimit {
          isCut = true
        } else {
          queue.append((full, depth + 1))
        }
      }
      files += entries.count
      paths.append(path)
      directories[path] = directory
      if files > Self.fileLimit {
        isCut = true
        return
      }
    }
  }

  private static func isSkipped(_ name: String) -> Bool {
    skipped.contains(name) || name.hasPrefix(".") || name.hasSuffix(".egg-info")
  }

  /// The same without the subtrees of these directories.
  func without(_ roots: [String]) -> ProjectTree {
    if roots.isEmpty { return self }
    var result = self
    result.paths.removeAll { path in
      let isNested = roots.contains { Self.isInside(path, $0) }
      if isNested { result.directories[path] = nil }
      return isNested
    }
    return result
  }

  // MARK: Asking

  /// Every visible file with its directory.
  func files(below root: String = "", where isWanted: (String) -> Bool) -> [(directory: String, name: String)]
  {
    paths.filter { Self.isInside($0, root) }.flatMap { path in
      (directories[path]?.files ?? []).filter(isWanted).map { (directory: path, name: $0) }
    }
  }

  func hasFile(_ name: String, in directory: String) -> Bool {
    directories[directory]?.names.contains(name) == true
  }
  func hasDirectory(_ name: String, in directory: String) -> Bool {
    directories[directory]?.names.contains(name + "/") == true
  }

  /// The beginning of a file as text with plain line feeds; empty when it cannot be read.
  func text(_ path: String, limit: Int = 64 << 10) -> String {
    String(decoding: (tree.content(of: path, limit: limit) ?? []).filter { $0 != 0x0d }, as: UTF8.self)
  }

  // MARK: Paths

  static func join(_ directory: String, _ name: String) -> String {
    directory.isEmpty ? name : name.isEmpty ? directory : directory + "/" + name
  }

  static func isInside(_ path: String, _ root: String) -> Bool {
    root.isEmpty || path == root || path.hasPrefix(root + "/")
  }

  static func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  /// A path as seen from a directory above it.
  static func relative(_ path: String, to root: String) -> String {
    root.isEmpty ? path : String(path.dropFirst(root.count).drop { $0 == "/" })
  }
}
