import Configuration
import Glibc
import Model
import Platform
import Testing

/// A tree of files in memory.
struct FakeTree: FileTree {
  let files: [String: String]

  init(_ files: [String: String]) {
    self.files = files
  }

  func entries(of directory: String) -> [FileTreeEntry] {
    let prefix = directory.isEmpty ? "" : directory + "/"
    var found: [String: Bool] = [:]
    for path in files.keys where path.hasPrefix(prefix) {
      let rest = path.dropFirst(prefix.count)
      if let slash = rest.firstIndex(of: "/") {
        found[String(rest[..<slash])] = true
      } else {
        found[String(rest)] = false
      }
    }
    return found.map { FileTreeEntry($0.key, isDirectory: $0.value) }
  }

  func content(of path: String, limit: Int) -> [UInt8]? { files[path].map { Array($0.utf8.prefix(limit)) } }
}

/// A directory that goes away with its owner.
final class Scratch {
  let path: String

  init(_ files: [String: String] = [:]) throws {
    var template = Array("/tmp/mcpd-configuration-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    try #require(made)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    for (name, text) in files { try write(text, to: name) }
  }

  private func check(_ name: String, _ call: (UnsafePointer<CChar>) -> Int32) throws {
    let result = unsafe Files.withPath(Array((path + "/" + name).utf8)) { unsafe call($0) }
    try #require(result == 0)
  }

  func makeFIFO(_ name: String) throws { try unsafe check(name) { unsafe mkfifo($0, 0o600) } }
  func setMode(_ mode: UInt32, of name: String) throws { try unsafe check(name) { unsafe chmod($0, mode) } }
  func link(_ name: String, to target: String) throws {
    try unsafe check(name) { path in unsafe target.withCString { unsafe symlink($0, path) } }
  }

  deinit { try? ScratchDirectory(path: path).remove() }

  func write(_ text: String, to name: String, executable: Bool = false) throws {
    let file = path + "/" + name
    try Files.makeDirectory(Files.parent(of: file), permissions: 0o755)
    try Files.replace(file, with: Array(text.utf8), permissions: executable ? 0o755 : 0o644, durable: false)
  }
}

/// Random numbers whose seed is printed, and taken from `MCPD_SEED`.
struct Chance: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init() {
    let given = unsafe getenv("MCPD_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    seed = given ?? UInt64.random(in: 1...UInt64.max)
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
  mutating func flip() -> Bool { next() & 1 == 0 }
  mutating func one<Item>(of items: [Item]) -> Item { items[below(items.count)] }
}

func said(_ text: String) -> [String] { said(Array(text.utf8)) }

/// `LINE:COL code` of each mistake, in order.
func said(_ bytes: [UInt8]) -> [String] {
  ConfigurationLoader.check(bytes).diagnostics.map { diagnostic in
    "\(diagnostic.place?.line ?? 0):\(diagnostic.place?.column ?? 0) \(diagnostic.code)"
  }
}
