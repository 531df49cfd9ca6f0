internal import Glibc
internal import Model
internal import Platform

/// Where ignore rules lie, and the reading of them.
package enum IgnoreFiles {
  package static let gitName = Array(".git".utf8)
  package static let git = Array(".gitignore".utf8)
  package static let own = Array(".mcpdignore".utf8)

  /// Larger ones are cut: nobody writes them by hand.
  private static let limit = 4 << 20

  /// Whether a file of this name decides about its neighbours.
  package static func isRuleFile(_ name: some Collection<UInt8>) -> Bool {
    name.first == UInt8(ascii: ".") && (name.elementsEqual(git) || name.elementsEqual(own))
  }

  /// The scope of an open directory that holds the names for which `has` is true. `base` is the length of its full path with
  /// the slash behind it.
  package static func scope(
    of directory: Int32, outer: IgnoreScope, base: Int, isRoot: Bool, has: ([UInt8]) -> Bool
  ) -> IgnoreScope {
    let git = has(git) ? list(directory, git, base) : nil
    let own = has(own) ? list(directory, own, base) : nil
    var repository: IgnoreScope.Repository?
    if !isRoot && has(gitName), isRepository(directory) {
      repository = IgnoreScope.Repository(
        exclude: list(directory, Array(".git/info/exclude".utf8), base), base: base)
    }
    return outer.entering(git: git, own: own, repository: repository)
  }

  /// A file's patterns; nil when there is none. Links are not followed, as git does not follow them either.
  package static func list(_ directory: Int32, _ name: [UInt8], _ base: Int) -> IgnoreList? {
    guard let content = read(directory, name) else { return nil }
    return IgnoreList(content: content, base: base)
  }

  package static func read(_ directory: Int32, _ name: [UInt8], followLinks: Bool = false) -> [UInt8]? {
    do throws(SystemError) {
      let mode: OpenMode = followLinks ? [.read, .nonBlocking] : [.read, .nonBlocking, .noFollow]
      let file = try Files.open(name, mode, relativeTo: directory)
      return try Files.read(file, limit: limit, named: String(decoding: name, as: UTF8.self))
    } catch {
      return nil
    }
  }

  /// `.git` counts as a repository when it is a directory with a `HEAD`, or a file that says where one lies.
  private static func isRepository(_ directory: Int32) -> Bool {
    if case .success = EntryStatus.read(in: directory, Array(".git/HEAD".utf8)) { return true }
    return read(directory, gitName)?.starts(with: Array("gitdir:".utf8)) ?? false
  }
}
