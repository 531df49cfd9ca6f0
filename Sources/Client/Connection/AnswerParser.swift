/// Reads one HTTP/1.1 answer as it arrives, in whatever pieces. Every byte may be wrong; nothing grows without a bound.
package struct AnswerParser: Sendable {
  package struct Malformed: Error, Hashable, Sendable {
    package let reason: String
  }

  package static let longestHead = 64 << 10
  private static let longestChunkLine = 1 << 10

  private enum State: Hashable {
    case head
    case fixed(remaining: Int)
    case chunkSize
    case chunkData(remaining: Int)
    case chunkEnd
    case trailer(read: Int)
    case untilClose
    case complete
  }

  private var state = State.head
  /// What has arrived and is not read yet; `start` is the first byte that counts.
  private var pending: [UInt8] = []
  private var start = 0

  package private(set) var status = 0
  /// Names in lower case.
  package private(set) var headers: [(name: String, value: String)] = []
  /// Decoded, and not taken yet.
  private var body: [UInt8] = []

  package init() {}

  package var hasHead: Bool { state != .head }
  package var isComplete: Bool { state == .complete }
  package var bufferedBodyBytes: Int { body.count }

  package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// The media type without its parameters, in lower case.
  package var contentType: String {
    let value = header("content-type") ?? ""
    return value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
  }

  package mutating func takeBody() -> [UInt8] {
    defer { body = [] }
    return body
  }

  package mutating func feed(_ bytes: some Collection<UInt8>) throws(Malformed) {
    if state == .complete { return }
    if case .untilClose = state {
      body.append(contentsOf: bytes)
      return
    }
    pending.append(contentsOf: bytes)
    while try step() {}
    if start > 0 {
      pending.removeFirst(start)
      start = 0
    }
  }

  /// The other side has closed. Only an answer without a length may end so.
  package mutating func finish() throws(Malformed) {
    switch state {
    case .complete: return
    case .untilClose: state = .complete
    case .head where pending.isEmpty: throw Malformed(reason: "it closed the connection without an answer")
    case .head: throw Malformed(reason: "its answer ends within the head")
    default: throw Malformed(reason: "its answer is cut off")
    }
  }

  /// Reads one piece; false when more bytes are needed or all is read.
  private mutating func step() throws(Malformed) -> Bool {
    switch state {
    case .head: return try readHead()
    case .fixed(let remaining):
      let count = takeData(remaining)
      state = count == remaining ? .complete : .fixed(remaining: remaining - count)
      return false
    case .untilClose:
      _ = takeData(.max)
      return false
    case .chunkSize:
      guard let line = try takeLine(limit: Self.longestChunkLine) else { return false }
      let size = try Self.chunkSize(line)
      state = size == 0 ? .trailer(read: 0) : .chunkData(remaining: size)
      return true
    case .chunkData(let remaining):
      let count = takeData(remaining)
      state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
      return count == remaining
    case .chunkEnd:
      guard let line = try takeLine(limit: 2) else { return false }
      if !line.isEmpty { throw Malformed(reason: "a chunk is longer than its size says") }
      state = .chunkSize
      return true
    case .trailer(let read):
      guard let line = try takeLine(limit: Self.longestHead - read) else { return false }
      state = line.isEmpty ? .complete : .trailer(read: read + line.count + 2)
      return !line.isEmpty
    case .complete: return false
    }
  }

  private mutating func takeData(_ limit: Int) -> Int {
    let count = min(limit, pending.count - start)
    body.append(contentsOf: pending[start..<(start + count)])
    start += count
    return count
  }

  /// A line without its end (CRLF, or a bare LF as lenient servers send it); nil when it has not arrived whole.
  private mutating func takeLine(limit: Int) throws(Malformed) -> ArraySlice<UInt8>? {
    guard let end = pending[start...].firstIndex(of: 0x0a) else {
      if pending.count - start > limit { throw Malformed(reason: "a line of its answer is too long") }
      return nil
    }
    var line = pending[start..<end]
    if line.last == 0x0d { line = line.dropLast() }
    if line.count > limit { throw Malformed(reason: "a line of its answer is too long") }
    start = end + 1
    return line
  }

  private static func chunkSize(_ line: ArraySlice<UInt8>) throws(Malformed) -> Int {
    var size = 0
    var digits = 0
    for byte in line {
      let digit: Int
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = Int(byte) - 0x30
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = Int(byte) - 0x57
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = Int(byte) - 0x37
      case UInt8(ascii: ";"), UInt8(ascii: " "), UInt8(ascii: "\t"):
        if digits > 0 { return size }
        throw Malformed(reason: "a chunk has no size")
      default: throw Malformed(reason: "a chunk's size is no number")
      }
      digits += 1
      if digits > 12 { throw Malformed(reason: "a chunk's size is absurd") }
      size = size << 4 | digit
    }
    if digits == 0 { throw Malformed(reason: "a chunk has no size") }
    return size
  }

  // MARK: Head

  private mutating func readHead() throws(Malformed) -> Bool {
    // Enough to see that something quite different is talking, before a whole line of it has come.
    let magic = Array("HTTP/1.".utf8)
    let seen = pending[start...].prefix(magic.count)
    if !seen.elementsEqual(magic.prefix(seen.count)) { throw Malformed(reason: "it does not speak HTTP") }
    guard let end = Self.endOfHead(pending, from: start) else {
      if pending.count - start > Self.longestHead {
        throw Malformed(reason: "the head of its answer is too long")
      }
      return false
    }
    if end - start > Self.longestHead { throw Malformed(reason: "the head of its answer is too long") }
    let head = pending[start..<end]
    start = end
    var lines = head.split(separator: 0x0a).map { $0.last == 0x0d ? $0.dropLast() : $0 }
    lines.removeAll { $0.isEmpty }
    status = try Self.statusCode(lines[0])
    headers = []
    for line in lines.dropFirst() { headers.append(try Self.header(line)) }
    if (100..<200).contains(status) {
      if status == 101 { throw Malformed(reason: "it wants to speak another protocol") }
      return true
    }
    state = try bodyState()
    return state != .complete
  }

  private static func endOfHead(_ bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while let newline = bytes[index...].firstIndex(of: 0x0a) {
      let next = newline + 1
      if next < bytes.count && bytes[next] == 0x0a { return next + 1 }
      if next + 1 < bytes.count && bytes[next] == 0x0d && bytes[next + 1] == 0x0a { return next + 2 }
      index = next
    }
    return nil
  }

  private static func statusCode(_ line: ArraySlice<UInt8>) throws(Malformed) -> Int {
    // `HTTP/1.1 200 OK`
    let bytes = Array(line)
    guard bytes.count >= 12, bytes[8] == 0x20, bytes[9...11].allSatisfy({ (0x30...0x39).contains($0) }),
      bytes.count == 12 || bytes[12] == 0x20
    else { throw Malformed(reason: "its status line is malformed") }
    let code = bytes[9...11].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    if code < 100 { throw Malformed(reason: "its status line is malformed") }
    return code
  }

  private static func header(_ line: ArraySlice<UInt8>) throws(Malformed) -> (name: String, value: String) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
      let name = String(validating: line[..<colon], as: UTF8.self), !name.contains(where: \.isWhitespace)
    else { throw Malformed(reason: "a header of its answer is malformed") }
    let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
    let trimmed = value.drop { $0 == " " || $0 == "\t" }
    return (name.lowercased(), String(trimmed))
  }

  private mutating func bodyState() throws(Malformed) -> State {
    let lengths = headers.filter { $0.name == "content-length" }.map(\.value)
    let codings = headers.filter { $0.name == "transfer-encoding" }.map { $0.value.lowercased() }
    if status == 204 || status == 304 { return .complete }
    if !codings.isEmpty {
      if !lengths.isEmpty { throw Malformed(reason: "its answer has both a length and chunks") }
      if codings != ["chunked"] { throw Malformed(reason: "its answer has an unknown transfer encoding") }
      return .chunkSize
    }
    guard let text = lengths.first else { return .untilClose }
    guard lengths.allSatisfy({ $0 == text }), !text.isEmpty, text.utf8.count <= 15,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(text)
    else { throw Malformed(reason: "the length of its answer is malformed") }
    return length == 0 ? .complete : .fixed(remaining: length)
  }
}
