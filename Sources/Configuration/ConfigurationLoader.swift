internal import Model
internal import Platform

/// Reads, checks and lays over each other all that is said about a project.
///
/// No state: any thread may call it.
package enum ConfigurationLoader {
  package static let fileName = ".mcpd.yaml"

  /// Everything that can be said of a configuration, by its stable code.
  package static let codes = Code.allCases.map(\.rawValue)

  /// - Parameters:
  ///   - directory: anywhere in the project.
  ///   - layers: the files beside the project's own.
  package static func load(
    project directory: String, layers: ConfigurationLayers = .standard()
  ) -> LoadedConfiguration {
    let root = ProjectRoot.find(from: directory)
    var loading = Loading(root: root, tree: DiskTree(root: root)) { path, mayBeAbsent in
      SourceText.read(path, shownAs: path, mayBeAbsent: mayBeAbsent)
    }
    do throws(SystemError) { _ = try Files.entries(in: root) } catch { loading.refuseRoot(error) }
    return loading.run(layers)
  }

  /// The same for a tree that need not be on a disk; only its own files are read.
  package static func load(tree: some FileTree, root: String) -> LoadedConfiguration {
    var loading = Loading(root: root, tree: tree) { path, _ in
      let content = tree.content(of: String(path.dropFirst(root.count + 1)), limit: SourceText.sizeLimit)
      return .success(content.map { SourceText(file: path, bytes: $0) })
    }
    return loading.run(.none)
  }

  /// Checks one text as a project's own file, with nothing around it.
  package static func check(_ bytes: [UInt8], file: String = fileName, name: String = "project")
    -> LoadedConfiguration
  {
    var loading = Loading(root: name, tree: NoTree()) { path, _ in
      .success(path.hasSuffix("/" + fileName) ? SourceText(file: file, bytes: bytes) : nil)
    }
    return loading.run(.none)
  }
}

/// Nothing.
private struct NoTree: FileTree {
  func entries(of directory: String) -> [FileTreeEntry] { [] }
  func content(of path: String, limit: Int) -> [UInt8]? { nil }
}

/// One load under way.
private struct Loading {
  let root: String
  let tree: any FileTree
  let readText: (_ path: String, _ mayBeAbsent: Bool) -> Result<SourceText?, Mistake>
  var mistakes: [Mistake] = []
  var texts: [String: SourceText] = [:]
  var files: [String] = []

  init(
    root: String, tree: any FileTree,
    readText: @escaping (_ path: String, _ mayBeAbsent: Bool) -> Result<SourceText?, Mistake>
  ) {
    self.root = root
    self.tree = tree
    self.readText = readText
  }

  mutating func refuseRoot(_ error: SystemError) {
    mistakes.append(
      Mistake(
        Diagnostic(
          .error, code: Code.cannotRead.rawValue, error.description,
          hints: [error.hint ?? "name the directory of a project"])))
  }

  mutating func run(_ layers: ConfigurationLayers) -> LoadedConfiguration {
    var outer: [Layer] = []
    if let file = layers.machineFile, let layer = read(file, .machine) { outer.append(layer) }
    for file in parts(of: layers.machineFolder) {
      if let layer = read(file, .machine) { outer.append(layer) }
    }
    if let file = layers.userFile, let layer = read(file, .user, mayBeAbsent: !layers.isUserFileRequired) {
      outer.append(layer)
    }

    let own = root + "/" + ConfigurationLoader.fileName
    let before = mistakes.count
    let project = read(own, .project)
    let hasFile = project != nil || mistakes.count > before
    let tree = walked(ignoring: project?.project["ignore"]?.value.texts ?? [])
    let nested = tree.nestedProjects
    var detected: Layer?
    var explanations: [String] = []
    if !hasFile {
      let detection = Detector.detect(in: tree.without(nested))
      detected = detection.layer
      explanations = detection.explanations
    }

    var taken = Set((project ?? detected)?.domains.map(\.name) ?? [])
    var nestedLayers: [NestedLayer] = []
    for directory in nested {
      guard let path = RelativePath(directory), let layer = read(file(in: directory), .project) else {
        continue
      }
      nestedLayers.append(NestedLayer(layer, in: path, taken: &taken))
    }
    let resolution = Resolver.resolve(
      name: defaultName, outer: outer, detected: detected, project: project, nested: nestedLayers)
    mistakes += resolution.mistakes
    sortMistakes()
    let isUsable = !mistakes.contains { $0.diagnostic.severity == .error }
    return LoadedConfiguration(
      settings: isUsable ? resolution.settings : nil, mistakes: mistakes, root: root,
      source: hasFile ? .file(own) : .detected(explanations), origins: resolution.origins,
      digest: isUsable ? Digester.digest(of: Array(CanonicalText.of(resolution.settings).utf8)) : nil,
      files: files,
      nested: nested.compactMap { RelativePath($0) }, texts: texts)
  }

  private func walked(ignoring patterns: [String]) -> ProjectTree {
    func walk(_ tree: some FileTree) -> ProjectTree { ProjectTree.walk(tree, ignoring: patterns) }
    return walk(tree)
  }

  private func file(in directory: String) -> String {
    root + "/" + directory + "/" + ConfigurationLoader.fileName
  }

  private var defaultName: String {
    let name = root.split(separator: "/").last.map(String.init) ?? "root"
    return TextRule.projectName.refusal(of: name) == nil ? name : "project"
  }

  private mutating func read(_ file: String, _ kind: LayerReader.Kind, mayBeAbsent: Bool = true) -> Layer? {
    files.append(file)
    switch readText(file, mayBeAbsent) {
    case .failure(let mistake):
      mistakes.append(mistake)
      return nil
    case .success(nil): return nil
    case .success(let text?):
      texts[text.file] = text
      let (layer, found) = LayerReader.read(text, kind: kind)
      mistakes += found
      return layer
    }
  }

  private mutating func parts(of folder: String?) -> [String] {
    guard let folder else { return [] }
    files.append(folder)
    guard let names = try? Files.names(in: folder) else { return [] }
    return names.map { String(decoding: $0, as: UTF8.self) }.filter {
      $0.hasSuffix(".yaml") && !$0.hasPrefix(".")
    }
    .map { folder + "/" + $0 }
  }

  /// By file in the order of reading, then by place: as a person goes through them.
  private mutating func sortMistakes() {
    var rank: [String: Int] = [:]
    for (index, file) in files.enumerated() where rank[file] == nil { rank[file] = index }
    func key(_ mistake: Mistake) -> (Int, Int, Int) {
      guard let place = mistake.diagnostic.place else { return (-1, 0, 0) }
      return (rank[place.file] ?? .max, place.line, place.column)
    }
    mistakes = mistakes.enumerated().sorted { left, right in
      let (a, b) = (key(left.element), key(right.element))
      return a == b ? left.offset < right.offset : a < b
    }.map(\.element)
  }
}
