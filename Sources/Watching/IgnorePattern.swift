internal import Model

/// One line of an ignore file, read as git reads it.
package struct IgnorePattern: Sendable {
  private enum Shape: Sendable {
    /// The whole of the last component.
    case name([UInt8])
    /// `*` and then plain bytes: the end of the last component.
    case nameEnd([UInt8])
    /// The last component, with wildcards.
    case nameGlob(Wildmatch)
    /// The path below the file's directory: plain bytes, then, if there is one, a pattern for the rest.
    case path([UInt8], Wildmatch?)
  }

  /// `!`: what it matches is not ignored.
  package let isNegated: Bool
  private let isForDirectories: Bool
  private let shape: Shape

  /// Nil for an empty line or a comment.
  package init?(line: some Collection<UInt8>) {
    var bytes = Self.withoutTrailingSpaces(Array(line.prefix { $0 != 0 }))[...]
    if bytes.isEmpty || bytes.first == UInt8(ascii: "#") { return nil }
    isNegated = bytes.first == UInt8(ascii: "!")
    if isNegated { bytes = bytes.dropFirst() }
    isForDirectories = bytes.last == UInt8(ascii: "/")
    if isForDirectories { bytes = bytes.dropLast() }
    let plain = bytes.prefix { !Self.isWild($0) }
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else {
      if plain.count == bytes.count {
        shape = .name(Array(bytes))
      } else if bytes.first == UInt8(ascii: "*"), !bytes.dropFirst().contains(where: Self.isWild) {
        shape = .nameEnd(Array(bytes.dropFirst()))
      } else {
        shape = .nameGlob(Wildmatch(bytes))
      }
      return
    }
    let isAnchored = slash == bytes.startIndex
    let rest = bytes[plain.endIndex...]
    // Git matches what follows the plain part by itself, so `a**/b` crosses directories there, and here.
    shape = .path(Array(isAnchored ? plain.dropFirst() : plain), rest.isEmpty ? nil : Wildmatch(rest))
  }

  /// Whether a match depends on more than the last component.
  package var isAboutPaths: Bool { if case .path = shape { true } else { false } }

  /// `path[base...]` is the path below the file's directory, `path[name...]` its last component.
  package func matches(_ path: Span<UInt8>, base: Int, name: Int, isDirectory: Bool) -> Bool {
    if isForDirectories && !isDirectory { return false }
    switch shape {
    case .name(let wanted):
      return path.count - name == wanted.count && Self.equal(path, name, wanted)
    case .nameEnd(let wanted):
      return path.count - name >= wanted.count && Self.equal(path, path.count - wanted.count, wanted)
    case .nameGlob(let glob):
      return glob.matches(Self.bytes(path, from: name))
    case .path(let plain, let glob):
      guard path.count - base >= plain.count, Self.equal(path, base, plain) else { return false }
      guard let glob else { return path.count - base == plain.count && !plain.isEmpty }
      return glob.matches(Self.bytes(path, from: base + plain.count))
    }
  }

  private static func equal(_ path: Span<UInt8>, _ start: Int, _ wanted: [UInt8]) -> Bool {
    for index in wanted.indices where path[start + index] != wanted[index] { return false }
    return true
  }

  private static func bytes(_ path: Span<UInt8>, from start: Int) -> [UInt8] {
    (start..<path.count).map { path[$0] }
  }

  private static func isWild(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[")
      || byte == UInt8(ascii: "\\")
  }

  /// Spaces at the end do not count unless a backslash stands before them.
  private static func withoutTrailingSpaces(_ line: [UInt8]) -> [UInt8] {
    var firstSpace: Int?
    var index = 0
    while index < line.count {
      switch line[index] {
      case UInt8(ascii: " "):
        if firstSpace == nil { firstSpace = index }
      case UInt8(ascii: "\\"):
        index += 1
        if index == line.count { return line }
        firstSpace = nil
      default: firstSpace = nil
      }
      index += 1
    }
    return firstSpace.map { Array(line[..<$0]) } ?? line
  }
}

/// The patterns of one ignore file, and the directory that they count from.
package struct IgnoreList: Sendable {
  /// How many bytes of a full path lie before the part that the patterns are about.
  package let base: Int
  private let patterns: [IgnorePattern]

  var allPatterns: [IgnorePattern] { patterns }
  package let isAboutPaths: Bool

  package init(patterns: [IgnorePattern], base: Int) {
    self.base = base
    self.patterns = patterns
    isAboutPaths = patterns.contains { $0.isAboutPaths }
  }

  /// Reads a file's content: a byte order mark at the start and the CR of a CR LF are dropped.
  package init(content: [UInt8], base: Int) {
    var content = content[...]
    if content.starts(with: [0xef, 0xbb, 0xbf]) { content = content.dropFirst(3) }
    let lines = content.split(separator: UInt8(ascii: "\n"))
    self.init(
      patterns: lines.compactMap { line in
        // The last line gets its line end from git, so a CR before it counts as well.
        IgnorePattern(line: line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
      }, base: base)
  }

  package var isEmpty: Bool { patterns.isEmpty }

  /// Whether the list ignores the path; nil when it says nothing. The last pattern that matches decides.
  package func decide(_ path: Span<UInt8>, name: Int, isDirectory: Bool) -> Bool? {
    for pattern in patterns.reversed()
    where pattern.matches(path, base: base, name: name, isDirectory: isDirectory) {
      return !pattern.isNegated
    }
    return nil
  }
}
