import Testing
import Wire

struct JSONTests {
  @Test(arguments: [
    ("null", JSON.null), (" true ", .bool(true)), ("-0", .integer(0)),
    ("9223372036854775807", .integer(.max)),
    ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(9.223372036854775808e18)),
    ("1.50", .number(1.5)), ("2E+3", .number(2000)), (#""\u00e9\ud83d\ude00\/\n""#, .string("é😀/\n")),
    ("[]", .array([])), ("[1 , [ ] ]", .array([.integer(1), .array([])])),
    (#"{"b":1,"a":{}}"#, .object([JSON.Member("b", .integer(1)), JSON.Member("a", .object([]))])),
  ])
  func `JSON is read as it stands`(text: String, value: JSON) throws {
    #expect(try JSON(parsing: Array(text.utf8)) == value)
  }

  @Test(arguments: [
    ("", 0), ("  ", 2), ("nul", 0), ("truf", 0), ("01", 0), ("-", 0), ("1.", 0), ("1e", 0), ("1e999", 0),
    (".5", 0),
    ("+1", 0), ("NaN", 0), ("[1,]", 3), ("[1 2]", 3), ("[", 1), ("{", 1), (#"{"a"}"#, 4), (#"{"a":}"#, 5),
    (#"{"a":1,}"#, 7), (#"{a:1}"#, 1), (#"{"a":1,"a":2}"#, 7), (#"{"a":1,"\u0061":2}"#, 7), (#"" "#, 0),
    (#""\x""#, 1), (#""\u12g4""#, 1), (#""\ud800""#, 1), (#""\ud800\u0041""#, 1), (#""\udc00""#, 1),
    ("\"a\nb\"", 2),
    ("1 1", 2), ("{}x", 2), ("'a'", 0), ("\u{feff}1", 0), ("[1]//", 3), ("\"\\", 1),
  ])
  func `what is not JSON is refused at its byte`(text: String, offset: Int) {
    #expect { try JSON(parsing: Array(text.utf8)) } throws: { ($0 as? JSON.Malformed)?.offset == offset }
  }

  @Test(arguments: [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]])
  func `a string that is not UTF-8 is refused`(bytes: [UInt8]) {
    #expect(throws: JSON.Malformed.self) { try JSON(parsing: [0x22] + bytes + [0x22]) }
    #expect(throws: JSON.Malformed.self) { try JSON(parsing: [0x22, 0x5c, 0x6e] + bytes + [0x22]) }
  }

  @Test func `nesting is bounded at 64 levels`() throws {
    func nested(_ depth: Int) -> [UInt8] {
      [UInt8](repeating: 0x5b, count: depth) + [UInt8](repeating: 0x5d, count: depth)
    }
    #expect(throws: Never.self) { try JSON(parsing: nested(64)) }
    #expect { try JSON(parsing: nested(65)) } throws: { ($0 as? JSON.Malformed)?.offset == 64 }
    #expect(throws: JSON.Malformed.self) { try JSON(parsing: [UInt8](repeating: 0x5b, count: 1 << 20)) }
  }

  @Test func `a member that stands twice is refused among many too`() throws {
    let names = (0..<1000).map { "\"n\($0)\":\($0)" }
    let whole = "{" + names.joined(separator: ",") + "}"
    #expect(throws: Never.self) { try JSON(parsing: Array(whole.utf8)) }
    for repeated in ["n0", "n15", "n16", "n999"] {
      let text = "{" + names.joined(separator: ",") + ",\"\(repeated)\":1}"
      #expect(throws: JSON.Malformed.self) { try JSON(parsing: Array(text.utf8)) }
    }
  }

  @Test func `random values come back as they were written`() throws {
    var chance = Chance()
    for _ in 0..<2000 {
      let value = chance.json()
      #expect(try JSON(parsing: value.encoded) == value, "seed \(chance.seed)")
    }
  }

  @Test func `damaged text is read or refused and never traps`() throws {
    var chance = Chance()
    for _ in 0..<5000 {
      let bytes = chance.mutate(chance.flip() ? chance.json().encoded : chance.result().encoded)
      guard let value = try? JSON(parsing: bytes) else { continue }
      // What was accepted means the same when it is written and read again.
      #expect(try JSON(parsing: value.encoded) == value, "seed \(chance.seed)")
      _ = try? ResultBody(json: value)
      _ = try? Status(json: value)
      _ = try? SniffRequest(json: value)
    }
  }

  @Test func `commas stand between members, elements and nowhere else`() {
    var writer = JSONWriter()
    writer.object {
      $0.object("empty") { _ in }
      $0.field("a", 1)
      $0.array("list") {
        $0.array { _ in }
        $0.object { $0.field("x", String?.none) }
        $0.value("y")
      }
      $0.field("b", -120 as Int64)
      $0.field("big", UInt64.max)
      $0.field("infinite", Double.infinity)
      $0.raw(Array(#""raw":[1]"#.utf8))
      $0.name("q\"")
      $0.value(Int64.min)
    }
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #"{"empty":{},"a":1,"list":[[],{"x":null},"y"],"b":-120,"big":18446744073709551615,"infinite":null,"#
        + #""raw":[1],"q\"":-9223372036854775808}"#)
  }
}
