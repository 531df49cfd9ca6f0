internal import Model

/// Says in our words, and at the place a person must look at, what libyaml says in its own.
enum SyntaxMistake {
  static func translate(
    _ error: YAMLProblem, in source: SourceText, longQuote: (start: Position, end: Position)?
  ) -> Mistake {
    let context = error.context ?? ""
    let problem = error.problem
    let here = byte(in: source, at: error.place)
    let before = linePrefix(in: source, upTo: error.place)

    if here == 0x09 || problem.contains("tab character") {
      return source.mistake(
        .tabIndentation, "a tab cannot indent in YAML", at: error.place, hints: ["use spaces"])
    }
    if context.contains("quoted scalar")
      && (problem.contains("end of stream") || problem.contains("document indicator"))
    {
      return source.mistake(.unclosed, "this quote is never closed", at: error.contextPlace)
    }
    // A quote that some later quote closes by accident: the text between is swallowed, the complaint comes behind it.
    if let longQuote, longQuote.end.line == error.place.line {
      return source.mistake(
        .unclosed, "this quote is closed only in line \(longQuote.end.line)", at: longQuote.start)
    }
    if context.contains("flow sequence") || context.contains("flow mapping") {
      let bracket = context.contains("sequence") ? "[" : "{"
      let isCommaMissing =
        error.place.line == error.contextPlace.line && here != nil && here != UInt8(ascii: "]")
        && here != UInt8(ascii: "}") && isBalanced(source.line(error.place.line) ?? [])
      if isCommaMissing {
        return source.mistake(.syntax, "a comma is missing before this", at: error.place)
      }
      return source.mistake(.unclosed, "this `\(bracket)` is never closed", at: error.contextPlace)
    }
    if context.contains("scanning an alias") || context.contains("scanning an anchor") {
      return source.mistake(
        .syntax, "a text cannot begin with `*` or `&` without quotes", at: error.contextPlace,
        hints: ["put it in quotes: \"*.tmp\""])
    }
    if problem.contains("cannot start any token") {
      let name = here.map { "`" + String(decoding: [$0], as: UTF8.self) + "`" } ?? "this"
      return source.mistake(
        .syntax, "a text cannot begin with \(name) without quotes", at: error.place,
        hints: ["put it in quotes"])
    }
    if problem.contains("mapping values are not allowed") {
      return source.mistake(
        .syntax, "this `:` makes no sense here", at: error.place,
        hints: ["check the indentation, or put a text with `: ` in quotes"])
    }
    if problem.contains("could not find expected ':'") {
      return source.mistake(
        .syntax, "a `:` is missing after this", at: error.contextPlace,
        hints: ["a setting is written KEY: VALUE"])
    }
    if problem.contains("<document start>"), follows(dots: source, error.place.line) {
      return source.mistake(
        .secondDocument, "a second document begins here", at: error.place,
        hints: ["a configuration is one document; remove it"])
    }
    if problem.contains("did not find expected key") || problem.contains("expected '-' indicator")
      || problem.contains("block sequence entries are not allowed")
      || problem.contains("block mapping entries")
      || problem.contains("mapping keys are not allowed") || problem.contains("<document start>")
    {
      let message =
        before.allSatisfy { $0 == 0x20 }
        ? "this line is indented unlike its neighbours" : "this does not belong here"
      return source.mistake(.syntax, message, at: error.place)
    }
    if problem.contains("escape") {
      return source.mistake(
        .syntax, "no such escape in a double-quoted text", at: error.place,
        hints: ["write \\\\ for a backslash, or use single quotes"])
    }
    let where_ = context.isEmpty ? "" : " \(context)"
    return source.mistake(.syntax, "not YAML: \(problem)\(where_)", at: error.place)
  }

  /// Whether a line `...` has ended a document before.
  private static func follows(dots source: SourceText, _ line: Int) -> Bool {
    (1..<max(2, line)).contains { source.line($0)?.starts(with: [0x2e, 0x2e, 0x2e]) == true }
  }

  private static func byte(in source: SourceText, at place: Position) -> UInt8? {
    guard let line = source.line(place.line) else { return nil }
    return rest(of: line, fromColumn: place.column).first
  }

  private static func linePrefix(in source: SourceText, upTo place: Position) -> ArraySlice<UInt8> {
    guard let line = source.line(place.line) else { return [] }
    return line.dropLast(rest(of: line, fromColumn: place.column).count)
  }

  private static func rest(of line: ArraySlice<UInt8>, fromColumn column: Int) -> ArraySlice<UInt8> {
    var left = column - 1
    var index = line.startIndex
    while index < line.endIndex {
      if line[index] & 0xc0 != 0x80 {
        if left == 0 { break }
        left -= 1
      }
      index += 1
    }
    return line[index...]
  }

  private static func isBalanced(_ line: ArraySlice<UInt8>) -> Bool {
    let opened = line.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
    let closed = line.count { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "}") }
    return opened <= closed
  }
}
