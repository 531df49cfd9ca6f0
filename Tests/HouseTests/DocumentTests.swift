import Testing

@Suite struct `The documents` {
  static let documents = House.files(under: [
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Docs", "Examples",
  ])
  .filter { $0.hasSuffix(".md") }

  @Test(arguments: documents)
  func `every link leads somewhere`(document: String) throws {
    let text = try House.text(document)
    let folder = document.split(separator: "/").dropLast().joined(separator: "/")
    for target in Self.links(in: text) where !target.contains("://") && !target.hasPrefix("mailto:") {
      let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(
        String.init)
      let file = parts[0].isEmpty ? document : Self.normal((folder.isEmpty ? "" : folder + "/") + parts[0])
      #expect(House.exists(file), "\(document) links to \(target)")
      if parts.count == 2, file.hasSuffix(".md"), House.exists(file) {
        let anchors = Self.anchors(in: try House.text(file))
        #expect(anchors.contains(parts[1]), "\(document) links to \(target); \(file) has \(anchors)")
      }
    }
  }

  @Test func `links and anchors are read as they are written`() {
    #expect(Self.links(in: "a [b](c.md) `[no](link)` [d](e#f)\n```\n[g](h)\n```\n") == ["c.md", "e#f"])
    #expect(
      Self.anchors(in: "# One `two` three\n## No. 4, then\n```\n# not\n```\n") == [
        "one-two-three", "no-4-then",
      ])
    #expect(Self.normal("Docs/../a/./b") == "a/b")
  }

  /// The lines outside of fenced code.
  private static func prose(_ text: String) -> [Substring] {
    var isCode = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isCode.toggle()
        return false
      }
      return !isCode
    }
  }

  static func links(in text: String) -> [String] {
    prose(text).flatMap { line -> [String] in
      // Every other piece between back-ticks is code.
      let spoken = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .map { $0.offset.isMultiple(of: 2) ? String($0.element) : "code" }.joined()
      return spoken.components(between: "](", and: ")")
    }
  }

  static func anchors(in text: String) -> [String] {
    prose(text).filter { $0.hasPrefix("#") }.map { line in
      let title = line.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
      return String(
        title.compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : nil })
    }
  }

  static func normal(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") {
      if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }
}

extension String {
  fileprivate func components(between start: String, and end: String) -> [String] {
    var found: [String] = []
    var rest = self[...]
    while let open = rest.firstRange(of: start) {
      rest = rest[open.upperBound...]
      guard let close = rest.firstRange(of: end) else { break }
      found.append(String(rest[..<close.lowerBound]))
      rest = rest[close.upperBound...]
    }
    return found
  }
}
