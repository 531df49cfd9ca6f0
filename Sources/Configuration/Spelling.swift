/// Finds the word that somebody meant.
enum Spelling {
  /// The nearest of the words within a third of the length (at least one edit); nil when none is near enough.
  static func nearest(to word: String, in words: some Sequence<String>) -> String? {
    let limit = max(1, min(3, word.unicodeScalars.count / 3))
    // A word of hostile length is not compared letter by letter with every other.
    guard (1...64).contains(word.unicodeScalars.count) else { return nil }
    var best: (word: String, distance: Int)?
    for candidate in words {
      let distance = distance(word.lowercased(), candidate.lowercased())
      if distance <= limit && distance < (best?.distance ?? .max) && distance < candidate.unicodeScalars.count
      {
        best = (candidate, distance)
      }
    }
    return best?.word
  }

  /// Insertions, deletions, substitutions and swaps of neighbours; `-`, `_` and a blank count as the same letter.
  static func distance(_ left: String, _ right: String) -> Int {
    func letters(_ text: String) -> [Unicode.Scalar] {
      text.unicodeScalars.map { $0 == "-" || $0 == " " ? "_" : $0 }
    }
    let left = letters(left)
    let right = letters(right)
    var before: [Int] = []
    var previous = Array(0...right.count)
    for row in 0..<left.count {
      var current = [row + 1]
      for column in 0..<right.count {
        var cost = min(previous[column + 1] + 1, current[column] + 1)
        cost = min(cost, previous[column] + (left[row] == right[column] ? 0 : 1))
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          cost = min(cost, before[column - 1] + 1)
        }
        current.append(cost)
      }
      before = previous
      previous = current
    }
    return previous[right.count]
  }
}
