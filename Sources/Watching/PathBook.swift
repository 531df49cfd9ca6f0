/// Paths that were talked about, as a tree of (directory, name) pairs: what a change happened to keeps its number, though
/// the file may be gone or its directory renamed since.
package struct PathBook: Sendable {
  package typealias PathID = UInt32

  package static let root: PathID = 0

  private(set) var parents: [PathID] = [PathID.max]
  private(set) var names: [UInt32] = [NameArena.empty]
  private var index: [UInt64: PathID] = [:]

  package init() {}

  package var count: Int { parents.count }

  package mutating func id(_ parent: PathID, _ name: UInt32) -> PathID {
    let key = UInt64(parent) << 32 | UInt64(name)
    if let id = index[key] { return id }
    let id = PathID(parents.count)
    parents.append(parent)
    names.append(name)
    index[key] = id
    return id
  }

  package mutating func id(of entry: FileTable.Entry, in table: borrowing FileTable) -> PathID {
    if entry == FileTable.root { return Self.root }
    let parent = id(of: table.parent(entry), in: table)
    return id(parent, table.name(entry))
  }

  package mutating func id(of path: some Collection<UInt8>, names arena: inout NameArena) -> PathID {
    path.split(separator: UInt8(ascii: "/")).reduce(Self.root) { id($0, arena.intern($1)) }
  }

  package func bytes(_ id: PathID, names arena: borrowing NameArena) -> [UInt8] {
    var components: [UInt32] = []
    var at = id
    while at != Self.root {
      components.append(names[Int(at)])
      at = parents[Int(at)]
    }
    var path: [UInt8] = []
    for name in components.reversed() {
      if !path.isEmpty { path.append(UInt8(ascii: "/")) }
      path.append(contentsOf: arena.name(name))
    }
    return path
  }

  /// What lies at the path now.
  package func entry(_ id: PathID, in table: borrowing FileTable) -> FileTable.Entry? {
    if id == Self.root { return FileTable.root }
    guard let directory = entry(parents[Int(id)], in: table), table.isDirectory(directory) else { return nil }
    return table.child(of: directory, named: names[Int(id)])
  }
}
