internal import CMicrohttpd
internal import Glibc

/// What a handler answers.
package enum Response: Sendable {
  case full(status: Int, headers: [Field], body: [UInt8])
  /// The same answer for many requests: built once, sent without a copy.
  case prepared(PreparedResponse)
  /// A body of unknown length, pulled as fast as the client takes it. The connection ends with it.
  case stream(status: Int, headers: [Field], source: any BodySource)
}

/// A response whose head and body stand ready in memory that is shared by all connections that send it.
@safe package final class PreparedResponse: @unchecked Sendable {
  // Unchecked: libmicrohttpd counts references to the response under a lock of its own; it is not changed after init.
  let handle: OpaquePointer
  package let status: Int
  /// The same bytes that are sent, for whoever needs them as a value.
  package let body: [UInt8]

  package init(status: Int, headers: [Field], body: [UInt8]) {
    unsafe handle = Self.make(body)
    self.status = status
    self.body = body
    for field in headers { unsafe Self.add(field, to: handle) }
  }

  deinit {
    unsafe MHD_destroy_response(handle)
  }

  /// Refused silently when it holds a line break: nothing from outside can start a header of its own.
  static func add(_ field: Field, to response: OpaquePointer) {
    _ = unsafe MHD_add_response_header(response, field.name, field.value)
  }

  private static func make(_ body: [UInt8]) -> OpaquePointer {
    guard !body.isEmpty, let copy = unsafe malloc(body.count) else {
      return unsafe required(mhd_empty_response())
    }
    unsafe body.withUnsafeBytes { unsafe copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    return unsafe required(
      MHD_create_response_from_buffer_with_free_callback(body.count, copy) { unsafe free($0) })
  }

  static func required(_ response: OpaquePointer?) -> OpaquePointer {
    guard let response = unsafe response else { preconditionFailure("out of memory") }
    return unsafe response
  }
}

/// Where the body of a stream comes from. It is pulled: nothing is asked for while the client is behind.
package protocol BodySource: AnyObject, Sendable {
  /// Called once, before the first `next`. `wake` may be called from any thread, at any time, any number of times.
  func open(wake: @escaping @Sendable () -> Void)
  /// The next part, on a thread of the server that must not be held up.
  func next() -> BodyPart
  /// What to send when there has been nothing else for a while; empty: nothing.
  var heartbeat: [UInt8] { get }
  /// Called once, at the end, however it came; also when it was never opened.
  func close()
}

package enum BodyPart: Sendable {
  /// Not empty; a hundred KiB or so at most.
  case bytes([UInt8])
  /// Nothing now; asked again after `wake`.
  case wait
  case end
}
