internal import Glibc

extension Files {
  package struct Entry: Hashable, Sendable {
    package let name: [UInt8]
    package let kind: Kind
  }

  /// What lies in a directory, links not followed, in no order; the file system tells most kinds without a look at each.
  package static func entries(in path: String) throws(SystemError) -> [Entry] {
    guard let stream = unsafe withPath(Array(path.utf8), { unsafe opendir($0) }) else {
      throw .last("list", path)
    }
    defer { unsafe closedir(stream) }
    var entries: [Entry] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe Array($0.prefix { $0 != 0 }) }
      if name == [0x2e] || name == [0x2e, 0x2e] { continue }
      switch unsafe Int(entry.pointee.d_type) {
      case Int(DT_REG): entries.append(Entry(name: name, kind: .file))
      case Int(DT_DIR): entries.append(Entry(name: name, kind: .directory))
      case Int(DT_LNK): entries.append(Entry(name: name, kind: .link))
      case Int(DT_UNKNOWN):
        // Gone since is nothing.
        if let kind = kind(of: Array(path.utf8) + [0x2f] + name, followLinks: false) {
          entries.append(Entry(name: name, kind: kind))
        }
      default: entries.append(Entry(name: name, kind: .other))
      }
    }
    return entries
  }
}
