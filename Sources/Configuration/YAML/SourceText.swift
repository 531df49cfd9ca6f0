internal import Glibc
internal import Model
internal import Platform

/// A place in a text: line and column count from 1, the column in characters (Unicode scalars).
struct Position: Hashable, Sendable, Comparable {
  var line: Int
  var column: Int

  static let start = Position(line: 1, column: 1)

  static func < (left: Position, right: Position) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// The bytes of one configuration file, checked to be text, and where its lines begin.
struct SourceText: Hashable, Sendable {
  /// As people see it in messages.
  let file: String
  /// UTF-8 without a byte order mark.
  let bytes: [UInt8]
  /// Byte offsets of the first byte of each line; lines end at LF, CR LF or CR, as editors count them.
  private let lineStarts: [Int]
  /// The same in characters: libyaml's own line numbers also count U+2028 and U+0085, which editors do not.
  private let characterStarts: [Int]

  static let sizeLimit = 1 << 20

  init(file: String, bytes: [UInt8]) {
    self.file = file
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    self.bytes = bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes
    var lineStarts = [0]
    var characterStarts = [0]
    var characters = 0
    var index = 0
    while index < self.bytes.count {
      let byte = self.bytes[index]
      if byte & 0xc0 != 0x80 { characters += 1 }
      index += 1
      if byte == 0x0d, index < self.bytes.count, self.bytes[index] == 0x0a { continue }
      if byte == 0x0a || byte == 0x0d {
        lineStarts.append(index)
        characterStarts.append(characters)
      }
    }
    self.lineStarts = lineStarts
    self.characterStarts = characterStarts
  }

  /// The position of the character with this index (counted from 0).
  func position(ofCharacter index: Int) -> Position {
    let line = Self.last(in: characterStarts, notAbove: index)
    return Position(line: line + 1, column: index - characterStarts[line] + 1)
  }

  /// The position of the byte at this offset.
  func position(ofByte offset: Int) -> Position {
    let line = Self.last(in: lineStarts, notAbove: offset)
    let before = bytes[lineStarts[line]..<min(offset, bytes.count)]
    return Position(line: line + 1, column: before.count { $0 & 0xc0 != 0x80 } + 1)
  }

  /// A line without its end; nil when there is no such line.
  func line(_ number: Int) -> ArraySlice<UInt8>? {
    guard (1...lineStarts.count).contains(number) else { return nil }
    let end = number < lineStarts.count ? lineStarts[number] : bytes.count
    var line = bytes[lineStarts[number - 1]..<end]
    while let last = line.last, last == 0x0a || last == 0x0d { line.removeLast() }
    return line
  }

  private static func last(in starts: [Int], notAbove value: Int) -> Int {
    var low = 0
    var high = starts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= value { low = middle } else { high = middle - 1 }
    }
    return low
  }
}

