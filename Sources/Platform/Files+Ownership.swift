internal import CLinux
internal import Glibc

/// Whose something is and who may change it; of a link, the link itself.
package struct Ownership: Hashable, Sendable {
  package let user: UInt32
  package let isDirectory: Bool
  /// Whether its group or everybody may write it.
  package let isOpenToOthers: Bool
}

extension Files {
  /// Nil when nothing is there or it cannot be looked at.
  package static func ownership(of path: String) -> Ownership? {
    var status = stat()
    let result = unsafe withPath(Array(path.utf8)) { unsafe lstat($0, &status) }
    if result != 0 { return nil }
    return Ownership(
      user: status.st_uid, isDirectory: cl_is_directory(status.st_mode) != 0,
      isOpenToOthers: status.st_mode & 0o022 != 0)
  }
}
