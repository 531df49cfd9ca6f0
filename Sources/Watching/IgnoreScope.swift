/// The ignore rules that hold in one directory: those of the directories above and its own.
///
/// Directories without ignore files of their own share the scope of the directory above.
package final class IgnoreScope: Sendable {
  /// From the strongest: the configuration, `.mcpdignore` from here upwards, `.gitignore` from here upwards to the top of
  /// the work tree, its `info/exclude`, the user's global excludes.
  private let lists: [IgnoreList]
  private let configured: [IgnoreList]
  private let own: [IgnoreList]
  private let git: [IgnoreList]
  private let exclude: [IgnoreList]
  private let global: [IgnoreList]

  private init(
    configured: [IgnoreList], own: [IgnoreList], git: [IgnoreList], exclude: [IgnoreList],
    global: [IgnoreList]
  ) {
    self.configured = configured
    self.own = own
    self.git = git
    self.exclude = exclude
    self.global = global
    lists = (configured + own + git + exclude + global).filter { !$0.isEmpty }
  }

  /// What holds at the project's root before its own files are read. `above` are the `.gitignore`s between it and the top of
  /// the work tree, outermost first.
  package convenience init(
    configured: IgnoreList, above: [IgnoreList] = [], exclude: IgnoreList? = nil, global: IgnoreList? = nil
  ) {
    self.init(
      configured: [configured], own: [], git: above.reversed(), exclude: exclude.map { [$0] } ?? [],
      global: global.map { [$0] } ?? [])
  }

  /// The scope of a directory below, or this very one when nothing is added.
  ///
  /// `repository` is given where another work tree begins: the `.gitignore`s above do not count in it.
  package func entering(
    git: IgnoreList?, own: IgnoreList?, repository: Repository? = nil
  ) -> IgnoreScope {
    if git == nil && own == nil && repository == nil { return self }
    return IgnoreScope(
      configured: configured, own: (own.map { [$0] } ?? []) + self.own,
      git: (git.map { [$0] } ?? []) + (repository == nil ? self.git : []),
      exclude: repository.map { $0.exclude.map { [$0] } ?? [] } ?? exclude,
      global: repository.map { repository in
        global.map { $0.rebased(to: repository.base) }
      } ?? global)
  }

  /// Another work tree inside the project.
  package struct Repository: Sendable {
    let exclude: IgnoreList?
    let base: Int

    package init(exclude: IgnoreList?, base: Int) {
      self.exclude = exclude
      self.base = base
    }
  }

  /// Whether a directory that moves to another place may see other things in it ignored, though the scope is the same.
  package var isAboutPaths: Bool { lists.contains { $0.isAboutPaths } }

  /// `path` is the full path (below the top of the outermost work tree), its last component beginning at `name`. The
  /// directories above it must not be ignored.
  package func ignores(_ path: Span<UInt8>, name: Int, isDirectory: Bool) -> Bool {
    for list in lists {
      if let answer = list.decide(path, name: name, isDirectory: isDirectory) { return answer }
    }
    return false
  }

  package func ignores(_ path: [UInt8], name: Int, isDirectory: Bool) -> Bool {
    ignores(path.span, name: name, isDirectory: isDirectory)
  }
}

extension IgnoreList {
  /// The same patterns, counted from another directory.
  func rebased(to base: Int) -> IgnoreList { IgnoreList(patterns: allPatterns, base: base) }
}
