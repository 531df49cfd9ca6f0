internal import CLinux
internal import Glibc
package import Platform

/// An inotify descriptor and the reading of what it queues.
package struct Inotify: ~Copyable, Sendable {
  package struct Event: Sendable {
    package var watch: Int32 = 0
    package var mask = Mask()
    package var cookie: UInt32 = 0
    /// Where the name lies in the buffer; empty for what happened to the watched thing itself.
    package var name: Range<Int> = 0..<0
  }

  package struct Mask: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    package static let modify = Mask(rawValue: 0x2)
    package static let attributes = Mask(rawValue: 0x4)
    package static let closeWrite = Mask(rawValue: 0x8)
    package static let open = Mask(rawValue: 0x20)
    package static let movedFrom = Mask(rawValue: 0x40)
    package static let movedTo = Mask(rawValue: 0x80)
    package static let create = Mask(rawValue: 0x100)
    package static let delete = Mask(rawValue: 0x200)
    package static let deleteSelf = Mask(rawValue: 0x400)
    package static let moveSelf = Mask(rawValue: 0x800)
    package static let unmount = Mask(rawValue: 0x2000)
    package static let overflow = Mask(rawValue: 0x4000)
    package static let ignored = Mask(rawValue: 0x8000)
    package static let onlyDirectory = Mask(rawValue: 0x0100_0000)
    package static let doNotFollow = Mask(rawValue: 0x0200_0000)
    package static let excludeUnlinked = Mask(rawValue: 0x0400_0000)
    package static let add = Mask(rawValue: 0x2000_0000)
    package static let isDirectory = Mask(rawValue: 0x4000_0000)

    /// What a watched directory is asked about.
    package static let directory: Mask = [
      .modify, .attributes, .closeWrite, .movedFrom, .movedTo, .create, .delete, .deleteSelf, .moveSelf,
      .onlyDirectory, .excludeUnlinked,
    ]
    /// What a file with several names is asked about.
    package static let file: Mask = [.modify, .attributes, .closeWrite, .deleteSelf]
  }

  package let descriptor: Descriptor

  package init() throws(SystemError) {
    let number = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    if number < 0 { throw .last("make", "an inotify descriptor") }
    descriptor = Descriptor(owning: number)
  }

  package init(adopting descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// Watches what a path names. The same thing watched again has the same number, whatever the path.
  package static func watch(
    _ descriptor: Int32, _ path: UnsafePointer<CChar>, _ mask: Mask
  ) -> Result<Int32, ErrorNumber> {
    let watch = unsafe inotify_add_watch(descriptor, path, mask.rawValue)
    return watch < 0 ? .failure(ErrorNumber(errno)) : .success(watch)
  }

  /// Watches an open file or directory: no path can come to mean another one in between.
  package static func watch(_ descriptor: Int32, open number: Int32, _ mask: Mask) -> Result<
    Int32, ErrorNumber
  > {
    // "/proc/self/fd/" and the digits, built without an allocation that outlives the call.
    let path = Array("/proc/self/fd/\(number)".utf8CString)
    return unsafe path.withUnsafeBufferPointer { unsafe watch(descriptor, $0.baseAddress!, mask) }
  }

  package borrowing func forget(_ watch: Int32) {
    _ = inotify_rm_watch(descriptor.number, watch)
  }

  /// Reads what is queued, as much as fits; 0 when nothing is.
  package borrowing func read(into buffer: inout [UInt8]) -> Int {
    let number = descriptor.number
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe Glibc.read(number, $0.baseAddress!, $0.count)
      }
      if count >= 0 { return count }
      if errno != EINTR { return 0 }
    }
  }

  /// How many bytes are queued now.
  package borrowing func queued() -> Int {
    var count: Int32 = 0
    let result = unsafe withUnsafeMutablePointer(to: &count) {
      unsafe cl_ioctl(descriptor.number, UInt(FIONREAD), $0)
    }
    return result < 0 ? 0 : Int(count)
  }

  /// The event at `offset`, which moves behind it; nil at the end.
  package static func next(in buffer: [UInt8], count: Int, _ offset: inout Int) -> Event? {
    guard offset + 16 <= count else { return nil }
    func word(_ at: Int) -> UInt32 {
      UInt32(buffer[at]) | UInt32(buffer[at + 1]) << 8 | UInt32(buffer[at + 2]) << 16 | UInt32(buffer[at + 3])
        << 24
    }
    var event = Event()
    event.watch = Int32(bitPattern: word(offset))
    event.mask = Mask(rawValue: word(offset + 4))
    event.cookie = word(offset + 8)
    let length = Int(word(offset + 12))
    let start = offset + 16
    guard length <= count - start else { return nil }
    // The name is padded with NULs.
    var end = start
    while end < start + length && buffer[end] != 0 { end += 1 }
    event.name = start..<end
    offset = start + length
    return event
  }
}
