internal import CMicrohttpd
internal import Glibc
internal import Synchronization

/// Hands a source's parts to libmicrohttpd, and suspends the connection while there are none.
///
/// At most one part is held; while the client is behind nothing asks for the next. Lock order as in `Exchange`.
@safe final class BodyStream: Parked, @unchecked Sendable {
  // Unchecked: `part` and `offset` are touched on the connection's thread only.
  private var part: [UInt8] = []
  private var offset = 0

  private struct Shared {
    var isSuspended = false
    /// Set by `wake`, cleared before the source is asked: a wake between its "nothing" and the suspension is not lost.
    var isWoken = false
    var isGone = false
    var isStopping = false
    var heartbeatIsDue = false
    var sent: UInt64
  }

  private let shared: Mutex<Shared>
  private let source: any BodySource
  private let connection: Connection
  private let interval: UInt64

  init(_ source: any BodySource, on connection: Connection, heartbeat: Duration) {
    self.source = source
    self.connection = connection
    interval = Stamp.milliseconds(heartbeat)
    shared = Mutex(Shared(sent: Stamp.now()))
  }

  /// Makes the response; libmicrohttpd keeps this object until it is done with it.
  func response() -> OpaquePointer {
    source.open { [weak self] in self?.wake() }
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    return unsafe PreparedResponse.required(
      MHD_create_response_from_callback(
        mhd_size_unknown, 32 << 10,
        { context, _, buffer, room in
          guard let context = unsafe context, let buffer = unsafe buffer else { return mhd_end_with_error }
          let stream = unsafe Unmanaged<BodyStream>.fromOpaque(context).takeUnretainedValue()
          return unsafe stream.fill(UnsafeMutableRawBufferPointer(start: buffer, count: room))
        }, context,
        { context in
          guard let context = unsafe context else { return }
          unsafe Unmanaged<BodyStream>.fromOpaque(context).takeRetainedValue().source.close()
        }))
  }

  private func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      if offset < part.count {
        let count = min(buffer.count, part.count - offset)
        unsafe part.withUnsafeBytes { bytes in
          unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)]))
        }
        offset += count
        return count
      }
      let (isOver, beats) = shared.withLock { shared in
        shared.isWoken = false
        let beats = shared.heartbeatIsDue
        shared.heartbeatIsDue = false
        shared.sent = Stamp.now()
        return (shared.isGone || shared.isStopping || connection.isStopping, beats)
      }
      if isOver { return mhd_end_of_stream }
      if beats, take(source.heartbeat) { continue }
      switch source.next() {
      case .bytes(let bytes): if take(bytes) { continue }
      case .end: return mhd_end_of_stream
      case .wait: break
      }
      let suspended = shared.withLock { shared in
        if shared.isWoken { return false }
        shared.isSuspended = true
        connection.park(self)
        // As in `Exchange.step`: a stop that did not see this one parked is seen here.
        if connection.isStopping { resume(&shared) }
        return true
      }
      if suspended { return 0 }
    }
  }

  private func take(_ bytes: [UInt8]) -> Bool {
    part = bytes
    offset = 0
    return !bytes.isEmpty
  }

  private func wake() {
    shared.withLock { shared in
      shared.isWoken = true
      resume(&shared)
    }
  }

  private func resume(_ shared: inout Shared) {
    guard shared.isSuspended else { return }
    shared.isSuspended = false
    connection.unpark()
  }

  func clientIsGone() {
    shared.withLock { shared in
      shared.isGone = true
      resume(&shared)
    }
  }

  func serverIsStopping() {
    shared.withLock { shared in
      shared.isStopping = true
      resume(&shared)
    }
  }

  func tick(_ milliseconds: UInt64) {
    shared.withLock { shared in
      guard shared.isSuspended, milliseconds >= shared.sent + interval else { return }
      shared.heartbeatIsDue = true
      resume(&shared)
    }
  }
}
