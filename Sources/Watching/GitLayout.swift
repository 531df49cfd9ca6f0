internal import Glibc

/// Where git keeps what belongs to a directory: a repository, a worktree or a submodule, found by looking upwards.
package struct GitLayout: Hashable, Sendable {
  /// The top of the work tree, absolute.
  package var top: [UInt8]
  /// The directory of this work tree's own state (`HEAD`, `index`, `rebase-merge`).
  package var gitDirectory: [UInt8]
  /// The directory of what work trees share (`info/exclude`, `config`).
  package var commonDirectory: [UInt8]
  /// The project's root below the top; empty when it is the top.
  package var prefix: [UInt8]

  package init(top: [UInt8], gitDirectory: [UInt8], commonDirectory: [UInt8], prefix: [UInt8]) {
    self.top = top
    self.gitDirectory = gitDirectory
    self.commonDirectory = commonDirectory
    self.prefix = prefix
  }

  package static func find(root: [UInt8]) -> GitLayout? {
    let slash = UInt8(ascii: "/")
    var top = root
    while top.count > 1 && top.last == slash { top.removeLast() }
    while true {
      if let directory = gitDirectory(of: top) {
        var prefix = Array(root.dropFirst(top.count).drop { $0 == slash })
        while prefix.last == slash { prefix.removeLast() }
        return GitLayout(
          top: top, gitDirectory: directory, commonDirectory: commonDirectory(of: directory), prefix: prefix)
      }
      guard top.count > 1, let end = top.lastIndex(of: slash) else { return nil }
      top = end == 0 ? [slash] : Array(top[..<end])
    }
  }

  private static func gitDirectory(of top: [UInt8]) -> [UInt8]? {
    let path = join(top, Array(".git".utf8))
    guard case .success(let status) = EntryStatus.read(in: AT_FDCWD, path) else { return nil }
    if status.kind == .directory || status.kind == .link {
      guard case .success = EntryStatus.read(in: AT_FDCWD, join(path, Array("HEAD".utf8))) else { return nil }
      return path
    }
    guard let line = firstLine(path), line.starts(with: Array("gitdir: ".utf8)) else { return nil }
    return resolve(Array(line.dropFirst(8)), from: top)
  }

  private static func commonDirectory(of directory: [UInt8]) -> [UInt8] {
    guard let line = firstLine(join(directory, Array("commondir".utf8))) else { return directory }
    return resolve(line, from: directory)
  }

  private static func firstLine(_ path: [UInt8]) -> [UInt8]? {
    guard let content = IgnoreFiles.read(AT_FDCWD, path) else { return nil }
    let line = Array(content.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
    return line.isEmpty ? nil : line
  }

  private static func resolve(_ path: [UInt8], from base: [UInt8]) -> [UInt8] {
    path.first == UInt8(ascii: "/") ? path : join(base, path)
  }

  static func join(_ directory: [UInt8], _ name: [UInt8]) -> [UInt8] {
    directory.last == UInt8(ascii: "/") ? directory + name : directory + [UInt8(ascii: "/")] + name
  }
}
