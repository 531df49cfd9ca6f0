/// A path below some root, as the kernel knows it: bytes, without a leading or trailing slash; empty is the root itself.
///
/// File names need not be UTF-8. `text` is for people and JSON; `bytes` is the truth.
package struct RelativePath: Hashable, Sendable {
  package let bytes: [UInt8]

  package static let root = RelativePath(unchecked: [])

  /// Takes bytes that are known to be in normal form.
  package init(unchecked bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Normalises: drops empty and `.` components; nil for an absolute path, a NUL byte, or one that climbs above the root.
  package init?(normalizing raw: [UInt8]) {
    if raw.first == UInt8(ascii: "/") || raw.contains(0) { return nil }
    var kept: [ArraySlice<UInt8>] = []
    for component in raw.split(separator: UInt8(ascii: "/")) {
      if component.elementsEqual([UInt8(ascii: ".")]) { continue }
      if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
        guard kept.popLast() != nil else { return nil }
        continue
      }
      kept.append(component)
    }
    bytes = Array(kept.joined(separator: [UInt8(ascii: "/")]))
  }

  package init?(_ text: String) {
    self.init(normalizing: Array(text.utf8))
  }

  package var isRoot: Bool { bytes.isEmpty }

  /// For people and JSON: U+FFFD stands for bytes that are not UTF-8.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Whether `text` says exactly what `bytes` say.
  package var isUTF8: Bool { Array(text.utf8) == bytes }

  package var components: [ArraySlice<UInt8>] { bytes.split(separator: UInt8(ascii: "/")) }

  /// The last component; empty for the root.
  package var name: ArraySlice<UInt8> {
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return bytes[...] }
    return bytes[(slash + 1)...]
  }

  /// Nil for the root itself.
  package var parent: RelativePath? {
    if isRoot { return nil }
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return .root }
    return RelativePath(unchecked: Array(bytes[..<slash]))
  }

  package func appending(_ name: some Collection<UInt8>) -> RelativePath {
    if isRoot { return RelativePath(unchecked: Array(name)) }
    var joined = bytes
    joined.reserveCapacity(bytes.count + 1 + name.count)
    joined.append(UInt8(ascii: "/"))
    joined.append(contentsOf: name)
    return RelativePath(unchecked: joined)
  }

  /// Whether `self` is `other` or lies below it.
  package func isInside(_ other: RelativePath) -> Bool {
    if other.isRoot { return true }
    guard bytes.starts(with: other.bytes) else { return false }
    return bytes.count == other.bytes.count || bytes[other.bytes.count] == UInt8(ascii: "/")
  }
}

extension RelativePath: Comparable {
  package static func < (left: RelativePath, right: RelativePath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}

extension RelativePath: CustomStringConvertible {
  package var description: String { text }
}
