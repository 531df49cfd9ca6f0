internal import Glibc
internal import Platform

/// What this process may do with a path.
enum Access {
  static func isWritable(_ path: String) -> Bool {
    unsafe Files.withPath(Array(path.utf8)) { unsafe access($0, W_OK | X_OK) } == 0
  }
}
