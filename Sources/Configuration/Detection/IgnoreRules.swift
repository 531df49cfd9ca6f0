internal import Model

/// The patterns of the `.gitignore` files on the way down, as far as detection needs them.
///
/// What is watched is decided elsewhere with all of git's rules; here a wrong guess only hides a package from detection.
struct IgnoreRules: Sendable {
  private struct Rule: Sendable {
    /// The directory of the file that holds it, with a slash at its end; empty for the root.
    let base: String
    let pattern: Wildmatch
    let isNegated: Bool
    let isForDirectories: Bool
    let matchesPath: Bool
  }

  private var rules: [Rule] = []

  mutating func add(_ text: [UInt8], in directory: String) {
    for line in text.split(separator: 0x0a).prefix(2000) {
      add(pattern: String(decoding: line, as: UTF8.self), in: directory)
    }
  }

  mutating func add(pattern line: String, in directory: String) {
    var body = line[...]
    while let last = body.last, last == " " || last == "\r" || last == "\t" { body = body.dropLast() }
    if body.isEmpty || body.hasPrefix("#") { return }
    let isNegated = body.hasPrefix("!")
    if isNegated { body = body.dropFirst() }
    let isForDirectories = body.hasSuffix("/")
    if isForDirectories { body = body.dropLast() }
    let matchesPath = body.contains("/")
    if body.hasPrefix("/") { body = body.dropFirst() }
    if body.isEmpty { return }
    rules.append(
      Rule(
        base: directory.isEmpty ? "" : directory + "/", pattern: Wildmatch(String(body)),
        isNegated: isNegated,
        isForDirectories: isForDirectories, matchesPath: matchesPath))
  }

  /// The last rule that matches decides.
  func hides(_ path: String, isDirectory: Bool) -> Bool {
    for rule in rules.reversed() {
      if rule.isForDirectories && !isDirectory || !path.hasPrefix(rule.base) { continue }
      let below = path.utf8.dropFirst(rule.base.utf8.count)
      let subject =
        rule.matchesPath
        ? below : below[(below.lastIndex(of: 0x2f).map { below.index(after: $0) } ?? below.startIndex)...]
      if rule.pattern.matches(subject) { return !rule.isNegated }
    }
    return false
  }
}
