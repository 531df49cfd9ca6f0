/// The first and the last bytes of a stream of any length, with a count of those that fell out between.
///
/// Memory is bounded by the two limits; the end is a ring, so a byte costs the same however many came before.
package struct OutputBuffer: Sendable {
  package let headLimit: Int
  package let tailLimit: Int
  /// All bytes ever appended.
  package private(set) var total: UInt64 = 0
  package private(set) var head: [UInt8] = []
  private var ring: [UInt8] = []
  /// Where the oldest byte of a full ring stands.
  private var oldest = 0

  package init(head: Int, tail: Int) {
    headLimit = max(0, head)
    tailLimit = max(0, tail)
  }

  package mutating func append(_ bytes: some RandomAccessCollection<UInt8>) {
    total += UInt64(bytes.count)
    let first = bytes.prefix(headLimit - head.count)
    head.append(contentsOf: first)
    // Of a piece longer than the ring only its end can stay.
    var rest = bytes.dropFirst(first.count).suffix(tailLimit)
    let room = rest.prefix(tailLimit - ring.count)
    ring.append(contentsOf: room)
    rest = rest.dropFirst(room.count)
    while !rest.isEmpty {
      let piece = rest.prefix(tailLimit - oldest)
      ring.replaceSubrange(oldest..<(oldest + piece.count), with: piece)
      oldest = (oldest + piece.count) % tailLimit
      rest = rest.dropFirst(piece.count)
    }
  }

  package var tail: [UInt8] { Array(ring[oldest...]) + ring[..<oldest] }

  package var dropped: UInt64 { total - UInt64(head.count) - UInt64(ring.count) }

  /// The line that stands in the place of what fell out; nil when nothing did.
  package var gap: [UInt8]? {
    if dropped == 0 { return nil }
    let isLineEnd = head.last == nil || head.last == UInt8(ascii: "\n")
    return Array("\(isLineEnd ? "" : "\n")[… \(dropped) bytes left out …]\n".utf8)
  }

  /// Head, the line about the gap, tail.
  package var content: [UInt8] { head + (gap ?? []) + tail }
}
