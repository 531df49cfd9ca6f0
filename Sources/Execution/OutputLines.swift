internal import Model

/// What a program's output says in one line, and where: for programs whose format nobody told us.
enum OutputLines {
  struct Complaint: Hashable {
    var message: String
    var file: String?
    var line: Int?
  }

  /// How much of the end is looked at.
  private static let window = 64 << 10

  static func complaint(
    in output: [UInt8], root: [UInt8], directory: RelativePath, isFile: (RelativePath) -> Bool
  ) -> Complaint? {
    let lines = output.suffix(window).split(separator: UInt8(ascii: "\n")).map { plain($0) }.filter(
      isMeaningful)
    var last: Complaint?
    for line in lines {
      guard let place = place(in: line, root: root, directory: directory, isFile: isFile) else { continue }
      let complaint = Complaint(
        message: place.rest.isEmpty ? line : place.rest, file: place.file, line: place.line)
      let lower = line.lowercased()
      if ["error", "fail", "assert", "not found"].contains(where: { lower.contains($0) }) {
        return complaint
      }
      last = complaint
    }
    guard let final = lines.last else { return nil }
    return Complaint(message: final, file: last?.file, line: last?.line)
  }

  static func lastMeaningful(in output: [UInt8]) -> String? {
    output.suffix(window).split(separator: UInt8(ascii: "\n")).reversed().lazy.map { plain($0) }.first(
      where: isMeaningful)
  }

  /// One line for people: no escape sequences, no control characters, no more than 300 characters.
  static func plain(_ line: some Collection<UInt8>) -> String {
    var kept: [UInt8] = []
    var index = line.startIndex
    while index != line.endIndex {
      let byte = line[index]
      index = line.index(after: index)
      if byte == 0x1b {
        guard index != line.endIndex, line[index] == UInt8(ascii: "[") else { continue }
        // A control sequence ends with its first byte of 0x40 to 0x7e after the bracket.
        index = line.index(after: index)
        while index != line.endIndex && !(0x40...0x7e).contains(line[index]) {
          index = line.index(after: index)
        }
        if index != line.endIndex { index = line.index(after: index) }
      } else if byte == UInt8(ascii: "\t") {
        kept.append(UInt8(ascii: " "))
      } else if byte >= 0x20 && byte != 0x7f {
        kept.append(byte)
      }
      if kept.count >= 1200 { break }
    }
    let text = String(decoding: kept, as: UTF8.self)
    let trimmed = text.drop { $0 == " " }
    let end = trimmed.lastIndex { $0 != " " }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
    return String(trimmed[..<end].prefix(300))
  }

  /// The first line of a message of several.
  static func firstLine(_ text: String) -> String {
    plain(text.utf8.prefix { $0 != UInt8(ascii: "\n") })
  }

  private static func isMeaningful(_ line: String) -> Bool {
    if line.hasPrefix("make") && (line.contains("***") || line.contains("directory")) { return false }
    // A rule of dashes or dots says nothing.
    return line.utf8.contains { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
        || byte >= 0x80
    }
  }

  /// `path:12: text`, `path:12:3: text`, `path: line 12: text`, `File "path", line 12`, for files of the project.
  private static func place(
    in line: String, root: [UInt8], directory: RelativePath, isFile: (RelativePath) -> Bool
  ) -> (file: String, line: Int, rest: String)? {
    let bytes = Array(line.utf8)
    func relative(_ raw: ArraySlice<UInt8>) -> RelativePath? {
      if raw.isEmpty || raw.count > 4096 { return nil }
      if raw.first == UInt8(ascii: "/") {
        guard raw.starts(with: root), raw.count > root.count + 1, raw[raw.startIndex + root.count] == 0x2f
        else { return nil }
        return RelativePath(normalizing: Array(raw.dropFirst(root.count + 1))).flatMap {
          isFile($0) ? $0 : nil
        }
      }
      let joined = directory.isRoot ? Array(raw) : directory.bytes + [0x2f] + raw
      return RelativePath(normalizing: joined).flatMap { isFile($0) ? $0 : nil }
    }
    func number(at start: Int) -> (value: Int, end: Int)? {
      var end = start
      while end < bytes.count && end - start < 8 && (0x30...0x39).contains(bytes[end]) { end += 1 }
      return end == start ? nil : Int(String(decoding: bytes[start..<end], as: UTF8.self)).map { ($0, end) }
    }
    func rest(from start: Int) -> String {
      plain(
        bytes[start...].drop { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: ",") }
      )
    }

    let marker = Array("File \"".utf8)
    let middle = Array("\", line ".utf8)
    if let start = bytes.firstRange(of: marker)?.upperBound,
      let found = bytes[start...].firstRange(of: middle),
      let path = relative(bytes[start..<found.lowerBound]),
      let count = number(at: found.upperBound)
    {
      return (path.text, count.value, "")
    }
    var colons = 0
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: ":") {
      colons += 1
      if colons > 8 { return nil }
      var start = index + 1
      if bytes[start...].starts(with: Array(" line ".utf8)) { start += 6 }
      guard let count = number(at: start) else { continue }
      // The path may stand after a prefix: `  at src/x.js:3`, `(src/x.js:3)`.
      let before = bytes[..<index]
      let cut = before.lastIndex {
        $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: "\"")
      }
      for candidate in [before, cut.map { before[($0 + 1)...] }].compactMap({ $0 }) {
        guard let path = relative(candidate) else { continue }
        var end = count.end
        if end < bytes.count, bytes[end] == UInt8(ascii: ":"), let column = number(at: end + 1) {
          end = column.end
        }
        return (path.text, count.value, rest(from: end))
      }
    }
    return nil
  }
}
