/// Whether plans may be made: closed while git is in the middle of something or a client holds it.
package struct Gate: Hashable, Sendable {
  package let isOpen: Bool
  /// `rebase`, `merge`, `bisect`, `index-lock`, `hold`…; may stand beside an open gate (a stopped rebase).
  package let reason: String?
  package let text: String

  package static let open = Gate(isOpen: true, reason: nil, text: "open")

  package init(isOpen: Bool, reason: String?, text: String) {
    self.isOpen = isOpen
    self.reason = reason
    self.text = text
  }
}

/// How a project is watched, for status and metrics.
package struct WatchStatus: Hashable, Sendable {
  package enum Mode: String, Sendable {
    case inotify
    case mixed
    case polling
  }

  package var mode: Mode
  package var directories: Int
  /// Everything watched that is not a directory.
  package var files: Int
  package var overflows: Int
  package var rescans: Int
  package var polledDirectories: Int

  package init(
    mode: Mode = .inotify, directories: Int = 0, files: Int = 0, overflows: Int = 0, rescans: Int = 0,
    polledDirectories: Int = 0
  ) {
    self.mode = mode
    self.directories = directories
    self.files = files
    self.overflows = overflows
    self.rescans = rescans
    self.polledDirectories = polledDirectories
  }
}
