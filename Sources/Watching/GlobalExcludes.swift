internal import Glibc

/// The user's own ignore file, which counts in every work tree: `core.excludesFile`, else git's default place.
enum GlobalExcludes {
  /// The path that git would read, whether or not something lies there.
  static func path(layout: GitLayout?) -> [UInt8]? {
    let home = variable("HOME")
    let base =
      variable("XDG_CONFIG_HOME").flatMap { $0.isEmpty ? nil : $0 }
      ?? home.map { $0 + Array("/.config".utf8) }
    var files = [Array("/etc/gitconfig".utf8)]
    if let base { files.append(base + Array("/git/config".utf8)) }
    if let home { files.append(home + Array("/.gitconfig".utf8)) }
    if let layout { files.append(GitLayout.join(layout.commonDirectory, Array("config".utf8))) }
    var configuration = GitConfiguration(home: home)
    for file in files { configuration.read(file) }
    if let value = configuration.excludesFile { return value }
    return base.map { $0 + Array("/git/ignore".utf8) }
  }

  private static func variable(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(String(cString: value).utf8)
  }
}
