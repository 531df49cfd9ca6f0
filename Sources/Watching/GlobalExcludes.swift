internal import Glibc

/// The user's own ignore file, which counts in every work tree.
enum GlobalExcludes {
  static func list() -> IgnoreList? {
    path().flatMap { IgnoreFiles.read(AT_FDCWD, $0, followLinks: true) }.map {
      IgnoreList(content: $0, base: 0)
    }
  }

  private static func path() -> [UInt8]? {
    if let base = variable("XDG_CONFIG_HOME"), !base.isEmpty { return base + Array("/git/ignore".utf8) }
    return variable("HOME").map { $0 + Array("/.config/git/ignore".utf8) }
  }

  private static func variable(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(String(cString: value).utf8)
  }
}
