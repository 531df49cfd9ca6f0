package import Model

/// What a watcher is told about its project.
package struct WatcherOptions: Sendable {
  /// Absolute.
  package var root: [UInt8]
  /// The configuration's patterns, in gitignore syntax.
  package var ignore: [String] = []
  package var settle = SettleSettings()
  /// A private directory of this project's, outside of it: the stored table, the history, the cookies.
  package var stateDirectory: String
  /// Close the gate while git works.
  package var usesGates = true
  /// The newest tick whose changes the caller has kept for good; `armed` then tells what changed since. Nil: since the watcher
  /// stopped, as far as it knows.
  package var resumeAfter: Tick?
  /// How many bytes of files are read in the background after the first crawl, so that a later `touch` or rewriting of the
  /// same bytes is recognised; a file without a known digest counts as changed when its times move.
  package var backgroundDigestBytes: UInt64 = 4 << 30
  package var backgroundDigestFiles = 300_000

  /// Threads that read the whole tree.
  package var crawlThreads = 2
  /// More directories than this are polled, so that others have watches too; nil: as many as the kernel gives.
  package var watchLimit: Int?

  package init(root: [UInt8], stateDirectory: String) {
    self.root = root
    self.stateDirectory = stateDirectory
  }
}
