internal import CLinux
internal import Glibc

/// Both ends of a pipe, owned.
package struct Pipe: ~Copyable {
  package let reading: Descriptor
  package let writing: Descriptor

  /// Without `readsWait` a read of the empty pipe returns at once; the writing end always waits, as programs expect it.
  package init(readsWait: Bool = true) throws(SystemError) {
    var ends: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutablePointer(to: &ends) {
      unsafe $0.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe cl_pipe($0, 0) }
    }
    if result < 0 { throw SystemError(-result, "make", "a pipe") }
    reading = Descriptor(owning: ends.0)
    writing = Descriptor(owning: ends.1)
    // Cannot fail on a pipe that was just made.
    if !readsWait { _ = cl_fcntl(ends.0, F_SETFL, Int(O_NONBLOCK)) }
  }

  /// Keeps the reading end; the other is closed.
  package consuming func closeWriting() -> Descriptor { reading }
}

/// Reads a non-blocking descriptor piece by piece into one buffer that is never given back.
package struct DescriptorReader: Sendable {
  private var chunk: [UInt8]
  /// Nothing more will come: the end, or an error that will not go away.
  package private(set) var isEnded = false

  package init(chunkSize: Int = 64 << 10) {
    chunk = [UInt8](repeating: 0, count: chunkSize)
  }

  /// Hands over what is there now; stops after `pieces`, so that an endless writer cannot hold the caller.
  package mutating func read(
    _ descriptor: borrowing Descriptor, pieces: Int = 16, into take: (ArraySlice<UInt8>) -> Void
  ) {
    let number = descriptor.number
    var left = pieces
    while left > 0 && !isEnded {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress!, $0.count) }
      if count > 0 {
        take(chunk[..<count])
        left -= 1
      } else if count == 0 {
        isEnded = true
      } else if errno != EINTR {
        isEnded = errno != EAGAIN
        return
      }
    }
  }
}
