internal import CLinux
internal import CMicrohttpd
internal import Glibc
internal import Platform
internal import Synchronization

/// One client's connection: what its own thread reads of a request, and what the attendant may see of it.
@safe final class Connection: @unchecked Sendable {
  // Unchecked: `handle` is set once, on the connection's thread, before anything else uses it; `request` and what follows
  // belong to that thread alone; the rest guards itself.
  let socket: Int32
  /// Tells connections apart that had the same descriptor one after the other.
  let serial: UInt32
  let peer: Peer?
  let stamp = Stamp()
  private let server: ServerCore
  /// For whom the connection is suspended.
  private let parked = Mutex<(any Parked)?>(nil)
  private let isHalfClosed = Atomic<Bool>(false)
  private(set) var handle: OpaquePointer?

  private enum Progress {
    case head
    case body
    /// Reads on without keeping anything, so that the client is done writing when it gets its refusal.
    case draining(left: Int)
    case exchange(Exchange)
    case refused
  }

  private var progress = Progress.head
  private var rawTarget: [UInt8] = []
  /// Valid until the request has ended.
  private var target: UnsafePointer<CChar>?
  private var request: Request?

  /// Bodies over the limit are read and dropped up to this multiple of it before they are refused.
  private static let patience = 8

  init(socket: Int32, serial: UInt32, peer: Peer?, server: ServerCore) {
    self.socket = socket
    self.serial = serial
    self.peer = peer
    self.server = server
  }

  var isStopping: Bool { server.isStopping }

  // MARK: - On the connection's thread

  func started(_ handle: OpaquePointer) {
    unsafe self.handle = handle
    _ = stamp.enter(.waiting)
  }

  /// The request line has arrived; `target` is not decoded yet and ends at its first NUL.
  func began(_ target: UnsafePointer<CChar>) {
    rawTarget = unsafe Array(UnsafeRawBufferPointer(start: target, count: strlen(target)))
    unsafe self.target = target
    progress = .head
  }

  /// A head is complete, or a part of the body has come (`upload`), or the body is complete, or a suspension has ended.
  /// False closes the connection.
  func proceed(
    method: UnsafePointer<CChar>, version: UnsafePointer<CChar>, upload: UnsafeRawBufferPointer?
  ) -> Bool {
    switch progress {
    case .head: return unsafe begin(method, version)
    case .body:
      guard let upload = unsafe upload else { return dispatch() }
      return unsafe receive(upload)
    case .draining(let left):
      guard let upload = unsafe upload else { return reject(.bodyTooLarge) }
      progress = .draining(left: left - upload.count)
      if left >= upload.count { return true }
      // Mid-body libmicrohttpd takes no answer any more.
      if stamp.enter(.handling) { send(Rejection.bodyTooLarge.raw) }
      return false
    case .exchange(let exchange): return advance(exchange)
    case .refused: return true
    }
  }

  private func begin(_ method: UnsafePointer<CChar>, _ version: UnsafePointer<CChar>) -> Bool {
    guard let handle = unsafe handle, let target = unsafe target else { return false }
    var head = HeadReader(limits: server.limits)
    unsafe head.read(handle, method: method, target: target, targetLength: rawTarget.count, version: version)
    if let rejection = head.rejection { return reject(rejection) }
    if rawTarget.count > server.limits.headBytes { return reject(.headTooLarge) }
    let methodBytes = unsafe UnsafeRawBufferPointer(start: method, count: strlen(method))
    guard unsafe !methodBytes.isEmpty, unsafe methodBytes.allSatisfy(HeadReader.isTokenByte) else {
      return reject(.malformedHead)
    }
    guard let decoded = Target(rawTarget) else { return reject(.malformedTarget) }
    request = unsafe Request(
      method: String(decoding: methodBytes, as: UTF8.self), target: decoded, headers: head.headers, peer: peer
    )
    // An answer given now would close the connection; libmicrohttpd asks again when the body (if any) is complete.
    let length = head.contentLength ?? 0
    let limit = server.limits.bodyBytes
    if length > limit {
      if head.expectsContinue || length > limit * Self.patience { return reject(.bodyTooLarge) }
      progress = .draining(left: limit * Self.patience)
    } else {
      request?.body.reserveCapacity(length)
      progress = .body
    }
    return stamp.enter(.body)
  }

