internal import Glibc
package import Model
package import Platform

/// What settled after the stored view was written: one record a set, appended before it is told.
///
/// Not flushed: it is there for a killed daemon. After a power loss its end may be missing; then the walk at the next start
/// finds those changes again, and names them again.
package struct ChangeJournal: ~Copyable {
  package struct Record: Hashable, Sendable {
    package var change: Change
    /// What stands at the path since; nil when nothing does.
    package var status: EntryStatus?
    package var digest: SIMD2<UInt64>?

    package init(change: Change, status: EntryStatus?, digest: SIMD2<UInt64>?) {
      self.change = change
      self.status = status
      self.digest = digest
    }
  }

  private let file: Descriptor
  private let path: String
  package private(set) var length: Int
  private var isBroken = false

  package init(creating path: String) throws(SystemError) {
    self.path = path
    file = try Files.open(path, [.write, .create, .truncate])
    length = 0
  }

  /// Appends one settled set. After a failure nothing more is appended: what follows a gap would be read as if it were whole.
  package mutating func append(_ records: [Record]) throws(SystemError) {
    if isBroken || records.isEmpty { return }
    let bytes = Self.encoded(records)
    do throws(SystemError) {
      try Files.write(bytes, to: file, named: path)
      length += bytes.count
    } catch {
      isBroken = ftruncate(file.number, off_t(length)) != 0
      if !isBroken { _ = lseek(file.number, off_t(length), SEEK_SET) }
      throw error
    }
  }

  static func encoded(_ records: [Record]) -> [UInt8] {
    var payload: [UInt8] = []
    payload.put(UInt32(records.count))
    for record in records {
      payload.put(record.change.tick.number)
      payload.append(StoredView.number(of: record.change.kind))
      payload.put(record.change.path.bytes)
      guard let status = record.status else {
        payload.append(0)
        continue
      }
      payload.append(record.digest == nil ? 1 : 2)
      payload.put(status.mode)
      payload.put(status.links)
      payload.put(status.inode)
      payload.put(status.size)
      payload.put(UInt64(bitPattern: status.changed))
      if let digest = record.digest {
        payload.put(digest[0])
        payload.put(digest[1])
      }
    }
    var bytes: [UInt8] = []
    bytes.put(UInt32(payload.count))
    bytes.put(Digester.digest(of: payload).words[0])
    return bytes + payload
  }

  /// The records up to the first one that is torn or wrong.
  package static func records(in bytes: [UInt8]) -> [[Record]] {
    var sets: [[Record]] = []
    var cursor = ByteCursor(bytes)
    while !cursor.isAtEnd {
      do throws(StoredView.Malformed) {
        let length = Int(try cursor.take32())
        let checksum = try cursor.take64()
        let payload = Array(try cursor.take(length))
        guard Digester.digest(of: payload).words[0] == checksum else { return sets }
        sets.append(try decoded(payload))
      } catch {
        return sets
      }
    }
    return sets
  }

  private static func decoded(_ payload: [UInt8]) throws(StoredView.Malformed) -> [Record] {
    var cursor = ByteCursor(payload)
    var records: [Record] = []
    for _ in 0..<(try cursor.take32()) {
      let tick = Tick(try cursor.take64())
      let kind = try StoredView.kind(try cursor.take8())
      guard let path = RelativePath(normalizing: Array(try cursor.takeBytes())), !path.isRoot else {
        throw StoredView.Malformed()
      }
      var record = Record(change: Change(path: path, kind: kind, tick: tick), status: nil, digest: nil)
      let form = try cursor.take8()
      if form > 2 { throw StoredView.Malformed() }
      if form > 0 {
        var status = EntryStatus()
        status.mode = try cursor.take16()
        status.links = try cursor.take32()
        status.inode = try cursor.take64()
        status.size = try cursor.take64()
        status.changed = Int64(bitPattern: try cursor.take64())
        if status.kind == .directory { throw StoredView.Malformed() }
        record.status = status
        if form == 2 { record.digest = SIMD2(try cursor.take64(), try cursor.take64()) }
      }
      records.append(record)
    }
    guard cursor.isAtEnd else { throw StoredView.Malformed() }
    return records
  }
}

extension StoredView {
  /// Brings the view to where a journal left it.
  package mutating func apply(_ sets: [[ChangeJournal.Record]]) {
    for record in sets.joined() {
      let change = record.change
      guard history.newestTick.map({ $0 < change.tick }) ?? (history.floor < change.tick) else { continue }
      let path = paths.id(of: change.path.bytes, names: &table.names)
      history.append(ChangeHistory.Entry(tick: change.tick, path: path, kind: change.kind))
      guard let status = record.status else {
        if let entry = table.find(change.path.bytes), !table.isDirectory(entry) { table.remove(entry) }
        continue
      }
      guard let entry = place(change.path, status) else { continue }
      table.update(entry, status, keepingDigest: false)
      if let digest = record.digest { table.setDigest(entry, digest) }
      // How soon after its change it was looked at is not recorded; the content decides.
      table.set(entry, .racy)
    }
  }

  /// The entry at a path, made with the directories above it where they are missing; nil where a directory lies there.
  private mutating func place(_ path: RelativePath, _ status: EntryStatus) -> FileTable.Entry? {
    if let entry = table.find(path.bytes) { return table.isDirectory(entry) ? nil : entry }
    var at = FileTable.root
    let components = path.components
    for component in components.dropLast() {
      let name = table.names.intern(component)
      if let child = table.child(of: at, named: name) {
        if table.isDirectory(child) {
          at = child
          continue
        }
        table.remove(child)
      }
      // Nothing is known of the directory but that it is one: the walk fills it in.
      var directory = EntryStatus()
      directory.mode = 0o040_755
      at = table.insert(directory, in: at, named: name)
    }
    guard let last = components.last else { return nil }
    return table.insert(status, in: at, named: table.names.intern(last))
  }
}
