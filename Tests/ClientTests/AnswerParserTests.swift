import Client
import Testing

struct AnswerParserTests {
  private static func parse(_ text: String, pieces: Int = .max) throws(AnswerParser.Malformed) -> (
    AnswerParser, String
  ) {
    var parser = AnswerParser()
    var body: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      try parser.feed(rest.prefix(pieces))
      rest = rest.dropFirst(pieces)
      body += parser.takeBody()
    }
    try parser.finish()
    return (parser, String(decoding: body + parser.takeBody(), as: UTF8.self))
  }

  static let good: [(String, Int, String)] = [
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"), ("HTTP/1.1 204 No\r\n\r\n", 204, ""),
    ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""),
    ("HTTP/1.0 404 No\nX: y\n\nto the end", 404, "to the end"),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", 200, "a"),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: r\r\n\r\n",
      200,
      "abc0123456789"
    ),
    ("HTTP/1.1 200 OK\r\ncontent-length:5\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"),
  ]

  @Test(arguments: good.indices, [1, 2, 7, .max])
  func `an answer is the same in whatever pieces it comes`(index: Int, pieces: Int) throws {
    let (text, status, body) = Self.good[index]
    let (parser, read) = try Self.parse(text, pieces: pieces)
    #expect(parser.status == status && read == body && parser.isComplete)
  }

  @Test(arguments: [
    "", "hello", "SSH-2.0-OpenSSH\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 20\r\n\r\n",
    "HTTP/1.1 abc OK\r\n\r\n",
    "HTTP/1.1 200OK\r\n\r\n", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", "HTTP/1.1 101 Switching\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n;x\r\n",
  ])
  func `an answer that is none is refused`(text: String) {
    #expect(throws: AnswerParser.Malformed.self) { try Self.parse(text) }
  }

  @Test func `nothing grows without a bound`() {
    let endless = [UInt8](repeating: 0x61, count: 1 << 16)
    for start in ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"] {
      #expect(throws: AnswerParser.Malformed.self) {
        var parser = AnswerParser()
        try parser.feed(Array(start.utf8))
        for _ in 0..<4 { try parser.feed(endless) }
      }
    }
  }

  @Test func `damaged answers are read or refused and never trap`() {
    var chance = Chance()
    for _ in 0..<3000 {
      let text = Self.good[chance.below(Self.good.count)].0
      let damaged = chance.mutate(Array(text.utf8), with: "\r\n:;0123fF \t{")
      var parser = AnswerParser()
      var rest = damaged[...]
      do throws(AnswerParser.Malformed) {
        while !rest.isEmpty {
          let count = 1 + chance.below(9)
          try parser.feed(rest.prefix(count))
          rest = rest.dropFirst(count)
        }
        try parser.finish()
        #expect(parser.isComplete, "seed \(chance.seed)")
      } catch {
        #expect(!error.reason.isEmpty)
      }
    }
  }

  @Test(arguments: [1, 3, .max])
  func `server-sent events are read in whatever pieces they come`(pieces: Int) throws {
    let text =
      "\r\n: hello\n\nid: 7\ndata: {\"a\":\ndata:1}\n\nevent: x\r\nretry: 5\r\ndata: two\r\n\r\ndata\n\ndata: cut"
    var parser = EventStreamParser()
    var events: [String] = []
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      events += try parser.feed(rest.prefix(pieces)).map { String(decoding: $0, as: UTF8.self) }
      rest = rest.dropFirst(pieces)
    }
    #expect(events == ["{\"a\":\n1}", "two", ""])
  }

  @Test func `an event without an end is refused`() {
    var parser = EventStreamParser()
    #expect(throws: EventStreamParser.TooLong.self) {
      for _ in 0..<17 { _ = try parser.feed([UInt8](repeating: 0x61, count: 1 << 20)) }
    }
  }

  @Test func `keys are read from what a terminal sends`() {
    var reader = KeyReader()
    #expect(reader.feed(Array("a\r\u{7f}é".utf8)) == [.character("a"), .enter, .backspace, .character("é")])
    #expect(
      reader.feed([0x1b, 0x5b, 0x41, 0x1b, 0x4f, 0x42, 0x1b, 0x5b, 0x35, 0x7e]) == [.up, .down, .pageUp])
    #expect(reader.feed([0x1b]) == [.escape])
    #expect(reader.feed([0x1b, 0x5b, 0x31, 0x3b, 0x35, 0x43, 0x71]) == [.character("q")])
    #expect(reader.feed([0xc3]) == [] && reader.feed([0xa9]) == [.character("é")])
    var chance = Chance()
    for _ in 0..<500 {
      _ = reader.feed(
        (0..<20).map { _ in UInt8(truncatingIfNeeded: chance.next() & 0x7f | (chance.next() & 0x80)) })
    }
  }
}
