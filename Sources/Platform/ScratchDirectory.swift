internal import CLinux
internal import Glibc

/// A directory whose content somebody else wrote, and which is to go whole, whatever they put there.
package struct ScratchDirectory: Hashable, Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// How deep directories are opened one in the other; deeper ones are first moved up to the top.
  private static let depthLimit = 64

  /// Removes it with everything in it. Follows no link, needs no valid names, and neither unreadable directories nor any
  /// depth of nesting stop it. What is already gone is no error.
  package func remove() throws(SystemError) {
    let bytes = Array(path.utf8)
    let directory: Descriptor
    do throws(SystemError) {
      directory = try Files.open(bytes, [.read, .directory, .noFollow])
    } catch {
      if error.number == ENOENT { return }
      // Unreadable for its owner, or no directory at all.
      _ = unsafe Files.withPath(bytes) { unsafe chmod($0, 0o700) }
      guard error.number != ENOTDIR && error.number != ELOOP else { return try Files.remove(path) }
      directory = try Files.open(bytes, [.read, .directory, .noFollow])
    }
    var moved = 0
    // What was moved up is met in the next round; every round goes `depthLimit` deeper.
    while true {
      let before = moved
      try empty(directory, top: directory, depth: 0, &moved)
      if moved == before { break }
    }
    if unsafe Files.withPath(bytes, { unsafe rmdir($0) }) != 0 && errno != ENOENT {
      throw .last("remove", path)
    }
  }

  private func empty(
    _ directory: borrowing Descriptor, top: borrowing Descriptor, depth: Int, _ moved: inout Int
  ) throws(SystemError) {
    for name in try Self.names(in: directory, path) {
      let number = directory.number
      let topNumber = top.number
      if unsafe Files.withPath(name, { unsafe unlinkat(number, $0, 0) }) == 0 || errno == ENOENT { continue }
      guard errno == EISDIR || errno == EPERM || errno == EACCES else { throw .last("remove", path) }
      if unsafe Files.withPath(name, { unsafe unlinkat(number, $0, AT_REMOVEDIR) }) == 0 || errno == ENOENT {
        continue
      }
      if errno == ENOTDIR { throw SystemError(EACCES, "remove", path) }
      if depth == Self.depthLimit {
        moved += 1
        let aside = Array(".mcpd-moved-\(moved)".utf8)
        let result = unsafe Files.withPath(name) { from in
          unsafe Files.withPath(aside) { to in unsafe renameat(number, from, topNumber, to) }
        }
        if result != 0 { throw .last("remove", path) }
        continue
      }
      let inner: Descriptor
      do throws(SystemError) {
        inner = try Files.open(name, [.read, .directory, .noFollow], relativeTo: number)
      } catch {
        _ = unsafe Files.withPath(name) { unsafe fchmodat(number, $0, 0o700, AT_SYMLINK_NOFOLLOW) }
        inner = try Files.open(name, [.read, .directory, .noFollow], relativeTo: number)
      }
      // A directory that may not be written cannot be emptied.
      _ = fchmod(inner.number, 0o700)
      try empty(inner, top: top, depth: depth + 1, &moved)
      if unsafe Files.withPath(name, { unsafe unlinkat(number, $0, AT_REMOVEDIR) }) != 0 && errno != ENOENT {
        throw .last("remove", path)
      }
    }
  }

  private static func names(in directory: borrowing Descriptor, _ path: String) throws(SystemError)
    -> [[UInt8]]
  {
    let copy = try directory.duplicate()
    guard let stream = unsafe fdopendir(copy.number) else { throw .last("list", path) }
    _ = copy.release()
    defer { unsafe closedir(stream) }
    unsafe rewinddir(stream)
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if name != [0x2e] && name != [0x2e, 0x2e] { names.append(name) }
    }
    return names
  }
}
