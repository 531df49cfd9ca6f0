package import Model

extension LoadedConfiguration {
  /// All mistakes as people read them: each with its line and carets below it, a blank line between two.
  ///
  /// - Parameter directory: files inside of it are named relative to it.
  package func text(relativeTo directory: String? = nil) -> String {
    mistakes.map { text(of: $0, relativeTo: directory) }.joined()
  }

  /// One mistake: `FILE:LINE:COL: error: [code] text`, the line, the carets and what to do.
  package func text(of mistake: Mistake, relativeTo directory: String? = nil) -> String {
    let diagnostic = mistake.diagnostic
    guard let place = diagnostic.place, let source = texts[place.file], let line = source.line(place.line)
    else {
      return ([diagnostic.line(relativeTo: directory)] + diagnostic.hints.dropFirst().map { "    " + $0 })
        .joined(separator: "\n") + "\n"
    }
    // A guess stands below the word that it is about, everything else in the sentence.
    let guess = diagnostic.hints.first.flatMap { $0.hasPrefix("did you mean") ? $0 : nil }
    var lines = [diagnostic.line(relativeTo: directory, withHint: guess == nil)]
    lines += Excerpt(line, place: place, width: mistake.width, hint: guess).lines
    lines += diagnostic.hints.dropFirst().map { "    " + $0 }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Diagnostic {
  /// `FILE:LINE:COL: error: [code] text; first hint`; without a place from `error:` on.
  package func line(relativeTo directory: String? = nil, withHint: Bool = true) -> String {
    let hint = withHint ? hints.first.map { "; " + $0 } ?? "" : ""
    let body = "\(severity.rawValue): [\(code)] \(message)\(hint)"
    guard let place else { return body }
    var file = place.file
    if let directory, directory != "/", file.hasPrefix(directory + "/") {
      file = String(file.dropFirst(directory.count + 1))
    }
    return "\(Printable.text(file)):\(place.line):\(place.column): \(body)"
  }
}

/// A line of a file with carets below the part that matters; long lines are cut around it.
private struct Excerpt {
  let lines: [String]

  private static let room = 96

  init(_ bytes: ArraySlice<UInt8>, place: Diagnostic.Place, width: Int, hint: String?) {
    // Whatever the bytes are, a terminal gets no control characters from them.
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars.map(Printable.scalar)
    let start = min(max(0, place.column - 1), scalars.count)
    let from = start > Self.room - 24 ? start - 24 : 0
    let shown = scalars[from...].prefix(Self.room)
    let before = scalars[from..<min(start, from + shown.count)]
    let carets = max(1, min(width, shown.count - before.count))
    let number = String(place.line)
    let gutter = String(repeating: " ", count: number.utf8.count)
    let isCutLeft = from > 0
    let isCutRight = from + shown.count < scalars.count
    let text = (isCutLeft ? "…" : "") + Self.string(shown) + (isCutRight ? "…" : "")
    let pad = String(repeating: " ", count: before.reduce(isCutLeft ? 1 : 0) { $0 + Self.columns(of: $1) })
    let under = String(
      repeating: "^",
      count: max(
        1, scalars[start..<min(start + carets, scalars.count)].reduce(0) { $0 + Self.columns(of: $1) }))
    lines = [
      "  \(number) | \(text)",
      "  \(gutter) | \(pad)\(under)" + (hint.map { " " + $0 } ?? ""),
    ]
  }

  private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// Two for the wide characters of East Asia and for emoji, none for marks that combine: near enough for carets.
  private static func columns(of scalar: Unicode.Scalar) -> Int {
    if scalar.properties.generalCategory == .nonspacingMark { return 0 }
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
      0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }
}
