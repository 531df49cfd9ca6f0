internal import CLinux
internal import Glibc

/// An owned file descriptor: closed exactly once, when its owner lets go of it.
package struct Descriptor: ~Copyable, Sendable {
  package let number: Int32

  /// Takes ownership of an open descriptor.
  package init(owning number: Int32) {
    precondition(number >= 0, "a descriptor is not negative")
    self.number = number
  }

  deinit {
    _ = close(number)
  }

  /// Hands the descriptor over to something that closes it itself (a C library, a child process).
  package consuming func release() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  /// A second descriptor for the same open file.
  package borrowing func duplicate() throws(SystemError) -> Descriptor {
    let copy = cl_fcntl(number, F_DUPFD_CLOEXEC, 0)
    if copy < 0 { throw SystemError(-copy, "duplicate", "descriptor \(number)") }
    return Descriptor(owning: copy)
  }
}

/// How to open a file. Descriptors are always close-on-exec.
package struct OpenMode: OptionSet, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  package static let read = OpenMode(rawValue: O_RDONLY)
  package static let write = OpenMode(rawValue: O_WRONLY)
  package static let readWrite = OpenMode(rawValue: O_RDWR)
  package static let create = OpenMode(rawValue: O_CREAT)
  package static let exclusive = OpenMode(rawValue: O_EXCL)
  package static let truncate = OpenMode(rawValue: O_TRUNC)
  package static let append = OpenMode(rawValue: O_APPEND)
  package static let directory = OpenMode(rawValue: O_DIRECTORY)
  package static let noFollow = OpenMode(rawValue: O_NOFOLLOW)
  /// Only names the place: needs no permission on it, and nothing can be read through it (`O_PATH`).
  package static let path = OpenMode(rawValue: 0o10_000_000)
  /// Never waits: what a FIFO needs.
  package static let nonBlocking = OpenMode(rawValue: O_NONBLOCK)
}
