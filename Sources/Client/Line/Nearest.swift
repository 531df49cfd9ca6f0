internal import Model

/// Hints at what somebody probably meant, in the house's words.
package enum Nearest {
  /// The word with few slips, or the only one that begins so; nil when nothing is near.
  package static func match(_ word: String, in candidates: [String]) -> String? {
    if let near = Spelling.nearest(to: word, among: candidates) { return near }
    let longer = candidates.filter { word.utf8.count >= 2 && $0.hasPrefix(word) }
    return longer.count == 1 ? longer[0] : nil
  }

  /// Empty when nothing is near.
  package static func hints(_ word: String, in candidates: [String]) -> [String] {
    match(word, in: candidates).map { ["did you mean `\($0)`?"] } ?? []
  }
}
