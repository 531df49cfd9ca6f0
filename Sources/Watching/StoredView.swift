internal import Model
internal import Platform

/// The watched view and its history as bytes: what a watcher leaves to the next one.
///
/// Written and read by the same kind of machine only (little-endian). Every byte may be wrong when it is read: a digest
/// over the whole stands at its end, and what does not add up is refused.
package struct StoredView: Sendable {
  package struct Malformed: Error, Hashable {
    package init() {}
  }

  /// One more with each stored view; the journal that continues it carries the same number.
  package var generation: UInt64
  package var table: FileTable
  package var paths: PathBook
  package var history: ChangeHistory

  package init(generation: UInt64, table: FileTable, paths: PathBook, history: ChangeHistory) {
    self.generation = generation
    self.table = table
    self.paths = paths
    self.history = history
  }

  private static let magic = Array("mcpd view 1\n".utf8)

  // MARK: Writing

  /// `watches` adds each directory's watch, for a successor that takes over the inotify descriptor too.
  package func encoded(watches: Bool = false) -> [UInt8] {
    var bytes = Self.magic
    bytes.reserveCapacity(64 * table.capacity + 4096)
    bytes.put(generation)
    bytes.put(UInt64(watches ? 1 : 0))
    bytes.put(UInt64(table.directoryCount + table.fileCount))
    // Directories come before what is in them; a row refers to its directory by the order of directories.
    var stack: [(entry: FileTable.Entry, row: UInt32)] = [(FileTable.root, 0)]
    put(FileTable.root, directory: UInt32.max, watches, &bytes)
    var rows: UInt32 = 1
    while let (directory, row) = stack.popLast() {
      var child = table.firstChild(directory)
      while child != FileTable.none {
        put(child, directory: row, watches, &bytes)
        if table.isDirectory(child) {
          stack.append((child, rows))
          rows += 1
        }
        child = table.next(child)
      }
    }
    bytes.put(history.floor.number)
    let entries = history.all
    bytes.put(UInt64(entries.count))
    for entry in entries {
      bytes.put(entry.tick.number)
      bytes.append(Self.number(of: entry.kind))
      bytes.put(paths.bytes(entry.path, names: table.names))
    }
    bytes += Digester.digest(of: bytes).bytes
    return bytes
  }

  private func put(_ entry: FileTable.Entry, directory: UInt32, _ watches: Bool, _ bytes: inout [UInt8]) {
    let status = table.status(entry)
    let isDirectory = table.isDirectory(entry)
    let digest = isDirectory ? nil : table.digest(entry)
    bytes.put(directory)
    bytes.put(status.mode)
    let kept: FileTable.Flags = [.racy, .linked]
    var flags = kept.intersection(table.flags(entry))
    if digest != nil { flags.insert(.hashed) }
    bytes.append(flags.rawValue)
    let name = table.nameBytes(entry)
    bytes.append(UInt8(name.count))
    bytes.append(contentsOf: name)
    bytes.put(status.inode)
    bytes.put(isDirectory ? status.device : status.size)
    bytes.put(UInt64(bitPattern: status.changed))
    if isDirectory && watches { bytes.put(UInt32(bitPattern: table.watch(entry))) }
    if let digest {
      bytes.put(digest[0])
      bytes.put(digest[1])
    }
  }

  static func number(of kind: ChangeKind) -> UInt8 {
    switch kind {
    case .created: 0
    case .changed: 1
    case .deleted: 2
    }
  }

  // MARK: Reading

  package init(decoding bytes: [UInt8]) throws(Malformed) {
    guard bytes.count > Self.magic.count + 32, bytes.starts(with: Self.magic),
      Digester.digest(of: bytes[..<(bytes.count - 32)]).bytes.elementsEqual(bytes.suffix(32))
    else { throw Malformed() }
    var cursor = ByteCursor(bytes, from: Self.magic.count, to: bytes.count - 32)
    generation = try cursor.take64()
    let hasWatches = try cursor.take64() == 1
    let count = try cursor.take64()
    table = FileTable()
    paths = PathBook()
    guard count >= 1, count < UInt64(UInt32.max) else { throw Malformed() }
    var directories: [FileTable.Entry] = []
    for row in 0..<count {
      let owner = try cursor.take32()
      var status = EntryStatus()
      status.mode = UInt16(truncatingIfNeeded: try cursor.take16())
      let flags = FileTable.Flags(rawValue: try cursor.take8())
      let name = try cursor.take(Int(try cursor.take8()))
      status.inode = try cursor.take64()
      let size = try cursor.take64()
      status.changed = Int64(bitPattern: try cursor.take64())
      status.links = flags.contains(.linked) ? 2 : 1
      let isDirectory = status.kind == .directory
      if isDirectory { status.device = size } else { status.size = size }
      let entry: FileTable.Entry
      if row == 0 {
        guard isDirectory else { throw Malformed() }
        entry = FileTable.root
        table.update(entry, status, keepingDigest: false)
      } else {
        guard Int(owner) < directories.count, !name.isEmpty, !name.contains(UInt8(ascii: "/")),
          !name.contains(0)
        else {
          throw Malformed()
        }
        let id = table.names.intern(name)
        guard table.child(of: directories[Int(owner)], named: id) == nil else { throw Malformed() }
        entry = table.insert(status, in: directories[Int(owner)], named: id)
        if flags.contains(.racy) { table.set(entry, .racy) }
      }
      if isDirectory {
        directories.append(entry)
        if hasWatches { table.setWatch(entry, Int32(bitPattern: try cursor.take32())) }
      } else if flags.contains(.hashed) {
        table.setDigest(entry, SIMD2(try cursor.take64(), try cursor.take64()))
      }
    }
    history = ChangeHistory(floor: Tick(try cursor.take64()))
    for _ in 0..<(try cursor.take64()) {
      let tick = Tick(try cursor.take64())
      let kind = try Self.kind(try cursor.take8())
      let path = try cursor.takeBytes()
      guard tick > history.floor, history.newestTick.map({ $0 < tick }) ?? true else { throw Malformed() }
      history.append(
        ChangeHistory.Entry(tick: tick, path: paths.id(of: path, names: &table.names), kind: kind))
    }
    guard cursor.isAtEnd else { throw Malformed() }
  }

  static func kind(_ number: UInt8) throws(Malformed) -> ChangeKind {
    switch number {
    case 0: .created
    case 1: .changed
    case 2: .deleted
    default: throw Malformed()
    }
  }
}

