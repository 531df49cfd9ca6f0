internal import CLinux
internal import Glibc

/// What a directory held at one moment: the visible names with their statuses, and the scope that made them visible.
package struct Listing: Sendable {
  package struct Item: Sendable {
    package let start: UInt32
    package let length: UInt8
    package let status: EntryStatus
  }

  /// The directory's own.
  package var status = EntryStatus()
  package var scope: IgnoreScope
  /// All names, each followed by a NUL.
  package var names: [UInt8] = []
  package var items: [Item] = []
  /// Why the listing is not to be had; then `items` is empty.
  package var failure: ErrorNumber?

  package init(scope: IgnoreScope) {
    self.scope = scope
  }

  package func name(_ item: Item) -> Range<Int> { Int(item.start)..<(Int(item.start) + Int(item.length)) }
}

/// Reads directories; one for each thread, for the sake of its buffers.
package struct DirectoryReader: ~Copyable {
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)
  /// The path of the name at hand, as ignore rules see it.
  private var path: [UInt8] = []

  package init() {}

  /// Lists an open directory and looks at everything visible in it.
  ///
  /// `outer` is the scope of the directory above; `full` its own path below the top of the work tree. Names that vanish
  /// between the listing and the look are left out.
  package mutating func read(_ directory: Int32, outer: IgnoreScope, full: [UInt8], isRoot: Bool) -> Listing {
    var listing = Listing(scope: outer)
    switch EntryStatus.read(descriptor: directory) {
    case .success(let status): listing.status = status
    case .failure(let number):
      listing.failure = number
      return listing
    }
    var names: [UInt8] = []
    var found: [(start: Int, length: Int, type: UInt8)] = []
    if let number = collect(directory, &names, &found) {
      listing.failure = number
      return listing
    }
    let base = full.isEmpty ? 0 : full.count + 1
    listing.scope = IgnoreFiles.scope(
      of: directory, outer: outer, base: base, isRoot: isRoot,
      has: { wanted in
        found.contains {
          $0.length == wanted.count && names[$0.start..<($0.start + $0.length)].elementsEqual(wanted)
        }
      })
    path.removeAll(keepingCapacity: true)
    path.append(contentsOf: full)
    if base > 0 { path.append(UInt8(ascii: "/")) }
    listing.items.reserveCapacity(found.count)
    for (start, length, type) in found {
      if length == 4 && names[start..<(start + 4)].elementsEqual(IgnoreFiles.gitName) { continue }
      path.removeSubrange(base...)
      path.append(contentsOf: names[start..<(start + length)])
      // Types that the file system does not tell along are asked for.
      if type != DT_UNKNOWN, listing.scope.ignores(path, name: base, isDirectory: type == DT_DIR) { continue }
      let status = unsafe names.withUnsafeBufferPointer { buffer in
        unsafe EntryStatus.read(
          in: directory, UnsafeRawPointer(buffer.baseAddress! + start).assumingMemoryBound(to: CChar.self))
      }
      guard case .success(let status) = status else { continue }
      let isDirectory = status.kind == .directory
      // Asked again where the type was not told, or the thing was replaced by one of another kind since.
      if isDirectory != (type == DT_DIR), listing.scope.ignores(path, name: base, isDirectory: isDirectory) {
        continue
      }
      listing.items.append(Listing.Item(start: UInt32(start), length: UInt8(length), status: status))
    }
    listing.names = names
    return listing
  }

  /// All names of the directory but `.` and `..`.
  private mutating func collect(
    _ directory: Int32, _ names: inout [UInt8], _ found: inout [(start: Int, length: Int, type: UInt8)]
  ) -> ErrorNumber? {
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe cl_getdents64(directory, $0.baseAddress!, UInt($0.count))
      }
      if count < 0 { return ErrorNumber(Int32(-count)) }
      if count == 0 { return nil }
      var offset = 0
      while offset + 19 <= count {
        let length = Int(buffer[offset + 16]) | Int(buffer[offset + 17]) << 8
        let type = buffer[offset + 18]
        let start = offset + 19
        var end = start
        while end < offset + length && buffer[end] != 0 { end += 1 }
        let isDot = buffer[start] == UInt8(ascii: ".")
        let isSpecial =
          isDot && (end - start == 1 || end - start == 2 && buffer[start + 1] == UInt8(ascii: "."))
        if !isSpecial && end > start && end - start <= 255 {
          found.append((names.count, end - start, type))
          names.append(contentsOf: buffer[start..<end])
          names.append(0)
        }
        offset += max(length, 19)
      }
    }
  }
}
