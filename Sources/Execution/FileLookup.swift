internal import Glibc
internal import Platform

/// Which file it is: changes when it is replaced.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64
  package let changed: Int64

  package init(device: UInt64, inode: UInt64, changed: Int64) {
    self.device = device
    self.inode = inode
    self.changed = changed
  }
}

/// How tools are looked for, injected so that the search can be tried without a disk.
package struct FileLookup: Sendable {
  package var isExecutable: @Sendable (String) -> Bool
  package var read: @Sendable (String) -> [UInt8]?
  /// The names in a directory, sorted; empty when there is none.
  package var names: @Sendable (String) -> [String]
  package var identity: @Sendable (String) -> FileIdentity?

  package init(
    isExecutable: @escaping @Sendable (String) -> Bool, read: @escaping @Sendable (String) -> [UInt8]?,
    names: @escaping @Sendable (String) -> [String], identity: @escaping @Sendable (String) -> FileIdentity?
  ) {
    self.isExecutable = isExecutable
    self.read = read
    self.names = names
    self.identity = identity
  }

  package static let system = FileLookup(
    isExecutable: { path in
      guard Files.kind(of: path) == .file else { return false }
      return unsafe Files.withPath(Array(path.utf8)) { unsafe access($0, X_OK) == 0 }
    },
    read: { try? Files.read($0, limit: 1 << 20) },
    names: { (try? Files.names(in: $0))?.map { String(decoding: $0, as: UTF8.self) } ?? [] },
    identity: { path in
      var status = stat()
      guard unsafe Files.withPath(Array(path.utf8), { unsafe stat($0, &status) }) == 0 else { return nil }
      return FileIdentity(
        device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
        changed: Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec))
    })
}