  private func receive(_ upload: UnsafeRawBufferPointer) -> Bool {
    guard let have = request?.body.count else { return false }
    if have + upload.count > server.limits.bodyBytes {
      request = nil
      progress = .draining(left: server.limits.bodyBytes * (Self.patience - 1))
      return true
    }
    unsafe request?.body.append(contentsOf: upload)
    return true
  }

  private func dispatch() -> Bool {
    guard stamp.enter(.handling), let request else { return false }
    self.request = nil
    let exchange = Exchange()
    progress = .exchange(exchange)
    server.handler(request, Responder(exchange: exchange))
    return advance(exchange)
  }

  private func advance(_ exchange: Exchange) -> Bool {
    switch exchange.step(self, isStopping: { server.isStopping }) {
    case .send(let response): return queue(response)
    case .wait: return true
    case .close: return false
    }
  }

  private func reject(_ rejection: Rejection) -> Bool {
    guard stamp.enter(.handling) else { return false }
    progress = .refused
    request = nil
    return queue(.prepared(rejection.response))
  }

  private func queue(_ response: Response) -> Bool {
    switch response {
    case .prepared(let prepared):
      return unsafe MHD_queue_response(handle, UInt32(clamping: prepared.status), prepared.handle) == mhd_yes
    case .full(let status, let headers, let body):
      let prepared = PreparedResponse(status: status, headers: headers, body: body)
      return unsafe MHD_queue_response(handle, UInt32(clamping: prepared.status), prepared.handle) == mhd_yes
    case .stream(let status, let headers, let source):
      // A slow reader is late, not an error, so it has no time-out; the next request would, so there is none.
      _ = unsafe mhd_set_timeout(handle, 0)
      let response = unsafe BodyStream(source, on: self, heartbeat: server.limits.heartbeat).response()
      for field in headers { unsafe PreparedResponse.add(field, to: response) }
      unsafe PreparedResponse.add(Field("Connection", "close"), to: response)
      let queued = unsafe MHD_queue_response(handle, UInt32(clamping: status), response) == mhd_yes
      unsafe MHD_destroy_response(response)
      return queued
    }
  }

  /// The request has ended, and the connection may have as well.
  func completed() {
    if case .exchange(let exchange) = progress { exchange.finish() }
    progress = .head
    request = nil
    unsafe target = nil
    _ = stamp.enter(.waiting)
    if isHalfClosed.load(ordering: .sequentiallyConsistent) { server.attendant.wake() }
  }

  /// Suspends the connection until `unpark`. The caller holds the lock of `who` and remembers that it is parked.
  func park(_ who: any Parked) {
    unsafe MHD_suspend_connection(handle)
    parked.withLock { $0 = who }
    server.attendant.look(at: self)
  }

  // MARK: - On any thread

  /// The caller holds the lock of whoever parked it, who is parked: so the connection still exists.
  func unpark() {
    parked.withLock { $0 = nil }
    unsafe MHD_resume_connection(handle)
  }

  var whoIsParked: (any Parked)? { parked.withLock { $0 } }

  func clientHasClosed() { isHalfClosed.store(true, ordering: .sequentiallyConsistent) }

  /// Whether bytes have come that nobody has read yet; anything once it is closed.
  var hasInput: Bool {
    var count: Int32 = 0
    return unsafe cl_ioctl(socket, UInt(FIONREAD), &count) == 0 && count > 0
  }

  /// Best effort: a client that does not read gets nothing.
  func send(_ bytes: [UInt8]) {
    _ = unsafe bytes.withUnsafeBytes {
      unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
  }

  /// Ends both directions: libmicrohttpd sees a hang-up and closes. Only under the table's lock.
  func shut() {
    _ = shutdown(socket, Int32(SHUT_RDWR))
  }
}
