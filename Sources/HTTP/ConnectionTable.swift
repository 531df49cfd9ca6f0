internal import Glibc
internal import Platform
internal import Synchronization

/// All connections, by descriptor.
///
/// A connection is taken out before its descriptor is closed, and descriptors of others are touched under the lock only:
/// so none is shut down after its number has gone to somebody else.
final class ConnectionTable: Sendable {
  private struct State {
    var connections: [Int32: Connection] = [:]
    var nextSerial: UInt32 = 0
  }

  private let state = Mutex(State())
  let limit: Int

  init(limit: Int?) {
    self.limit = max(4, limit ?? Self.half())
  }

  private static func half() -> Int {
    var limits = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return 512 }
    return Int(clamping: min(limits.rlim_cur / 2, 4096))
  }

  var isEmpty: Bool { state.withLock { $0.connections.isEmpty } }
  var count: Int { state.withLock { $0.connections.count } }

  /// Whether one more may be let in. Idle ones are closed for its sake; they count until their threads have noticed.
  func makeRoom() -> Bool {
    let count = count
    if count >= limit { closeOldest(limit / 16 + 1) }
    return count < limit + limit / 8 + 16
  }

  func add(_ socket: Int32, _ peer: Peer?, _ server: ServerCore) -> Connection {
    state.withLock { state in
      state.nextSerial &+= 1
      let connection = Connection(socket: socket, serial: state.nextSerial, peer: peer, server: server)
      state.connections[socket] = connection
      return connection
    }
  }

  func find(_ socket: Int32) -> Connection? {
    state.withLock { $0.connections[socket] }
  }

  func find(_ socket: Int32, serial: UInt32) -> Connection? {
    guard let connection = find(socket), connection.serial == serial else { return nil }
    return connection
  }

  func remove(_ connection: Connection) {
    state.withLock { state in
      if state.connections[connection.socket] === connection { state.connections[connection.socket] = nil }
    }
  }

  func shut(_ connection: Connection) {
    state.withLock { state in
      if state.connections[connection.socket] === connection { connection.shut() }
    }
  }

  /// Closes up to that many of the idle ones, oldest first.
  func closeOldest(_ count: Int) {
    state.withLock { state in
      let idle = state.connections.values
        .map { (reading: $0.stamp.reading, connection: $0) }
        .filter { $0.reading.phase == .waiting }
        .sorted { $0.reading.since < $1.reading.since }
      for (reading, connection) in idle.prefix(count) where connection.stamp.end(reading) {
        connection.shut()
      }
    }
  }

  /// Closes those whose head or body is late, and returns what the others are parked for.
  func closeLate(head: UInt64, body: UInt64) -> [any Parked] {
    state.withLock { state in
      var parked: [any Parked] = []
      for connection in state.connections.values {
        if connection.stamp.end(.waiting, before: head) {
          connection.shut()
        } else if connection.stamp.end(.body, before: body) {
          // Its thread waits for the rest of the body and sends nothing, so these bytes stand alone.
          connection.send(Rejection.bodyTooSlow.raw)
          connection.shut()
        } else if let who = connection.whoIsParked {
          parked.append(who)
        }
      }
      return parked
    }
  }

  var parked: [any Parked] {
    state.withLock { $0.connections.values.compactMap(\.whoIsParked) }
  }

  /// Whether any connection is in the middle of a request.
  var isBusy: Bool {
    state.withLock { $0.connections.values.contains { [.body, .handling].contains($0.stamp.reading.phase) } }
  }
}
