package import Model

/// A file as the watcher has it recorded.
package struct ViewedFile: Hashable, Sendable {
  package let path: RelativePath
  package let status: EntryStatus
  /// The first half of the SHA-256 of its content; nil when it has not been read.
  package let digest: SIMD2<UInt64>?
}

/// The answer of an audit: a fresh walk, held against the watched view.
package struct AuditAnswer: Hashable, Sendable {
  /// A path that stands otherwise than it is recorded; nil is "nothing there".
  package struct Difference: Hashable, Sendable {
    package let path: RelativePath
    package let watched: String?
    package let found: String?
  }

  package let clock: Tick
  /// What the walk met.
  package let files: Int
  package let directories: Int
  package let differences: [Difference]

  package init(clock: Tick, files: Int, directories: Int, differences: [Difference]) {
    self.clock = clock
    self.files = files
    self.directories = directories
    self.differences = differences
  }
}

extension EntryStatus {
  /// For people: `file 0644 12 bytes`.
  var text: String {
    let octal = String(mode & 0o7777, radix: 8)
    let bits = String(repeating: "0", count: max(0, 4 - octal.count)) + octal
    return switch kind {
    case .file: "file \(bits) \(size) bytes"
    case .directory: "directory \(bits)"
    case .link: "link"
    case .fifo: "FIFO \(bits)"
    case .socket: "socket \(bits)"
    case .device: "device \(bits)"
    case .unknown: "unknown"
    }
  }
}
