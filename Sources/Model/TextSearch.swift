/// Searching text by its bytes.
///
/// The standard library keeps these in its module for regular expressions, which would be an eighth of the client; so that
/// module is switched off in `Package.swift`, and this is all of it that is needed.
extension StringProtocol {
  package func contains(_ other: some StringProtocol) -> Bool { utf8.firstRange(of: other.utf8) != nil }

  package func firstRange(of other: some StringProtocol) -> Range<String.Index>? {
    utf8.firstRange(of: other.utf8)
  }
}

extension Collection where Element: Equatable {
  /// Where `other` stands first; an empty one stands at the start.
  package func firstRange(of other: some Collection<Element>) -> Range<Index>? {
    guard let first = other.first else { return startIndex..<startIndex }
    var start = startIndex
    while let candidate = self[start...].firstIndex(of: first) {
      var (end, expected) = (candidate, other.startIndex)
      while expected != other.endIndex && end != endIndex && self[end] == other[expected] {
        formIndex(after: &end)
        other.formIndex(after: &expected)
      }
      if expected == other.endIndex { return candidate..<end }
      // What is left is shorter than what is looked for.
      if end == endIndex { return nil }
      start = index(after: candidate)
    }
    return nil
  }
}
