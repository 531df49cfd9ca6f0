package import Model

/// An event on the wire: `id clock time project kind`, then the members of its own.
///
/// The stored members are merged without being parsed. Where they have a `clock` or `project` of their own (a result's
/// keys in `run-finished`), theirs stands; `id`, `time` and `kind` are always the event's.
extension Event: WireWritable {
  package func write(to writer: inout JSONWriter) {
    var members = JSONMembers(body)
    var kept: [Range<Int>] = []
    var hasClock = false
    var hasProject = false
    while let member = members.next() {
      let name = body[member.name]
      if Self.isName(name, "id") || Self.isName(name, "time") || Self.isName(name, "kind") { continue }
      if Self.isName(name, "clock") { hasClock = true }
      if Self.isName(name, "project") { hasProject = true }
      kept.append(member.whole)
    }
    writer.object { writer in
      writer.field("id", tick.number)
      if !hasClock { writer.field("clock", tick.number) }
      writer.field("time", time)
      if !hasProject { writer.field("project", project?.text) }
      writer.field("kind", kind.rawValue)
      for range in kept { writer.raw(body[range]) }
    }
  }

  private static func isName(_ bytes: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
    guard bytes.count == name.utf8CodeUnitCount else { return false }
    return unsafe bytes.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: bytes.count))
  }
}

/// An event as a reader sees it: its head, and the whole document for what is special to its kind.
package struct EventBody: Hashable, Sendable, WireReadable {
  package var id: UInt64
  package var time: Timestamp
  package var project: String?
  /// A word; kinds that this side does not know are passed on.
  package var kind: String
  package var document: JSON

  package init(id: UInt64, time: Timestamp, project: String?, kind: String, document: JSON) {
    self.id = id
    self.time = time
    self.project = project
    self.kind = kind
    self.document = document
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      id: try reader.unsigned("id"), time: try reader.member("time").time(),
      project: try reader.optionalString("project"), kind: try reader.string("kind"), document: reader.json)
  }
}

/// What `GET /api/v1/events` lists where no stream is asked for, and the page a stream is made of.
package struct EventsPage: Sendable, WireWritable {
  package var clock: UInt64
  package var events: [Event]

  package init(clock: UInt64, events: [Event]) {
    self.clock = clock
    self.events = events
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("clock", clock)
      $0.field("events", events)
      $0.field("next_cursor", String?.none)
    }
  }
}

/// Walks over the members of a JSON object of our own making by brackets and quotes alone.
///
/// It ends early on bytes that are no such object, so a damaged record loses its members and nothing else.
struct JSONMembers {
  struct Member {
    /// Between the quotes.
    let name: Range<Int>
    /// Name, colon and value.
    let whole: Range<Int>
  }

  private let bytes: [UInt8]
  private var offset: Int
  private let end: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let isObject = bytes.count >= 2 && bytes.first == UInt8(ascii: "{") && bytes.last == UInt8(ascii: "}")
    offset = 1
    end = isObject ? bytes.count - 1 : 0
  }

  mutating func next() -> Member? {
    guard offset < end, bytes[offset] == UInt8(ascii: "\"") else { return nil }
    let start = offset
    guard let nameEnd = closingQuote(from: start), nameEnd + 1 < end, bytes[nameEnd + 1] == UInt8(ascii: ":")
    else {
      return nil
    }
    var index = nameEnd + 2
    var depth = 0
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        guard let close = closingQuote(from: index) else { return nil }
        index = close
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth < 0 { return nil }
      case UInt8(ascii: ",") where depth == 0:
        offset = index + 1
        return Member(name: start + 1..<nameEnd, whole: start..<index)
      default: break
      }
      index += 1
    }
    guard depth == 0, index > nameEnd + 2 else { return nil }
    offset = end
    return Member(name: start + 1..<nameEnd, whole: start..<end)
  }

  private func closingQuote(from open: Int) -> Int? {
    var index = open + 1
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: "\\"): index += 2
      case UInt8(ascii: "\""): return index
      default: index += 1
      }
    }
    return nil
  }
}
