import Model
import Testing

@Suite struct `Values` {
  @Test(arguments: [
    ("unit", true), ("a-1", true), ("u2", true), (String(repeating: "a", count: 40), true),
    (String(repeating: "a", count: 41), false), ("", false), ("Unit", false), ("1a", false), ("-a", false),
    ("a_b", false), ("é", false), ("status", false), ("files", false), ("services", false),
  ])
  func `a domain's name is plain and none of the API's words`(text: String, isName: Bool) {
    #expect((DomainName(text) != nil) == isName)
  }

  @Test(
    arguments: [
      ("r1042", 1042), ("r0", 0), ("r", nil), ("1042", nil), ("r01", nil), ("r+1", nil), ("r-1", nil),
      ("r18446744073709551616", nil),
    ] as [(String, UInt64?)])
  func `a run is named by its tick, in one spelling`(text: String, number: UInt64?) {
    #expect(RunID(text)?.tick.number == number)
    if let run = RunID(text) { #expect(run.description == text) }
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (1_767_323_045_678, "2026-01-02T03:04:05.678Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ])
  func `times are RFC 3339 in UTC`(milliseconds: Int, text: String) {
    #expect(Timestamp(milliseconds: Int64(milliseconds)).rfc3339 == text)
  }

  @Test func `the calendar agrees with counting days one by one`() {
    var (year, month, day) = (1970, 1, 1)
    for count in 0..<160_000 {
      let fields = Timestamp(milliseconds: Int64(count) * 86_400_000).calendar
      if (fields.year, fields.month, fields.day) != (year, month, day) {
        Issue.record("day \(count) is \(year)-\(month)-\(day), not \(fields)")
        return
      }
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      day += 1
      if day > lengths[month - 1] { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test func `a digest goes through bytes and hex unchanged`() throws {
    let bytes = (0..<32).map { UInt8($0 * 7 & 0xff) }
    let digest = try #require(Digest(bytes: bytes))
    #expect(digest.bytes == bytes)
    #expect(Digest(hex: digest.hex) == digest)
    #expect(Digest(hex: digest.hex.uppercased()) == nil)
    #expect(Digest(hex: String(digest.hex.dropLast())) == nil)
    #expect(Digest(bytes: bytes.dropLast()) == nil)
  }

  @Test(arguments: [
    (Duration.milliseconds(20), Int64(20_000_000)), (.zero, 0), (.seconds(-1), -1_000_000_000),
    (.seconds(Int64.max), Int64.max), (.seconds(Int64.min), Int64.min),
  ])
  func `a duration in nanoseconds is clamped, never wrong`(duration: Duration, nanoseconds: Int64) {
    #expect(duration.wholeNanoseconds == nanoseconds)
  }

  @Test func `text is found where plain looking finds it`() {
    var chance = Chance()
    for _ in 0..<5000 {
      let (text, piece) = (chance.bytes(0...12, from: "aab"), chance.bytes(0...4, from: "aab"))
      let plain = (0...text.count).first { text[$0...].starts(with: piece) }
      #expect(text.firstRange(of: piece) == plain.map { $0..<($0 + piece.count) }, "seed \(chance.seed)")
      let strings = (String(decoding: text, as: UTF8.self), String(decoding: piece, as: UTF8.self))
      #expect(strings.0.contains(strings.1) == (plain != nil))
    }
  }

  @Test func `only passed and skipped are not red`() {
    #expect(Verdict.allCases.filter { !$0.isRed } == [.passed, .skipped])
  }
}

@Suite struct `Files between daemon and supervisor` {
  static let order = RunOrder(
    run: RunID(Tick(7)), command: ["/bin/sh", "-c", "true"], directory: Array("/tmp/ä".utf8) + [0xff],
    environment: ["A=1", "B="], timeLimit: .seconds(60))

  static let ends: [RunOutcome.End] = [
    .exited(code: 3), .signaled(signal: 9), .overTime, .stopped, .notStarted("exec: no such file"),
  ]

  static func outcome(_ end: RunOutcome.End) -> RunOutcome {
    RunOutcome(
      run: RunID(Tick(7)), end: end, started: Timestamp(milliseconds: 1), duration: .milliseconds(41),
      usage: Usage(cpu: .milliseconds(30), memoryPeakBytes: nil), outputDropped: 12, leftOver: 2)
  }

  @Test func `an order is read as it was written`() throws {
    #expect(try RunOrder(decoding: Self.order.encoded) == Self.order)
  }

  @Test(arguments: ends)
  func `an outcome is read as it was written`(end: RunOutcome.End) throws {
    #expect(try RunOutcome(decoding: Self.outcome(end).encoded) == Self.outcome(end))
  }

  @Test func `what is cut short or goes on too long is refused`() {
    for whole in [Self.order.encoded] + Self.ends.map({ Self.outcome($0).encoded }) {
      for count in 0..<whole.count {
        #expect(throws: ByteReader.Malformed.self) { try RunOrder(decoding: Array(whole.prefix(count))) }
        #expect(throws: ByteReader.Malformed.self) { try RunOutcome(decoding: Array(whole.prefix(count))) }
      }
      #expect(throws: ByteReader.Malformed.self) { try RunOrder(decoding: whole + [0]) }
      #expect(throws: ByteReader.Malformed.self) { try RunOutcome(decoding: whole + [0]) }
    }
  }

  @Test func `flipped bytes are refused or read, and never trap`() {
    var chance = Chance()
    var refused = 0
    for round in 0..<4000 {
      var bytes =
        round.isMultiple(of: 2) ? Self.order.encoded : Self.outcome(Self.ends[round / 2 % 5]).encoded
      for _ in 0..<Int.random(in: 1...3, using: &chance) {
        bytes[Int.random(in: bytes.indices, using: &chance)] = UInt8.random(in: 0...255, using: &chance)
      }
      let order = try? RunOrder(decoding: bytes)
      let outcome = try? RunOutcome(decoding: bytes)
      if order == nil && outcome == nil { refused += 1 }
    }
    #expect(refused > 100, "seed \(chance.seed)")
  }
}

@Suite struct `Parts of texts` {
  @Test(arguments: [
    ("abc", "", true), ("", "", true), ("", "a", false), ("abc", "abc", true), ("abc", "bc", true),
    ("aab", "ab", true),
    ("abc", "abcd", false), ("abc", "ac", false), ("größe", "ß", true), ("e\u{301}", "\u{e9}", false),
  ])
  func `a part stands in a text byte for byte or not at all`(text: String, part: String, stands: Bool) {
    #expect(text.contains(part) == stands)
    #expect(text[...].contains(part[...]) == stands)
  }
}
