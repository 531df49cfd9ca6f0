package import CLinux
internal import Glibc

/// What the table keeps of a file's status: enough to tell whether it may have changed.
///
/// There is no modification time: whatever moves it moves the change time too, and only the latter cannot be set back.
package struct EntryStatus: Hashable, Sendable {
  package var inode: UInt64 = 0
  package var size: UInt64 = 0
  package var device: UInt64 = 0
  /// The change time, in nanoseconds since 1970.
  package var changed: Int64 = 0
  package var links: UInt32 = 1
  /// Type and permission bits, as the kernel writes them.
  package var mode: UInt16 = 0

  package init() {}

  package init(_ status: cl_status) {
    inode = status.inode
    device = status.device
    changed = status.changed
    links = status.links
    mode = status.mode
    // A device node is what it points at; directories have sizes that mean nothing.
    size = EntryKind(mode: status.mode) == .device ? status.special_device : status.size
  }

  package var kind: EntryKind { EntryKind(mode: mode) }

  /// Whether nothing says that the file has changed between the two looks at it.
  package func isSame(as other: EntryStatus) -> Bool {
    inode == other.inode && size == other.size && changed == other.changed && mode == other.mode
  }

  /// Looks at `name` in an open directory without following a link; the errno where that fails.
  package static func read(
    in directory: Int32, _ name: UnsafePointer<CChar>
  ) -> Result<EntryStatus, ErrorNumber> {
    var status = cl_status()
    let result = unsafe cl_statx(directory, name, AT_SYMLINK_NOFOLLOW | Int32(CL_AT_NO_AUTOMOUNT), &status)
    return result < 0 ? .failure(ErrorNumber(-result)) : .success(EntryStatus(status))
  }

  package static func read(in directory: Int32, _ name: some Collection<UInt8>) -> Result<
    EntryStatus, ErrorNumber
  > {
    let terminated = name.map { CChar(bitPattern: $0) } + [0]
    return unsafe terminated.withUnsafeBufferPointer { unsafe read(in: directory, $0.baseAddress!) }
  }

  /// The status of an open descriptor.
  package static func read(descriptor: Int32) -> Result<EntryStatus, ErrorNumber> {
    var status = cl_status()
    let result = unsafe cl_statx(descriptor, "", Int32(CL_AT_EMPTY_PATH), &status)
    return result < 0 ? .failure(ErrorNumber(-result)) : .success(EntryStatus(status))
  }
}

/// An errno value, where building a message for each would cost more than the call that failed.
package struct ErrorNumber: Error, Hashable, Sendable {
  package let number: Int32

  package init(_ number: Int32) {
    self.number = number
  }
}

/// What kind of thing lies at a path.
package enum EntryKind: Sendable {
  case file, directory, link, fifo, socket, device, unknown

  /// The kernel's numbers; they never change.
  package init(mode: UInt16) {
    self =
      switch mode & 0o170_000 {
      case 0o100_000: .file
      case 0o040_000: .directory
      case 0o120_000: .link
      case 0o010_000: .fifo
      case 0o140_000: .socket
      case 0o020_000, 0o060_000: .device
      default: .unknown
      }
  }
}
