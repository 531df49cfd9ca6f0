internal import CLinux
internal import CMicrohttpd
internal import Glibc
package import Platform
internal import Synchronization

/// An HTTP/1.1 server on one listening socket.
///
/// The handler is called on one of the server's few threads and must not hold it: what takes time answers later through
/// its responder.
package final class Server: Sendable {
  package typealias Handler = @Sendable (Request, Responder) -> Void

  private let core: ServerCore
  /// Nil once stopped.
  private let entrance: Mutex<Entrance?>

  private final class Entrance: Sendable {
    let descriptor: Descriptor
    let claim: ListeningSocket.Claim?

    init(_ descriptor: consuming Descriptor, _ claim: ListeningSocket.Claim?) {
      self.descriptor = descriptor
      self.claim = claim
    }
  }

  /// `allow` decides who may connect; peers are nil on sockets that do not say who is at the other end.
  package init(
    listening: consuming ListeningSocket, limits: Limits = Limits(),
    allow: @escaping @Sendable (Peer?) -> Bool = { $0?.isSelfOrRoot ?? false }, handler: @escaping Handler
  ) throws(SystemError) {
    let (number, claim) = listening.split()
    entrance = Mutex(Entrance(Descriptor(owning: number), claim))
    core = try ServerCore(listening: number, limits: limits, allow: allow, handler: handler)
    try core.start()
  }

  package var connectionCount: Int { core.connections.count }

  /// Nobody is let in any more; waiting requests are answered 503, streams end, answers on their way get up to `grace`.
  /// The socket's name is gone when this returns. Never call it from a handler.
  package func stop(grace: Duration = .seconds(1)) {
    let entrance = entrance.withLock { entrance in
      defer { entrance = nil }
      return entrance
    }
    guard let entrance else { return }
    core.stop(grace: grace)
    withExtendedLifetime(entrance) {}
  }

  deinit {
    stop(grace: .zero)
  }
}

/// What the server's threads share.
@safe final class ServerCore: @unchecked Sendable {
  // Unchecked: `daemon` is set in `start`, before any other thread sees it, and cleared after they have ended.
  let limits: Limits
  let handler: Server.Handler
  let connections: ConnectionTable
  let attendant: Attendant
  private let allow: @Sendable (Peer?) -> Bool
  private let stopping = Atomic<Bool>(false)
  private var daemon: OpaquePointer?

  init(
    listening: Int32, limits: Limits, allow: @escaping @Sendable (Peer?) -> Bool,
    handler: @escaping Server.Handler
  ) throws(SystemError) {
    self.limits = limits
    self.allow = allow
    self.handler = handler
    connections = ConnectionTable(limit: limits.connections)
    attendant = try Attendant(listening: listening, limits: limits)
  }

  var isStopping: Bool { stopping.load(ordering: .sequentiallyConsistent) }

  func start() throws(SystemError) {
    let threads = UInt32(clamping: max(2, limits.threads))
    // Each thread may get all connections.
    let room = UInt32(clamping: connections.limit * 2 + 64) * threads
    let stall = UInt32(clamping: max(1, Stamp.milliseconds(limits.stall) / 1000))
    unsafe daemon = mhd_start(callbacks(), threads, room, limits.headBytes, stall)
    guard unsafe daemon != nil else { throw .last("start", "the HTTP server") }
    attendant.start(self)
  }

  func stop(grace: Duration) {
    attendant.stop()
    stopping.store(true, ordering: .sequentiallyConsistent)
    // Whoever parks from here on sees the flag first; so after this none is suspended, which libmicrohttpd insists on.
    for parked in connections.parked { parked.serverIsStopping() }
    let deadline = Stamp.now() + Stamp.milliseconds(grace)
    while connections.isBusy, Stamp.now() < deadline { usleep(1000) }
    unsafe MHD_stop_daemon(daemon)
    unsafe daemon = nil
  }

  /// Takes over an accepted socket.
  func admit(_ socket: Int32) {
    let peer = try? Peer.of(socket: socket)
    guard !isStopping, allow(peer) else {
      close(socket)
      return
    }
    let connection = connections.add(socket, peer, self)
    attendant.watch(connection)
    var address = sockaddr()
    address.sa_family = sa_family_t(AF_UNIX)
    let length = socklen_t(MemoryLayout<sockaddr>.size)
    // It closes the socket itself when it cannot take it.
    if unsafe MHD_add_connection(daemon, socket, &address, length) != mhd_yes {
      connections.remove(connection)
    }
  }

  private func callbacks() -> mhd_callbacks {
    unsafe mhd_callbacks(
      // Unretained: whoever stops the daemon holds this object until its threads have ended.
      context: Unmanaged.passUnretained(self).toOpaque(),
      handle: { _, _, _, method, version, upload, uploadSize, state in
        guard let state = unsafe state?.pointee, let method = unsafe method, let version = unsafe version,
          let uploadSize = unsafe uploadSize
        else { return mhd_no }
        let connection = unsafe Unmanaged<Connection>.fromOpaque(state).takeUnretainedValue()
        let bytes =
          unsafe uploadSize.pointee > 0
          ? UnsafeRawBufferPointer(start: upload, count: uploadSize.pointee) : nil
        unsafe uploadSize.pointee = 0
        return unsafe connection.proceed(method: method, version: version, upload: bytes) ? mhd_yes : mhd_no
      },
      began: { _, target, handle in
        guard let target = unsafe target, let handle = unsafe handle,
          let context = unsafe mhd_socket_context(handle)
        else { return nil }
        unsafe Unmanaged<Connection>.fromOpaque(context).takeUnretainedValue().began(target)
        return unsafe context
      },
      completed: { _, _, state, _ in
        guard let state = unsafe state?.pointee else { return }
        unsafe Unmanaged<Connection>.fromOpaque(state).takeUnretainedValue().completed()
      },
      connection: { context, handle, state, code in
        guard let context = unsafe context, let handle = unsafe handle, let state = unsafe state else {
          return
        }
        let core = unsafe Unmanaged<ServerCore>.fromOpaque(context).takeUnretainedValue()
        if mhd_is_started(code) != 0 {
          guard let connection = unsafe core.connections.find(mhd_socket(handle)) else { return }
          unsafe connection.started(handle)
          unsafe state.pointee = Unmanaged.passRetained(connection).toOpaque()
        } else if let held = unsafe state.pointee {
          unsafe core.connections.remove(Unmanaged<Connection>.fromOpaque(held).takeRetainedValue())
          unsafe state.pointee = nil
        }
      },
      // The target is decoded by us, part by part.
      unescape: { _, _, text in unsafe text.map { unsafe strlen($0) } ?? 0 })
  }
}
