internal import CLinux
internal import Glibc

/// Connections whose client has closed its half: they get their answers, and then the other half is closed.
///
/// libmicrohttpd misses the end of input when it arrives together with data (it takes a short read for the last one before
/// the next edge), and would keep the connection open until it is late.
struct HalfClosed {
  private struct Entry {
    weak var connection: Connection?
    /// Since when nothing has moved.
    var seen: Stamp.Reading?
    var since: UInt64 = 0
    /// How often that was seen, a pause apart: a machine that stood still has passed time and given nobody a turn.
    var looks = 0
  }

  private var entries: [Entry] = []

  /// How often to look, in milliseconds.
  static let pause: Int32 = 10
  /// After this many looks what is missing will never come: it is not in the socket, and its thread has had its turn.
  private static let patience = 10

  mutating func add(_ connection: Connection) {
    connection.clientHasClosed()
    // One that has been parked reports again.
    guard !entries.contains(where: { $0.connection === connection }) else { return }
    entries.append(Entry(connection: connection))
  }

  /// Whether to come back after a pause; otherwise the connection itself wakes the attendant when its request has ended.
  mutating func check(_ connections: ConnectionTable) -> Bool {
    if entries.isEmpty { return false }
    var comesBack = false
    let time = Stamp.now()
    entries = entries.compactMap { entry in
      guard let connection = entry.connection else { return nil }
      let now = connection.stamp.reading
      if now.phase == .ended { return nil }
      var entry = entry
      if entry.seen != now || connection.hasInput {
        entry.seen = now
        entry.since = time
        entry.looks = 0
      } else if time >= entry.since + UInt64(entry.looks + 1) * UInt64(Self.pause) {
        entry.looks += 1
      }
      if now.phase == .handling { return entry }
      comesBack = true
      guard entry.looks >= Self.patience else { return entry }
      if connection.stamp.end(now) { connections.shut(connection) }
      return nil
    }
    return comesBack
  }
}
