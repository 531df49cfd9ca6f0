internal import Platform

/// A tree of files as detection sees it: paths are relative to its root, the root itself is empty.
package protocol FileTree: Sendable {
  /// What lies in a directory, in any order; nothing when it cannot be listed. Names that are not UTF-8 may be left out.
  func entries(of directory: String) -> [FileTreeEntry]
  /// At most `limit` bytes from the beginning; nil when it cannot be read.
  func content(of path: String, limit: Int) -> [UInt8]?
}

package struct FileTreeEntry: Hashable, Sendable {
  package let name: String
  /// A link to a directory is no directory: it is not followed.
  package let isDirectory: Bool

  package init(_ name: String, isDirectory: Bool) {
    self.name = name
    self.isDirectory = isDirectory
  }
}

/// The real thing.
package struct DiskTree: FileTree {
  private let root: String

  package init(root: String) {
    self.root = root
  }

  private func full(_ path: String) -> String { path.isEmpty ? root : root + "/" + path }

  package func entries(of directory: String) -> [FileTreeEntry] {
    guard let entries = try? Files.entries(in: full(directory)) else { return [] }
    return entries.compactMap { entry in
      String(validating: entry.name, as: UTF8.self).map {
        FileTreeEntry($0, isDirectory: entry.kind == .directory)
      }
    }
  }

  package func content(of path: String, limit: Int) -> [UInt8]? {
    guard Files.kind(of: full(path)) == .file else { return nil }
    return try? Files.readBeginning(full(path), limit: limit)
  }
}
