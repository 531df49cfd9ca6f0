/// One node of a document, with aliases and merge keys resolved and the place of everything kept.
///
/// A value: an alias shares its target's storage, so a thousand aliases cost a thousand references and none can recur.
struct Node: Sendable {
  enum Content: Sendable {
    /// `isPlain`: written without quotes, so it may mean a number, `true` or nothing.
    case scalar(String, isPlain: Bool)
    case list([Node])
    case map([Entry])
    /// Something about it was wrong and has been said; whoever meets it keeps quiet.
    case invalid
  }

  struct Entry: Sendable {
    let key: String
    let start: Position
    let end: Position
    let value: Node
  }

  var content: Content
  var start: Position
  var end: Position
  /// How many nodes it stands for once every alias in it is written out.
  var expandedCount: Int
  /// Brackets, braces or a scalar: what a missing bracket may have swallowed text into.
  var isFlow: Bool

  /// `~`, `null` or nothing at all.
  var isNull: Bool {
    guard case .scalar(let text, true) = content else { return false }
    return text.isEmpty || text == "~" || text == "null" || text == "Null" || text == "NULL"
  }

  /// How many characters it takes on its first line; 1 when it goes on below.
  var width: Int { start.line == end.line ? max(1, end.column - start.column) : 1 }
}
