internal import Model

/// What a text came to: its root, and everything that was wrong with it as YAML.
struct Composition: Sendable {
  /// Nil for an empty document, or when nothing of it can be used.
  let root: Node?
  let mistakes: [Mistake]
  /// The text ended in a syntax error: what is missing from the root may stand behind it.
  let isPartial: Bool
}

/// Builds nodes from events: resolves aliases and merge keys, finds duplicate keys, and keeps everything bounded.
struct Composer {
  /// Deeper than any setting lies, and than any person nests.
  static let depthLimit = 32
  /// Nodes in one file with all its aliases written out.
  static let nodeLimit = 20_000

  private struct Frame {
    let isMap: Bool
    let isFlow: Bool
    let start: Position
    let anchor: String?
    var isRefused = false
    var items: [Node] = []
    var entries: [Node.Entry] = []
    var merges: [Node.Entry] = []
    var keys: [String: Position] = [:]
    var key: Key?
    var count = 1
  }

  private struct Key {
    let text: String
    let start: Position
    let end: Position
    /// A value under it is dropped: something about the key was wrong and has been said.
    let isRefused: Bool
    let isMerge: Bool
  }

  /// Said already; nothing more can be made of the text.
  private struct Stop: Error {}

  private let source: SourceText
  private var mistakes: [Mistake] = []
  private var frames: [Frame] = []
  private var anchors: [String: Node] = [:]
  private var root: Node?
  private var nodes = 0
  /// The newest quoted text that went over several lines: where a missing quote hides.
  private var longQuote: (start: Position, end: Position)?

  private init(_ source: SourceText) {
    self.source = source
  }

  static func compose(_ source: SourceText) -> Composition {
    let unreadable = source.encodingMistakes()
    if !unreadable.isEmpty { return Composition(root: nil, mistakes: unreadable, isPartial: true) }
    var composer = Composer(source)
    do throws(YAMLProblem) {
      let isWhole = try composer.run()
      return Composition(
        root: isWhole ? composer.root : nil, mistakes: composer.mistakes, isPartial: !isWhole)
    } catch {
      let mistake = SyntaxMistake.translate(error, in: source, longQuote: composer.longQuote)
      composer.mistakes.append(mistake)
      let first = min(error.place.line, mistake.diagnostic.place?.line ?? error.place.line)
      return Composition(
        root: composer.salvage(before: first), mistakes: composer.mistakes, isPartial: true)
    }
  }

  /// False when a bound was passed.
  private mutating func run() throws(YAMLProblem) -> Bool {
    var parser = EventParser(source)
    var documents = 0
    while true {
      let event = try parser.next()
      do throws(Stop) {
        switch event.kind {
        case .streamEnd: return true
        case .documentStart:
          documents += 1
          if documents > 1 {
            say(
              .secondDocument, "a second document begins here", event.start, to: event.end,
              hints: ["a configuration is one document; remove it"])
            return true
          }
        case .documentEnd: break
        default: try take(event)
        }
      } catch {
        return false
      }
    }
  }

  private mutating func take(_ event: YAMLEvent) throws(Stop) {
    nodes += 1
    if nodes > Self.nodeLimit { throw tooMany(event.start) }
    switch event.kind {
    case .alias(let name): try add(alias(name, event))
    case .scalar(let text, let isPlain, let isSimple, let anchor, let tag):
      if !isPlain && isSimple && event.start.line != event.end.line { longQuote = (event.start, event.end) }
      let keepsPlain = tagged(tag, event, allowed: ["str", "int", "float", "bool", "null"])
      if let control = text.unicodeScalars.first(where: Self.isControl) {
        say(
          .controlCharacter, "the text holds the control character U+\(Self.hex(control))", event.start,
          to: event.end, hints: ["remove the escape"])
        try add(remember(anchor, node(.invalid, event)))
        return
      }
      var content = Node.Content.scalar(text, isPlain: isPlain && keepsPlain != "str")
      if keepsPlain == nil { content = .invalid }
      try add(remember(anchor, node(content, event)))
    case .listStart(let isFlow, let anchor, let tag):
      try open(isMap: false, isFlow, anchor, tagged(tag, event, allowed: ["seq"]), event)
    case .mapStart(let isFlow, let anchor, let tag):
      try open(isMap: true, isFlow, anchor, tagged(tag, event, allowed: ["map"]), event)
    case .listEnd, .mapEnd: try close(at: event.end)
    case .streamEnd, .documentStart, .documentEnd: break
    }
  }

