internal import CLinux
internal import Glibc
internal import Platform

/// Opening directories so that the path leads nowhere but down.
enum Place {
  enum Opened {
    case descriptor(Int32)
    case failed(Int32)
  }

  /// The root itself may be named through links. The caller closes it.
  static func openRoot(_ path: [UInt8]) -> Int32? {
    let number = unsafe Files.withPath(path) {
      unsafe cl_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0)
    }
    return number < 0 ? nil : number
  }

  /// A directory below an open root, without following a link anywhere on the way. The caller closes it.
  static func open(_ path: [UInt8], in root: Int32) -> Opened {
    let flags = UInt64(O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW)
    let number = unsafe Files.withPath(path.isEmpty ? [UInt8(ascii: ".")] : path) {
      unsafe cl_openat2(root, $0, flags, 0, UInt64(CL_RESOLVE_NO_SYMLINKS | CL_RESOLVE_BENEATH))
    }
    return number < 0 ? .failed(-number) : .descriptor(number)
  }
}