/// Reads little-endian numbers and byte strings; never beyond its end.
struct ByteCursor {
  private let bytes: [UInt8]
  private(set) var offset: Int
  private let end: Int

  init(_ bytes: [UInt8], from offset: Int = 0, to end: Int? = nil) {
    self.bytes = bytes
    self.offset = offset
    self.end = end ?? bytes.count
  }

  var isAtEnd: Bool { offset == end }

  mutating func take(_ count: Int) throws(StoredView.Malformed) -> ArraySlice<UInt8> {
    guard count <= end - offset else { throw StoredView.Malformed() }
    defer { offset += count }
    return bytes[offset..<(offset + count)]
  }

  private mutating func number(_ count: Int) throws(StoredView.Malformed) -> UInt64 {
    guard count <= end - offset else { throw StoredView.Malformed() }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    offset += count
    return value
  }

  mutating func take8() throws(StoredView.Malformed) -> UInt8 { UInt8(try number(1)) }
  mutating func take16() throws(StoredView.Malformed) -> UInt16 { UInt16(try number(2)) }
  mutating func take32() throws(StoredView.Malformed) -> UInt32 { UInt32(try number(4)) }
  mutating func take64() throws(StoredView.Malformed) -> UInt64 { try number(8) }
  mutating func takeBytes() throws(StoredView.Malformed) -> ArraySlice<UInt8> { try take(Int(try take32())) }
}

extension Array where Element == UInt8 {
  mutating func put(_ value: some FixedWidthInteger & UnsignedInteger) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// A length, then the bytes.
  mutating func put(_ bytes: [UInt8]) {
    put(UInt32(bytes.count))
    append(contentsOf: bytes)
  }
}