  private func node(_ content: Node.Content, _ event: YAMLEvent) -> Node {
    Node(content: content, start: event.start, end: event.end, expandedCount: 1, isFlow: true)
  }

  private mutating func open(
    isMap: Bool, _ isFlow: Bool, _ anchor: String?, _ tag: String?, _ event: YAMLEvent
  ) throws(Stop) {
    if frames.count == Self.depthLimit {
      say(
        .tooDeep, "nested more than \(Self.depthLimit) deep", event.start,
        hints: ["no setting lies that deep"])
      throw Stop()
    }
    var frame = Frame(isMap: isMap, isFlow: isFlow, start: event.start, anchor: anchor)
    frame.isRefused = tag == nil
    frames.append(frame)
  }

  private mutating func close(at end: Position) throws(Stop) {
    guard let frame = frames.popLast() else { return }
    let closed = try finish(frame, end: end)
    try add(remember(frame.anchor, closed))
  }

  private mutating func finish(_ frame: Frame, end: Position) throws(Stop) -> Node {
    var content = Node.Content.list(frame.items)
    var count = frame.count
    if frame.isMap {
      var entries = frame.entries
      var known = Set(entries.map(\.key))
      for merge in frame.merges {
        for entry in merged(merge) where known.insert(entry.key).inserted {
          entries.append(entry)
          count += entry.value.expandedCount + 1
          if count > Self.nodeLimit { throw tooMany(merge.start) }
        }
      }
      content = .map(entries)
    }
    if frame.isRefused { content = .invalid }
    return Node(
      content: content, start: frame.start, end: end, expandedCount: count, isFlow: frame.isFlow)
  }

  /// Puts a finished node where it belongs: root, list item, key or value.
  private mutating func add(_ node: Node) throws(Stop) {
    guard var frame = frames.popLast() else {
      root = node
      return
    }
    frame.count += node.expandedCount
    if frame.count > Self.nodeLimit { throw tooMany(node.start) }
    if !frame.isMap {
      frame.items.append(node)
    } else if let key = frame.key {
      frame.key = nil
      let entry = Node.Entry(key: key.text, start: key.start, end: key.end, value: node)
      if key.isMerge && !key.isRefused {
        frame.merges.append(entry)
      } else if !key.isRefused {
        frame.entries.append(entry)
      }
    } else {
      frame.key = key(of: node, in: &frame)
    }
    frames.append(frame)
  }

  private mutating func key(of node: Node, in frame: inout Frame) -> Key {
    func key(_ text: String, refused: Bool, isMerge: Bool = false) -> Key {
      Key(text: text, start: node.start, end: node.end, isRefused: refused, isMerge: isMerge)
    }
    switch node.content {
    case .invalid: return key("", refused: true)
    case .list, .map:
      say(
        .badKey, "a key is a word, not a list or a map", node.start,
        hints: ["quote it if it is meant as text"])
      return key("", refused: true)
    case .scalar(let text, let isPlain):
      if text.isEmpty {
        say(.badKey, "there is no key before this `:`", node.start)
        return key("", refused: true)
      }
      if let first = frame.keys[text] {
        say(
          .duplicateKey, "`\(text)` stands here a second time; the first is in line \(first.line)",
          node.start,
          to: node.end, hints: [text == "<<" ? "write <<: [*one, *two]" : "remove one of them"])
        return key(text, refused: true)
      }
      frame.keys[text] = node.start
      return key(text, refused: false, isMerge: isPlain && text == "<<")
    }
  }

  /// The entries that a merge key brings, those of the first map first.
  private mutating func merged(_ merge: Node.Entry) -> [Node.Entry] {
    switch merge.value.content {
    case .map(let entries): return entries
    case .invalid: return []
    case .list(let items):
      var all: [Node.Entry] = []
      for item in items {
        if case .map(let entries) = item.content { all += entries }
        if case .scalar = item.content { refuseMerge(item) }
        if case .list = item.content { refuseMerge(item) }
      }
      return all
    case .scalar:
      refuseMerge(merge.value)
      return []
    }
  }

