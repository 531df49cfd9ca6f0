internal import CLinux
internal import Glibc

/// Whole-file operations on absolute (or current-directory) paths given as bytes or text.
package enum Files {
  /// Opens without following into surprises: the caller's mode decides, the descriptor is close-on-exec.
  package static func open(
    _ path: String, _ mode: OpenMode, permissions: UInt32 = 0o600
  ) throws(SystemError) -> Descriptor {
    try open(Array(path.utf8), mode, permissions: permissions)
  }

  package static func open(
    _ path: [UInt8], _ mode: OpenMode, permissions: UInt32 = 0o600, relativeTo directory: Int32 = AT_FDCWD
  ) throws(SystemError) -> Descriptor {
    let result = unsafe withPath(path) { unsafe cl_openat(directory, $0, mode.rawValue, permissions) }
    if result < 0 { throw SystemError(-result, "open", String(decoding: path, as: UTF8.self)) }
    return Descriptor(owning: result)
  }

  /// Calls `body` with the path as a C string; a path with a NUL byte is cut there, as the kernel would read it.
  package static func withPath<Result>(
    _ path: [UInt8], _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    let terminated = path.map { CChar(bitPattern: $0) } + [0]
    return unsafe terminated.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
  }

  /// Reads until the end or `limit`; one byte more than the limit is an EFBIG.
  package static func read(
    _ descriptor: borrowing Descriptor, limit: Int = 64 << 20, named subject: String
  ) throws(SystemError) -> [UInt8] {
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let number = descriptor.number
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(number, $0.baseAddress!, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw .last("read", subject)
      }
      if count == 0 { return content }
      content.append(contentsOf: chunk[..<count])
      if content.count > limit { throw SystemError(EFBIG, "read", subject) }
    }
  }

  package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
    // Non-blocking, so that a FIFO in a file's place does not hold us for ever.
    let descriptor = try open(path, [.read, .nonBlocking])
    return try read(descriptor, limit: limit, named: path)
  }

  /// Reads at most `limit` bytes from the beginning of a file, whatever its length.
  package static func readBeginning(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
    let descriptor = try open(path, [.read, .nonBlocking])
    let number = descriptor.number
    var content = [UInt8](repeating: 0, count: limit)
    var filled = 0
    while filled < limit {
      let start = filled
      let count = unsafe content.withUnsafeMutableBytes {
        unsafe Glibc.read(number, $0.baseAddress! + start, limit - start)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .last("read", path)
      }
      if count == 0 { break }
      filled += count
    }
    content.removeLast(limit - filled)
    return content
  }

  package static func write(
    _ bytes: some Collection<UInt8>, to descriptor: borrowing Descriptor, named subject: String
  ) throws(SystemError) {
    let content = Array(bytes)
    var offset = 0
    while offset < content.count {
      let number = descriptor.number
      let start = offset
      let count = unsafe content.withUnsafeBytes {
        unsafe Glibc.write(number, $0.baseAddress! + start, $0.count - start)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .last("write", subject)
      }
      offset += count
    }
  }

  /// Replaces the file whole: a reader sees the old or the new content, after a power loss too.
  package static func replace(
    _ path: String, with bytes: some Collection<UInt8>, permissions: UInt32 = 0o600, durable: Bool = true
  ) throws(SystemError) {
    let temporary = path + ".new"
    do throws(SystemError) {
      let descriptor = try open(temporary, [.write, .create, .truncate], permissions: permissions)
      try write(bytes, to: descriptor, named: temporary)
      if durable && fsync(descriptor.number) != 0 { throw .last("flush", temporary) }
      try rename(temporary, to: path)
    } catch {
      _ = unsafe withPath(Array(temporary.utf8)) { unsafe unlink($0) }
      throw error
    }
    if durable { try flushDirectory(Self.parent(of: path)) }
  }

  package static func rename(_ from: String, to: String) throws(SystemError) {
    let result = unsafe withPath(Array(from.utf8)) { source in
      unsafe withPath(Array(to.utf8)) { target in unsafe Glibc.rename(source, target) }
    }
    if result != 0 { throw .last("rename", "\(from) to \(to)") }
  }

  /// Makes a rename or a new file in the directory last through a power loss.
  package static func flushDirectory(_ path: String) throws(SystemError) {
    let directory = try open(path, [.read, .directory])
    if fsync(directory.number) != 0 { throw .last("flush the directory", path) }
  }

  /// Makes the directory and those above it; no error where it exists already.
  package static func makeDirectory(_ path: String, permissions: UInt32 = 0o700) throws(SystemError) {
    let result = unsafe withPath(Array(path.utf8)) { unsafe mkdir($0, permissions) }
    if result == 0 { return }
    let number = errno
    if number == ENOENT, parent(of: path) != path {
      try makeDirectory(parent(of: path), permissions: permissions)
      return try makeDirectory(path, permissions: permissions)
    }
    if number == EEXIST, kind(of: path) == .directory { return }
    throw SystemError(number == EEXIST ? ENOTDIR : number, "make the directory", path)
  }

  package enum Kind: Sendable {
    case file, directory, link, other
  }

  /// Nil when nothing is there or it cannot be looked at.
  package static func kind(of path: String, followLinks: Bool = true) -> Kind? {
    kind(of: Array(path.utf8), followLinks: followLinks)
  }

  package static func kind(of path: [UInt8], followLinks: Bool = true) -> Kind? {
    var status = stat()
    let result = unsafe withPath(path) {
      unsafe followLinks ? stat($0, &status) : lstat($0, &status)
    }
    if result != 0 { return nil }
    if cl_is_regular(status.st_mode) != 0 { return .file }
    if cl_is_directory(status.st_mode) != 0 { return .directory }
    return cl_is_link(status.st_mode) != 0 ? .link : .other
  }

  /// The names in a directory, without `.` and `..`, sorted by bytes.
  package static func names(in path: String) throws(SystemError) -> [[UInt8]] {
    try names(in: Array(path.utf8))
  }

  package static func names(in path: [UInt8]) throws(SystemError) -> [[UInt8]] {
    guard let stream = unsafe withPath(path, { unsafe opendir($0) }) else {
      throw .last("list", String(decoding: path, as: UTF8.self))
    }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: UInt8.self, capacity: 256) { base in
          unsafe Array(
            UnsafeBufferPointer(
              start: base, count: strlen(UnsafeRawPointer(base).assumingMemoryBound(to: CChar.self))))
        }
      }
      if name == [0x2e] || name == [0x2e, 0x2e] { continue }
      names.append(name)
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }
  }

  package static func remove(_ path: String) throws(SystemError) { try remove(Array(path.utf8)) }

  private static func remove(_ path: [UInt8]) throws(SystemError) {
    let result = unsafe withPath(path) { unsafe unlink($0) }
    if result != 0 && errno != ENOENT { throw .last("remove", String(decoding: path, as: UTF8.self)) }
  }

  /// Removes a tree without following links; what is already gone is no error.
  package static func removeTree(_ path: String) throws(SystemError) { try removeTree(Array(path.utf8)) }

  private static func removeTree(_ path: [UInt8]) throws(SystemError) {
    guard kind(of: path, followLinks: false) == .directory else { return try remove(path) }
    for name in try names(in: path) { try removeTree(path + [UInt8(ascii: "/")] + name) }
    let result = unsafe withPath(path) { unsafe rmdir($0) }
    if result != 0 && errno != ENOENT { throw .last("remove", String(decoding: path, as: UTF8.self)) }
  }

  /// The path of the directory above: textual, `/` and `.` at the ends.
  package static func parent(of path: String) -> String {
    var trimmed = path[...]
    while trimmed.count > 1 && trimmed.last == "/" { trimmed = trimmed.dropLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    trimmed = trimmed[..<slash]
    while trimmed.last == "/" { trimmed = trimmed.dropLast() }
    return trimmed.isEmpty ? "/" : String(trimmed)
  }
}
