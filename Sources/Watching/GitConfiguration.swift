internal import Glibc

/// Reads the one setting of git's configuration that decides what is ignored: `core.excludesFile`, through `include.path`.
package struct GitConfiguration: Sendable {
  private let home: [UInt8]?
  private var depth = 0
  /// The last value met, with `~/` filled in; nil when it is set nowhere (or set to nothing).
  package private(set) var excludesFile: [UInt8]?

  package init(home: [UInt8]?) {
    self.home = home
  }

  package mutating func read(_ path: [UInt8]) {
    guard let content = IgnoreFiles.read(AT_FDCWD, path, followLinks: true) else { return }
    let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
    parse(content, directory: Array(path[..<slash]))
  }

  /// `directory` is where relative paths of `include` count from.
  package mutating func parse(_ content: [UInt8], directory: [UInt8]) {
    var section = ""
    var lines = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(
      Array.init)[...]
    while var line = lines.popFirst() {
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      // A backslash at the end joins the next line.
      while line.last == UInt8(ascii: "\\"), let next = lines.popFirst() {
        line.removeLast()
        line += next
      }
      var rest = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      if rest.first == UInt8(ascii: "[") {
        guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { continue }
        section = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self).lowercased()
        rest = rest[(end + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
      }
      guard let equals = rest.firstIndex(of: UInt8(ascii: "=")), let value = Self.value(rest[(equals + 1)...])
      else {
        continue
      }
      let key = String(decoding: rest[..<equals].filter { $0 > UInt8(ascii: " ") }, as: UTF8.self)
        .lowercased()
      switch (section, key) {
      case ("core", "excludesfile"): excludesFile = value.isEmpty ? nil : expanded(value, directory: nil)
      case ("include", "path"):
        // As deep as git itself goes.
        if depth < 10 {
          depth += 1
          read(expanded(value, directory: directory))
          depth -= 1
        }
      default: break
      }
    }
  }

  /// A value without its quotes, escapes and trailing comment; nil where a quote is not closed.
  private static func value(_ raw: ArraySlice<UInt8>) -> [UInt8]? {
    var value: [UInt8] = []
    var kept = 0
    var isQuoted = false
    var index = raw.startIndex
    while index < raw.endIndex {
      let byte = raw[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "\\") where index < raw.endIndex:
        let escapes: [UInt8: UInt8] = [UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "b"): 8]
        value.append(escapes[raw[index]] ?? raw[index])
        index += 1
        kept = value.count
        continue
      case UInt8(ascii: "#") where !isQuoted, UInt8(ascii: ";") where !isQuoted: index = raw.endIndex
      case UInt8(ascii: " ") where !isQuoted, UInt8(ascii: "\t") where !isQuoted:
        if !value.isEmpty { value.append(byte) }
        continue
      default: value.append(byte)
      }
      kept = value.count
    }
    return isQuoted ? nil : Array(value[..<kept])
  }

  private func expanded(_ path: [UInt8], directory: [UInt8]?) -> [UInt8] {
    if path.starts(with: Array("~/".utf8)), let home { return home + path.dropFirst() }
    if path.first == UInt8(ascii: "/") { return path }
    return directory.map { GitLayout.join($0, path) } ?? path
  }
}
