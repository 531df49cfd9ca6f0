internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// Reads what files hold, for their digests.
package struct ContentReader: ~Copyable {
  package enum Outcome: Sendable {
    /// The content as it stood at this status.
    case digest(SIMD2<UInt64>, EntryStatus)
    /// It moved while it was read; whoever moved it will be heard of.
    case unstable
    /// No content to speak of (a FIFO, a socket, a device), or it may not be read.
    case unreadable
  }

  private var buffer: [UInt8]

  package init(bufferSize: Int = 256 << 10) {
    buffer = [UInt8](repeating: 0, count: bufferSize)
  }

  /// The digest of a regular file or of a link's target. Nothing else is ever opened, and an open never waits.
  package mutating func digest(
    in directory: Int32, _ name: ArraySlice<UInt8>, expecting status: EntryStatus,
    isCancelled: () -> Bool = { false }
  ) -> Outcome {
    let terminated = name.map { CChar(bitPattern: $0) } + [0]
    switch status.kind {
    case .link: return linkDigest(directory, terminated, status)
    case .file: break
    default: return .unreadable
    }
    let number = unsafe terminated.withUnsafeBufferPointer {
      unsafe cl_openat(directory, $0.baseAddress!, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0)
    }
    if number < 0 { return number == -EACCES || number == -EPERM ? .unreadable : .unstable }
    let file = Descriptor(owning: number)
    guard case .success(let before) = EntryStatus.read(descriptor: file.number), before.kind == .file,
      before.inode == status.inode
    else { return .unstable }
    var digester = Digester()
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.read(number, $0.baseAddress!, $0.count)
      }
      if count < 0 {
        if errno == EINTR { continue }
        return .unreadable
      }
      if count == 0 { break }
      if isCancelled() { return .unstable }
      digester.update(buffer[..<count])
    }
    guard case .success(let after) = EntryStatus.read(descriptor: file.number), after.isSame(as: before)
    else {
      return .unstable
    }
    return .digest(Self.half(digester.finish()), after)
  }

  private mutating func linkDigest(_ directory: Int32, _ name: [CChar], _ status: EntryStatus) -> Outcome {
    let count = unsafe name.withUnsafeBufferPointer { name in
      unsafe buffer.withUnsafeMutableBytes { buffer in
        unsafe readlinkat(
          directory, name.baseAddress!, buffer.baseAddress!.assumingMemoryBound(to: CChar.self), buffer.count)
      }
    }
    if count < 0 { return .unstable }
    return .digest(Self.half(Digester.digest(of: buffer[..<count])), status)
  }

  static func half(_ digest: Digest) -> SIMD2<UInt64> { SIMD2(digest.words[0], digest.words[1]) }
}