extension SourceText {
  /// What keeps these bytes from being text that people can read in any editor.
  ///
  /// Bytes that are not UTF-8 (the first of each line) and control characters; at most `limit` altogether.
  func encodingMistakes(limit: Int = 20) -> [Mistake] {
    if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
      return [mistake(.badEncoding, "the file is UTF-16", at: .start, hints: ["save it as UTF-8"])]
    }
    var found: [Mistake] = []
    var index = 0
    while index < bytes.count, found.count < limit {
      // Nearly every byte of nearly every file.
      if (0x20..<0x7f).contains(bytes[index]) || bytes[index] == 0x0a {
        index += 1
        continue
      }
      let length = Self.sequenceLength(bytes[index...])
      if length == 0 {
        let position = position(ofByte: index)
        found.append(
          mistake(
            .badEncoding, "byte 0x\(hex(bytes[index])) is not UTF-8", at: position,
            hints: ["save the file as UTF-8"]))
        // One mistake a line: a Latin-1 file has many such bytes and one cause.
        while index < bytes.count, bytes[index] != 0x0a, bytes[index] != 0x0d { index += 1 }
        continue
      }
      if let name = Self.controlName(bytes[index...], length: length) {
        found.append(
          mistake(
            .controlCharacter, "control character \(name)", at: position(ofByte: index),
            hints: ["remove it, or write it as an escape in double quotes"]))
      }
      index += length
    }
    return found
  }

  func mistake(
    _ code: Code, _ message: String, at position: Position, width: Int = 1, hints: [String] = []
  ) -> Mistake {
    Mistake(
      Diagnostic(
        .error, code: code.rawValue, message,
        place: .init(file: file, line: position.line, column: position.column), hints: hints), width: width)
  }

  /// The length of the well-formed UTF-8 sequence at the start; 0 when there is none.
  private static func sequenceLength(_ bytes: ArraySlice<UInt8>) -> Int {
    guard let first = bytes.first else { return 0 }
    let rest = bytes.dropFirst()
    func follows(_ count: Int, _ second: ClosedRange<UInt8>) -> Int {
      guard rest.count >= count, let next = rest.first, second.contains(next),
        rest.dropFirst().prefix(count - 1).allSatisfy({ (0x80...0xbf).contains($0) })
      else { return 0 }
      return count + 1
    }
    return switch first {
    case 0x00...0x7f: 1
    case 0xc2...0xdf: follows(1, 0x80...0xbf)
    case 0xe0: follows(2, 0xa0...0xbf)
    case 0xed: follows(2, 0x80...0x9f)
    case 0xe1...0xef: follows(2, 0x80...0xbf)
    case 0xf0: follows(3, 0x90...0xbf)
    case 0xf1...0xf3: follows(3, 0x80...0xbf)
    case 0xf4: follows(3, 0x80...0x8f)
    default: 0
    }
  }

  /// Nil for what is no control character.
  ///
  /// Tab, line feed and carriage return may stand in a file.
  private static func controlName(_ bytes: ArraySlice<UInt8>, length: Int) -> String? {
    guard let first = bytes.first else { return nil }
    switch (length, first) {
    case (1, 0x09), (1, 0x0a), (1, 0x0d): return nil
    case (1, 0x00...0x1f), (1, 0x7f): return "U+00\(hex(first))"
    case (2, 0xc2):
      let second = bytes[bytes.startIndex + 1]
      return second < 0xa0 ? "U+00\(hex(second))" : nil
    case (3, 0xef):
      let tail = bytes.dropFirst().prefix(2)
      if tail.elementsEqual([0xbb, 0xbf]) { return "U+FEFF" }
      if tail.elementsEqual([0xbf, 0xbe]) { return "U+FFFE" }
      return tail.elementsEqual([0xbf, 0xbf]) ? "U+FFFF" : nil
    default: return nil
    }
  }
}

private func hex(_ byte: UInt8) -> String {
  let digits = String(byte, radix: 16, uppercase: true)
  return digits.utf8.count == 1 ? "0" + digits : digits
}

extension SourceText {
  /// Reads a regular file of a bounded size; what else lies there is a mistake with a sentence of its own.
  ///
  /// Nil when nothing lies there and that is allowed.
  static func read(_ path: String, shownAs file: String, mayBeAbsent: Bool) -> Result<SourceText?, Mistake> {
    func failure(_ code: Code, _ message: String, _ hints: [String] = []) -> Result<SourceText?, Mistake> {
      .failure(
        Mistake(
          Diagnostic(
            .error, code: code.rawValue, message, place: .init(file: file, line: 1, column: 1), hints: hints))
      )
    }
    do throws(SystemError) {
      switch Files.kind(of: path) {
      case .directory: return failure(.notAFile, "a directory lies where the configuration file should")
      case .other, .link: return failure(.notAFile, "this is no regular file")
      case .file, nil: break
      }
      let bytes = try Files.read(path, limit: sizeLimit)
      return .success(SourceText(file: file, bytes: bytes))
    } catch {
      switch error.number {
      case ENOENT, ENOTDIR:
        // A link to nowhere is not an absent file: somebody meant something to be there.
        if mayBeAbsent && Files.kind(of: path, followLinks: false) == nil { return .success(nil) }
        return failure(.cannotRead, "there is no such file")
      case EFBIG: return failure(.tooLarge, "the file is larger than 1MiB")
      default: return failure(.cannotRead, "cannot read it: \(error.reason)", error.hint.map { [$0] } ?? [])
      }
    }
  }
}
