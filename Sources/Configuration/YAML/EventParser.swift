internal import CYAML

/// One step of a YAML stream.
struct YAMLEvent {
  enum Kind {
    case streamEnd
    case documentStart
    case documentEnd
    case alias(String)
    case scalar(String, isPlain: Bool, isSimple: Bool, anchor: String?, tag: String?)
    case listStart(isFlow: Bool, anchor: String?, tag: String?)
    case listEnd
    case mapStart(isFlow: Bool, anchor: String?, tag: String?)
    case mapEnd
  }

  let kind: Kind
  let start: Position
  let end: Position
}

/// What libyaml has to say about a text that is no YAML.
struct YAMLProblem: Error {
  let problem: String
  let place: Position
  let context: String?
  let contextPlace: Position
}

/// Reads libyaml's events from a text, one at a time.
///
/// libyaml keeps pointers into itself and into the text, so both stay where they are for the parser's life.
@safe struct EventParser: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let input: UnsafeMutableBufferPointer<UInt8>
  private let source: SourceText

  init(_ source: SourceText) {
    self.source = source
    unsafe input = .allocate(capacity: max(1, source.bytes.count))
    _ = unsafe input.update(fromContentsOf: source.bytes)
    unsafe parser = .allocate(capacity: 1)
    // Fails only without memory; then every later call fails too, as a problem without words.
    _ = unsafe yaml_parser_initialize(parser)
    unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(parser, input.baseAddress, source.bytes.count)
  }

  deinit {
    unsafe yaml_parser_delete(parser)
    unsafe parser.deallocate()
    unsafe input.deallocate()
  }

  private func position(_ mark: yaml_mark_t) -> Position { source.position(ofCharacter: Int(mark.index)) }

  /// The next event; the stream's start is passed over.
  mutating func next() throws(YAMLProblem) -> YAMLEvent {
    while true {
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(parser, &event) != 0 else { throw problem() }
      defer { unsafe yaml_event_delete(&event) }
      guard let kind = unsafe Self.kind(of: event) else { continue }
      return unsafe YAMLEvent(
        kind: kind, start: position(event.start_mark), end: position(event.end_mark))
    }
  }

  private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind? {
    switch unsafe event.type {
    case YAML_STREAM_END_EVENT: return .streamEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return unsafe .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      let style = unsafe scalar.style
      return unsafe .scalar(
        String(decoding: bytes, as: UTF8.self), isPlain: style == YAML_PLAIN_SCALAR_STYLE,
        isSimple: style != YAML_LITERAL_SCALAR_STYLE && style != YAML_FOLDED_SCALAR_STYLE,
        anchor: text(scalar.anchor), tag: text(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      let start = unsafe event.data.sequence_start
      return unsafe .listStart(
        isFlow: start.style == YAML_FLOW_SEQUENCE_STYLE, anchor: text(start.anchor), tag: text(start.tag))
    case YAML_SEQUENCE_END_EVENT: return .listEnd
    case YAML_MAPPING_START_EVENT:
      let start = unsafe event.data.mapping_start
      return unsafe .mapStart(
        isFlow: start.style == YAML_FLOW_MAPPING_STYLE, anchor: text(start.anchor), tag: text(start.tag))
    case YAML_MAPPING_END_EVENT: return .mapEnd
    default: return nil
    }
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe String(cString: pointer)
  }

  private func problem() -> YAMLProblem {
    let state = unsafe parser.pointee
    let problem = unsafe state.problem.map { unsafe String(cString: $0) }
    let context = unsafe state.context.map { unsafe String(cString: $0) }
    let isReaderError = unsafe state.error == YAML_READER_ERROR
    let place =
      isReaderError
      ? source.position(ofByte: unsafe Int(state.problem_offset)) : position(unsafe state.problem_mark)
    return YAMLProblem(
      problem: problem ?? "cannot be read", place: place, context: context,
      contextPlace: context == nil ? place : position(unsafe state.context_mark))
  }
}