  private mutating func refuseMerge(_ node: Node) {
    say(
      .badMerge, "`<<` takes in maps, and this is none", node.start, to: node.end,
      hints: ["write <<: *anchor, where &anchor stands before a map"])
  }

  private mutating func alias(_ name: String, _ event: YAMLEvent) -> Node {
    if frames.contains(where: { $0.anchor == name }) {
      say(
        .recursiveAlias, "`*\(name)` lies inside of what `&\(name)` names", event.start, to: event.end,
        hints: ["it would contain itself without end"])
      return node(.invalid, event)
    }
    guard var target = anchors[name] else {
      let near = anchors.count > 100 ? nil : Spelling.nearest(to: name, among: anchors.keys.sorted())
      say(
        .unknownAlias, "nothing is named `&\(name)` before this", event.start, to: event.end,
        hints: [near.map { "did you mean `*\($0)`?" } ?? "quote it if it is meant as text"])
      return node(.invalid, event)
    }
    // A wrong value is reported where it is written; a key made of an alias where the alias stands.
    if frames.last?.isMap == true, frames.last?.key == nil {
      target.start = event.start
      target.end = event.end
    }
    return target
  }

  private mutating func remember(_ anchor: String?, _ node: Node) -> Node {
    if let anchor { anchors[anchor] = node }
    return node
  }

  /// The short name of a tag, empty for none; nil (and a mistake) for one that means nothing here.
  private mutating func tagged(_ tag: String?, _ event: YAMLEvent, allowed: [String]) -> String? {
    guard let tag else { return "" }
    if tag == "!" { return "str" }
    let prefix = "tag:yaml.org,2002:"
    if tag.hasPrefix(prefix), allowed.contains(String(tag.dropFirst(prefix.count))) {
      return String(tag.dropFirst(prefix.count))
    }
    let shown = tag.hasPrefix(prefix) ? "!!" + tag.dropFirst(prefix.count) : tag
    say(
      .unknownTag, "the tag `\(shown)` means nothing here", event.start,
      to: Position(line: event.start.line, column: event.start.column + shown.unicodeScalars.count),
      hints: ["remove it"])
    return nil
  }

  private mutating func tooMany(_ place: Position) -> Stop {
    say(
      .tooLarge, "with its aliases written out the file has more than \(Self.nodeLimit) values", place,
      hints: ["use fewer aliases"])
    return Stop()
  }

  private mutating func say(
    _ code: Code, _ message: String, _ place: Position, to end: Position? = nil, hints: [String] = []
  ) {
    // Nobody reads on beyond that.
    if mistakes.count >= 200 { return }
    let width = end.map { $0.line == place.line ? max(1, $0.column - place.column) : 1 } ?? 1
    mistakes.append(source.mistake(code, message, at: place, width: width, hints: hints))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a, 0x0d: false
    case 0x00...0x1f, 0x7f...0x9f, 0xfeff: true
    default: false
    }
  }

  private static func hex(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
  }

  // MARK: What stands before a syntax error

  /// The tree as far as it was read, without what the error may have swallowed: other mistakes are then still named.
  private mutating func salvage(before line: Int) -> Node? {
    while let last = frames.last {
      frames.removeLast()
      if last.isFlow { continue }
      guard let closed = try? finish(last, end: last.start) else { return nil }
      if frames.isEmpty {
        root = closed
      } else if frames[frames.count - 1].isMap {
        guard let key = frames[frames.count - 1].key, !key.isRefused, !key.isMerge else { continue }
        frames[frames.count - 1].entries.append(
          Node.Entry(key: key.text, start: key.start, end: key.end, value: closed))
      } else {
        frames[frames.count - 1].items.append(closed)
      }
    }
    return root.map { Self.pruned($0, before: line) }
  }

  private static func pruned(_ node: Node, before line: Int) -> Node {
    func isTouched(_ node: Node) -> Bool { node.isFlow && node.end.line >= line }
    var node = node
    switch node.content {
    case .list(let items):
      node.content = .list(items.filter { !isTouched($0) }.map { pruned($0, before: line) })
    case .map(let entries):
      node.content = .map(
        entries.filter { !isTouched($0.value) && $0.start.line < line }.map {
          Node.Entry(key: $0.key, start: $0.start, end: $0.end, value: pruned($0.value, before: line))
        })
    default: if isTouched(node) { node.content = .invalid }
    }
    return node
  }
}
