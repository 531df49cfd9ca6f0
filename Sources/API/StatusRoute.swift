internal import Engine
internal import HTTP
internal import Synchronization
internal import Wire

/// `GET /api/v1/status`, which scripts and prompts ask all the time: the engine keeps the document encoded, and this keeps
/// the response that sends it, so that an answer costs no copy.
final class StatusRoute: Sendable {
  static let parts = ["api", "v1", "status"]

  private struct Kept {
    let bytes: [UInt8]
    let response: PreparedResponse
  }

  private let kept = Mutex<Kept?>(nil)

  func response(_ request: Request, _ door: any Door) -> Response {
    let project = request.target.query.isEmpty ? nil : request.target.value("project")
    switch door.status(project: project) {
    case .failure(let problem): return .problem(problem)
    case .success(let bytes):
      return kept.withLock { kept in
        // Equal arrays that share their storage compare at once.
        if let kept, kept.bytes == bytes { return .prepared(kept.response) }
        let response = PreparedResponse(status: 200, headers: [.json], body: bytes)
        kept = Kept(bytes: bytes, response: response)
        return .prepared(response)
      }
    }
  }
}
