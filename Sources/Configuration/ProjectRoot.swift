internal import Glibc
internal import Platform

/// Where a project begins.
package enum ProjectRoot {
  /// The project's root for a directory, absolute and without links as far as it exists.
  ///
  /// It is the directory itself or the nearest one above it that holds a `.mcpd.yaml`, not above the top of the git
  /// work tree; else that top; without git the directory itself.
  ///
  /// A home directory under git (dotfiles) is not the project of what lies in it without git of its own.
  package static func find(
    from directory: String, home: String? = ConfigurationLayers.environmentVariable("HOME")
  ) -> String {
    let start = absolute(directory)
    let home = home.map(absolute)
    var current = start
    var nearest: String?
    while true {
      if nearest == nil,
        Files.kind(of: current + "/" + ConfigurationLoader.fileName, followLinks: false) != nil
      {
        nearest = current
      }
      if current == start, let nearest { return nearest }
      if Files.kind(of: current + "/.git") != nil {
        if current != start && (current == home || current == "/") { return nearest ?? start }
        return nearest ?? current
      }
      if current == "/" { return start }
      current = Files.parent(of: current)
    }
  }

  private static func absolute(_ path: String) -> String {
    if let resolved = unsafe Files.withPath(Array(path.utf8), { unsafe realpath($0, nil) }) {
      defer { unsafe free(resolved) }
      return unsafe String(cString: resolved)
    }
    if path.hasPrefix("/") { return path }
    guard let here = unsafe realpath(".", nil) else { return path }
    defer { unsafe free(here) }
    return unsafe String(cString: here) + "/" + path
  }
}
