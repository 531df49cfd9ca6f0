/// Finds the word that somebody most likely meant.
package enum Spelling {
  /// The nearest of the known words, if it is near enough to be meant; ties go to the first.
  package static func nearest(to word: String, among known: some Sequence<String>) -> String? {
    let limit = max(1, word.utf8.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in known {
      let distance = distance(word, candidate, atMost: min(limit, (best?.distance ?? limit + 1) - 1))
      if let distance { best = (candidate, distance) }
    }
    if let best { return best.word }
    // A long name is often given by its end: `test_cart.py` for `tests/test_cart.py`.
    return word.isEmpty ? nil : known.first { $0.hasSuffix("/" + word) }
  }

  /// How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other; nil above the bound.
  package static func distance(_ a: String, _ b: String, atMost bound: Int) -> Int? {
    let (a, b) = (Array(a.lowercased().utf8), Array(b.lowercased().utf8))
    if bound < 0 || abs(a.count - b.count) > bound { return nil }
    var before: [Int] = []
    var previous = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      row.reserveCapacity(b.count + 1)
      for j in 0..<b.count {
        var cost = min(previous[j + 1] + 1, row[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
        row.append(cost)
      }
      if row.min()! > bound { return nil }
      (before, previous) = (previous, row)
    }
    return previous[b.count] <= bound ? previous[b.count] : nil
  }
}
