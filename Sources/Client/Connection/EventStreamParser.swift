/// Reads server-sent events from the pieces of an answer's body: the `data` of each, in order.
package struct EventStreamParser: Sendable {
  package struct TooLong: Error, Hashable, Sendable {}

  /// One event never needs more.
  package static let longest = 16 << 20

  private var line: [UInt8] = []
  private var data: [UInt8] = []
  private var hasData = false
  private var lastWasReturn = false

  package init() {}

  /// The events completed by these bytes.
  package mutating func feed(_ bytes: some Sequence<UInt8>) throws(TooLong) -> [[UInt8]] {
    var events: [[UInt8]] = []
    for byte in bytes {
      let endsLine = byte == 0x0a || byte == 0x0d
      let isSecondHalf = byte == 0x0a && lastWasReturn
      lastWasReturn = byte == 0x0d
      if isSecondHalf { continue }
      if !endsLine {
        line.append(byte)
        if line.count + data.count > Self.longest { throw TooLong() }
        continue
      }
      if line.isEmpty {
        if hasData { events.append(data) }
        data = []
        hasData = false
      } else {
        take()
        line.removeAll(keepingCapacity: true)
      }
    }
    return events
  }

  /// `data: …`; comments, ids, names and retry times are of no use here: the id stands in the data.
  private mutating func take() {
    let name = Array("data".utf8)
    guard line.starts(with: name) else { return }
    var value = line[name.count...]
    if let first = value.first {
      guard first == UInt8(ascii: ":") else { return }
      value = value.dropFirst()
      if value.first == 0x20 { value = value.dropFirst() }
    }
    if hasData { data.append(0x0a) }
    data.append(contentsOf: value)
    hasData = true
  }
}
