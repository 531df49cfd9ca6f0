/// Why a request was turned away before any handler saw it. The connection is closed after the answer.
enum Rejection: CaseIterable, Sendable {
  case malformedHead
  case malformedTarget
  case ambiguousLength
  case headTooLarge
  case bodyTooLarge
  case bodyTooSlow
  case stopping

  var status: Int {
    switch self {
    case .malformedHead, .malformedTarget, .ambiguousLength: 400
    case .headTooLarge: 431
    case .bodyTooLarge: 413
    case .bodyTooSlow: 408
    case .stopping: 503
    }
  }

  private var words: (title: String, code: String, detail: String) {
    switch self {
    case .malformedHead: ("Bad Request", "bad-request", "the request's head is not HTTP/1.1")
    case .malformedTarget:
      ("Bad Request", "bad-request", "the request's target is no path that can be decoded")
    case .ambiguousLength: ("Bad Request", "bad-request", "the request's length can be read in two ways")
    case .headTooLarge: ("Request Header Fields Too Large", "too-large", "the request's head is over 64 KiB")
    case .bodyTooLarge: ("Content Too Large", "too-large", "the request's body is over 1 MiB")
    case .bodyTooSlow: ("Request Timeout", "too-slow", "the request's body did not arrive in time")
    case .stopping: ("Service Unavailable", "stopping", "the daemon is stopping")
    }
  }

  private var body: [UInt8] {
    let (title, code, detail) = words
    return Array(
      """
      {"type":"about:blank","title":"\(title)","status":\(status),"detail":"\(detail)","code":"\(code)"}
      """.utf8)
  }

  private static let prepared: [PreparedResponse] = allCases.map { rejection in
    PreparedResponse(
      status: rejection.status,
      headers: [Field("Content-Type", "application/problem+json"), Field("Connection", "close")],
      body: rejection.body)
  }

  var response: PreparedResponse { Self.prepared[Self.allCases.firstIndex(of: self)!] }

  /// For a connection whose turn in libmicrohttpd never comes again.
  var raw: [UInt8] {
    let head = """
      HTTP/1.1 \(status) \(words.title)\r
      Content-Type: application/problem+json\r
      Content-Length: \(body.count)\r
      Connection: close\r
      \r\n
      """
    return Array(head.utf8) + body
  }
}
