internal import HTTP
internal import Wire

/// What a request gets, before it has the form of any transport.
struct Reply: Sendable {
  enum Content: Sendable {
    case bytes([UInt8])
    case prepared(PreparedResponse)
    case stream(any BodySource)
  }

  var status = 200
  var type = Self.json
  var headers: [Field] = []
  var content: Content

  static let json = "application/json"
  static let noStore = Field("Cache-Control", "no-store")

  init(_ bytes: [UInt8], status: Int = 200, type: String = Self.json) {
    content = .bytes(bytes)
    self.status = status
    self.type = type
  }

  init(_ value: some WireWritable, status: Int = 200) {
    self.init(value.encoded, status: status)
  }

  init(_ problem: Problem, headers: [Field] = []) {
    self.init(problem.encoded, status: problem.status, type: "application/problem+json")
    self.headers = headers
  }

  init(_ prepared: PreparedResponse) {
    content = .prepared(prepared)
  }

  init(stream source: any BodySource, type: String) {
    content = .stream(source)
    self.type = type
  }

  /// A document of members that the body writes.
  static func object(status: Int = 200, _ body: (inout JSONWriter) -> Void) -> Reply {
    var writer = JSONWriter()
    writer.object(body)
    return Reply(writer.bytes, status: status)
  }

  var response: Response {
    let fields = [Field("Content-Type", type), Self.noStore] + headers
    return switch content {
    case .bytes(let bytes): .full(status: status, headers: fields, body: bytes)
    case .prepared(let prepared): .prepared(prepared)
    case .stream(let source): .stream(status: status, headers: fields, source: source)
    }
  }
}
