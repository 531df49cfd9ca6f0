import Model
import Testing

@Suite struct `Relative paths` {
  @Test(
    arguments: [
      ("a/b", "a/b"), ("./a//b/", "a/b"), ("a/../b", "b"), ("a/b/../..", ""), ("", ""), (".", ""),
      ("...", "..."),
      ("..", nil), ("a/../../b", nil), ("/a", nil), ("a\0b", nil),
    ] as [(String, String?)])
  func `a path is brought to one form, or refused`(raw: String, normal: String?) {
    #expect(RelativePath(raw)?.text == normal)
  }

  @Test(arguments: [
    ("a/b/c", "a/b", true), ("a/b", "a/b", true), ("a/bc", "a/b", false), ("a", "", true),
    ("a", "a/b", false),
  ])
  func `inside goes by whole components`(path: String, folder: String, isInside: Bool) throws {
    #expect(try #require(RelativePath(path)).isInside(try #require(RelativePath(folder))) == isInside)
  }

  @Test(arguments: [("a/b/c", "c", "a/b"), ("a", "a", ""), ("", "", nil)] as [(String, String, String?)])
  func `a path has a name and a parent`(text: String, name: String, parent: String?) throws {
    let path = try #require(RelativePath(text))
    #expect(Array(path.name) == Array(name.utf8))
    #expect(path.parent?.text == parent)
    #expect(path.parent.map { $0.appending(path.name) } ?? .root == path)
  }

  @Test func `bytes that are no UTF-8 stay what they are`() {
    let path = RelativePath(unchecked: [0x61, 0xff, 0x62])
    #expect(path.text == "a\u{fffd}b")
    #expect(!path.isUTF8)
    #expect(path.appending([0xfe]).bytes == [0x61, 0xff, 0x62, 0x2f, 0xfe])
    #expect(RelativePath(unchecked: [0x62]) > path)
  }
}

@Suite struct `Patterns` {
  @Test(arguments: [
    ("*.py", "a.py", true), ("*.py", "d/a.py", false), ("**/*.py", "a.py", true),
    ("**/*.py", "d/e/a.py", true),
    ("a/**", "a/b/c", true), ("a/**", "a", false), ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true),
    ("a/**/b", "a/xb", false), ("a**b", "a/b", false), ("a**b", "axxb", true), ("a?c", "a/c", false),
    ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false), ("[^a-c]x", "dx", true), ("[]]", "]", true),
    ("[[:digit:]]", "7", true), ("[[:digit:]]", "x", false), ("[[:wrong:]]", "x", false), ("[a", "a", false),
    ("[!a]", "/", false), ("\\*", "*", true), ("\\*", "x", false), ("\\", "\\", false), ("", "", true),
    ("", "a", false), ("*", "", true), ("**", "a/b", true), ("tests/test_*.py", "tests/test_a.py", true),
  ])
  func `a pattern is read as git reads it`(pattern: String, text: String, matches: Bool) {
    #expect(Wildmatch(pattern).matches(text.utf8) == matches)
  }

  /// The same meaning in the plainest words: every way to split is tried.
  private func plainly(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, atStart: Bool = true) -> Bool
  {
    let slash = UInt8(ascii: "/")
    guard let first = pattern.first else { return text.isEmpty }
    if first == UInt8(ascii: "*") {
      let stars = pattern.prefix { $0 == UInt8(ascii: "*") }.count
      let rest = pattern.dropFirst(stars)
      if stars > 1 && atStart && rest.isEmpty { return true }
      if stars > 1 && atStart && rest.first == slash {
        let tails = [text] + text.indices.filter { text[$0] == slash }.map { text[($0 + 1)...] }
        return tails.contains { plainly(rest.dropFirst(), $0) }
      }
      let reach = text.prefix { $0 != slash }.count
      return (0...reach).contains { plainly(rest, text.dropFirst($0), atStart: false) }
    }
    guard let letter = text.first, first == letter || first == UInt8(ascii: "?") && letter != slash else {
      return false
    }
    return plainly(pattern.dropFirst(), text.dropFirst(), atStart: first == slash)
  }

  @Test func `quick matching and plain matching agree`() {
    var chance = Chance()
    var matched = 0
    for _ in 0..<20_000 {
      let pattern = chance.bytes(0...8, from: "ab/**?")
      let text = chance.bytes(0...8, from: "ab/")
      let expected = plainly(pattern[...], text[...])
      matched += expected ? 1 : 0
      #expect(
        Wildmatch(pattern).matches(text) == expected,
        "\(String(decoding: pattern, as: UTF8.self)) \(String(decoding: text, as: UTF8.self)), seed \(chance.seed)"
      )
    }
    #expect(matched > 100)
  }

  @Test func `no pattern is so broken that it traps`() {
    var chance = Chance()
    var matched = 0
    for _ in 0..<20_000 {
      let pattern = Wildmatch(chance.bytes(0...12, from: "a-[]!^:\\digt*/?"))
      if pattern.matches(chance.bytes(0...6, from: "a-[]!^:\\digt/")) { matched += 1 }
    }
    #expect(matched > 100, "seed \(chance.seed)")
  }

  @Test func `a hostile pattern is given up soon`() {
    let clock = ContinuousClock()
    let took = clock.measure {
      #expect(
        !Wildmatch(String(repeating: "*a", count: 40) + "b").matches(Array(repeating: 0x61, count: 4000)))
    }
    #expect(took < .seconds(5))
  }
}
