/// Everything that is watched, as columns: about 70 bytes a file and its name, no object for each.
///
/// An entry is an index into the columns and stays the same while the entry lives, also when it is renamed. Entries of
/// one directory form a doubly linked list (removal without a search); (directory, name) finds an entry through an open
/// hash index. Directories have a row in a second, smaller set of columns, whose number stands in their `size`.
package struct FileTable: Sendable {
  package typealias Entry = UInt32

  package static let root: Entry = 0
  package static let none: Entry = .max

  package struct Flags: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
      self.rawValue = rawValue
    }

    /// The digest is that of the content at the recorded status.
    package static let hashed = Flags(rawValue: 1)
    /// Recorded so soon after its last change that another change need not have moved its times.
    package static let racy = Flags(rawValue: 2)
    /// Met by the comparison under way.
    package static let seen = Flags(rawValue: 4)
    /// Has several names.
    package static let linked = Flags(rawValue: 8)
    /// A directory that may not be listed.
    package static let unreadable = Flags(rawValue: 16)
    /// A directory without a watch, or on a file system that tells no one: looked at from time to time.
    package static let polled = Flags(rawValue: 32)
    /// Not part of the tree just now: its directory was moved away and has not turned up again yet.
    package static let adrift = Flags(rawValue: 64)
  }

  package var names = NameArena()

  private(set) var parents: [Entry] = []
  private(set) var nameIDs: [UInt32] = []
  private var nexts: [Entry] = []
  private var previouses: [Entry] = []
  private(set) var inodes: [UInt64] = []
  private var sizes: [UInt64] = []
  private var changeds: [Int64] = []
  private var modes: [UInt16] = []
  private var flags: [Flags] = []
  private var digests: [SIMD2<UInt64>] = []
  private var free: Entry = none

  private var firsts: [Entry] = []
  private var watches: [Int32] = []
  private var devices: [UInt64] = []
  private var scopes: [IgnoreScope?] = []
  private var freeRows: [Int] = []

  private var index: [Entry]
  private var indexed = 0

  package private(set) var directoryCount = 0
  package private(set) var fileCount = 0

  package init() {
    index = [Entry](repeating: Self.none, count: 64)
    var status = EntryStatus()
    status.mode = 0o040_755
    _ = allocate(name: NameArena.empty, status: status)
    parents[Int(Self.root)] = Self.none
    directoryCount = 1
  }

  /// The number of rows, dead ones included: every entry is smaller.
  package var capacity: Int { parents.count }

  // MARK: Reading

  package func parent(_ entry: Entry) -> Entry { parents[Int(entry)] }
  package func name(_ entry: Entry) -> UInt32 { nameIDs[Int(entry)] }
  package func nameBytes(_ entry: Entry) -> ArraySlice<UInt8> { names.name(nameIDs[Int(entry)]) }
  package func inode(_ entry: Entry) -> UInt64 { inodes[Int(entry)] }
  package func mode(_ entry: Entry) -> UInt16 { modes[Int(entry)] }
  package func flags(_ entry: Entry) -> Flags { flags[Int(entry)] }
  package func has(_ entry: Entry, _ flag: Flags) -> Bool { flags[Int(entry)].contains(flag) }
  package func isDirectory(_ entry: Entry) -> Bool { modes[Int(entry)] & 0o170_000 == 0o040_000 }
  /// Whether the row holds an entry now.
  package func isLive(_ entry: Entry) -> Bool { Int(entry) < modes.count && modes[Int(entry)] != 0 }

  package func status(_ entry: Entry) -> EntryStatus {
    let row = Int(entry)
    var status = EntryStatus()
    status.inode = inodes[row]
    status.mode = modes[row]
    status.changed = changeds[row]
    status.links = flags[row].contains(.linked) ? 2 : 1
    if isDirectory(entry) { status.device = devices[Int(sizes[row])] } else { status.size = sizes[row] }
    return status
  }

  /// The first half of the SHA-256 of the content (of the target, for a link); nil when it is not known.
  package func digest(_ entry: Entry) -> SIMD2<UInt64>? {
    flags[Int(entry)].contains(.hashed) ? digests[Int(entry)] : nil
  }

  package func child(of directory: Entry, named name: UInt32) -> Entry? {
    var slot = Self.hash(directory, name) & (index.count - 1)
    while index[slot] != Self.none {
      let entry = Int(index[slot])
      if parents[entry] == directory && nameIDs[entry] == name { return index[slot] }
      slot = (slot + 1) & (index.count - 1)
    }
    return nil
  }

  package func firstChild(_ directory: Entry) -> Entry { firsts[Int(sizes[Int(directory)])] }
  package func next(_ entry: Entry) -> Entry { nexts[Int(entry)] }
  package func watch(_ directory: Entry) -> Int32 { watches[Int(sizes[Int(directory)])] }
  package func device(_ directory: Entry) -> UInt64 { devices[Int(sizes[Int(directory)])] }
  package func scope(_ directory: Entry) -> IgnoreScope? { scopes[Int(sizes[Int(directory)])] }

  /// The path below the root.
  package func path(_ entry: Entry) -> [UInt8] {
    var length = 0
    var at = entry
    while at != Self.root && at != Self.none {
      length += names.length(nameIDs[Int(at)]) + 1
      at = parents[Int(at)]
    }
    if length == 0 { return [] }
    var path = [UInt8](repeating: UInt8(ascii: "/"), count: length - 1)
    var end = length - 1
    at = entry
    while at != Self.root && at != Self.none {
      let name = names.name(nameIDs[Int(at)])
      path.replaceSubrange((end - name.count)..<end, with: name)
      end -= name.count + 1
      at = parents[Int(at)]
    }
    return path
  }

  /// Whether `entry` is `other` or lies below it.
  package func isInside(_ entry: Entry, _ other: Entry) -> Bool {
    var at = entry
    while at != Self.none {
      if at == other { return true }
      at = parents[Int(at)]
    }
    return false
  }

  /// Calls `body` for every file that has one of the inodes.
  package func forEachFile(ofInodes wanted: Set<UInt64>, _ body: (Entry, UInt64) -> Void) {
    // Most inodes are told apart by a few bits without asking the set.
    let bits = wanted.reduce(into: UInt64(0)) { $0 |= 1 << ($1 & 63) }
    for row in inodes.indices where bits & (1 << (inodes[row] & 63)) != 0 && wanted.contains(inodes[row]) {
      if modes[row] != 0 && !isDirectory(Entry(row)) && parents[row] != Self.none {
        body(Entry(row), inodes[row])
      }
    }
  }

  /// What lies at a path; nil when nothing does.
  package func find(_ path: some Collection<UInt8>) -> Entry? {
    var at = Self.root
    for component in path.split(separator: UInt8(ascii: "/")) {
      guard isDirectory(at), let name = names.find(component), let child = child(of: at, named: name) else {
        return nil
      }
      at = child
    }
    return at
  }

  // MARK: Writing

  @discardableResult
  package mutating func insert(_ status: EntryStatus, in directory: Entry, named name: UInt32) -> Entry {
    let entry = allocate(name: name, status: status)
    link(entry, in: directory, named: name)
    if status.kind == .directory { directoryCount += 1 } else { fileCount += 1 }
    return entry
  }

  /// Removes an entry; a directory must be empty.
  package mutating func remove(_ entry: Entry) {
    unlink(entry)
    release(entry)
  }

  /// Takes an entry with all below it out of its directory; it lives on until `link` or `release`.
  package mutating func unlink(_ entry: Entry) {
    let row = Int(entry)
    removeFromIndex(entry)
    let (previous, next) = (previouses[row], nexts[row])
    if previous == Self.none {
      firsts[Int(sizes[Int(parents[row])])] = next
    } else {
      nexts[Int(previous)] = next
    }
    if next != Self.none { previouses[Int(next)] = previous }
    parents[row] = Self.none
    nexts[row] = Self.none
    previouses[row] = Self.none
  }

  package mutating func link(_ entry: Entry, in directory: Entry, named name: UInt32) {
    let row = Int(entry)
    let owner = Int(sizes[Int(directory)])
    parents[row] = directory
    nameIDs[row] = name
    previouses[row] = Self.none
    nexts[row] = firsts[owner]
    if firsts[owner] != Self.none { previouses[Int(firsts[owner])] = entry }
    firsts[owner] = entry
    addToIndex(entry)
  }

  /// Gives the row of an unlinked entry back.
  package mutating func release(_ entry: Entry) {
    let row = Int(entry)
    if isDirectory(entry) {
      let owned = Int(sizes[row])
      scopes[owned] = nil
      watches[owned] = -1
      freeRows.append(owned)
      directoryCount -= 1
    } else {
      fileCount -= 1
    }
    modes[row] = 0
    flags[row] = []
    inodes[row] = 0
    parents[row] = Self.none
    nexts[row] = free
    free = entry
  }

  /// Records a new status; the kind of thing (directory or not) must stay the same. What was known of the content is kept
  /// only if `keepingDigest`.
  package mutating func update(_ entry: Entry, _ status: EntryStatus, keepingDigest: Bool) {
    let row = Int(entry)
    inodes[row] = status.inode
    changeds[row] = status.changed
    modes[row] = status.mode
    if status.kind == .directory {
      devices[Int(sizes[row])] = status.device
    } else {
      sizes[row] = status.size
    }
    if !keepingDigest { flags[row].remove(.hashed) }
    if status.links > 1 && status.kind != .directory {
      flags[row].insert(.linked)
    } else {
      flags[row].remove(.linked)
    }
  }

  package mutating func set(_ entry: Entry, _ flag: Flags, _ isOn: Bool = true) {
    if isOn { flags[Int(entry)].insert(flag) } else { flags[Int(entry)].remove(flag) }
  }

  package mutating func setDigest(_ entry: Entry, _ digest: SIMD2<UInt64>) {
    digests[Int(entry)] = digest
    flags[Int(entry)].insert(.hashed)
  }

  package mutating func setWatch(_ directory: Entry, _ watch: Int32) {
    watches[Int(sizes[Int(directory)])] = watch
  }
  package mutating func setScope(_ directory: Entry, _ scope: IgnoreScope?) {
    scopes[Int(sizes[Int(directory)])] = scope
  }

  // MARK: Rows and the index

  private mutating func allocate(name: UInt32, status: EntryStatus) -> Entry {
    var size = status.size
    if status.kind == .directory {
      if let row = freeRows.popLast() {
        firsts[row] = Self.none
        watches[row] = -1
        devices[row] = status.device
        size = UInt64(row)
      } else {
        size = UInt64(firsts.count)
        firsts.append(Self.none)
        watches.append(-1)
        devices.append(status.device)
        scopes.append(nil)
      }
    }
    let initial: Flags = status.links > 1 && status.kind != .directory ? .linked : []
    if free != Self.none {
      let entry = free
      let row = Int(entry)
      free = nexts[row]
      nameIDs[row] = name
      nexts[row] = Self.none
      previouses[row] = Self.none
      inodes[row] = status.inode
      sizes[row] = size
      changeds[row] = status.changed
      modes[row] = status.mode
      flags[row] = initial
      return entry
    }
    let entry = Entry(parents.count)
    parents.append(Self.none)
    nameIDs.append(name)
    nexts.append(Self.none)
    previouses.append(Self.none)
    inodes.append(status.inode)
    sizes.append(size)
    changeds.append(status.changed)
    modes.append(status.mode)
    flags.append(initial)
    digests.append(.zero)
    return entry
  }

  private static func hash(_ directory: Entry, _ name: UInt32) -> Int {
    var hash = UInt64(directory) << 32 | UInt64(name)
    hash = (hash ^ (hash >> 31)) &* 0x7fb5_d329_728e_a185
    hash = (hash ^ (hash >> 27)) &* 0x81da_def4_bc2d_d44d
    return Int(truncatingIfNeeded: hash ^ (hash >> 33)) & Int.max
  }

  private mutating func addToIndex(_ entry: Entry) {
    if indexed * 4 >= index.count * 3 { growIndex() }
    place(entry)
    indexed += 1
  }

  private mutating func place(_ entry: Entry) {
    var slot = Self.hash(parents[Int(entry)], nameIDs[Int(entry)]) & (index.count - 1)
    while index[slot] != Self.none { slot = (slot + 1) & (index.count - 1) }
    index[slot] = entry
  }

  private mutating func growIndex() {
    let old = index
    index = [Entry](repeating: Self.none, count: old.count * 2)
    for entry in old where entry != Self.none { place(entry) }
  }

  /// Closes the gap by moving later entries of the same run back, so that no tombstones pile up.
  private mutating func removeFromIndex(_ entry: Entry) {
    let mask = index.count - 1
    var slot = Self.hash(parents[Int(entry)], nameIDs[Int(entry)]) & mask
    while index[slot] != entry {
      precondition(index[slot] != Self.none, "an entry that is linked is in the index")
      slot = (slot + 1) & mask
    }
    var gap = slot
    var probe = (slot + 1) & mask
    while index[probe] != Self.none {
      let candidate = Int(index[probe])
      let home = Self.hash(parents[candidate], nameIDs[candidate]) & mask
      // It may move into the gap only if its home is not between the gap and where it is.
      if (probe - home) & mask >= (probe - gap) & mask {
        index[gap] = index[probe]
        gap = probe
      }
      probe = (probe + 1) & mask
    }
    index[gap] = Self.none
    indexed -= 1
  }
}
