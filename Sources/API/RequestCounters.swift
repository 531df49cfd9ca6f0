internal import Model
internal import Synchronization

/// How many requests each route has answered how, and how long that took.
final class RequestCounters: Sendable {
  struct Key: Hashable, Sendable {
    /// The route's pattern, not the path: the number of label values is bounded.
    let route: String
    let status: Int
  }

  struct Snapshot: Sendable {
    var requests: [Key: UInt64] = [:]
    /// Not yet summed up: how many fell between the bound before and this one; the last are above all bounds.
    var buckets = [UInt64](repeating: 0, count: RequestCounters.bounds.count + 1)
    var nanoseconds: UInt64 = 0
  }

  /// In nanoseconds, with the text that the metrics show in seconds.
  static let bounds: [(limit: Int64, text: String)] = [
    (100_000, "0.0001"), (1_000_000, "0.001"), (10_000_000, "0.01"), (100_000_000, "0.1"),
    (1_000_000_000, "1"), (10_000_000_000, "10"), (100_000_000_000, "100"),
  ]

  private let state = Mutex(Snapshot())

  var snapshot: Snapshot { state.withLock { $0 } }

  func count(_ route: String, status: Int, took: Duration) {
    let time = max(0, took.wholeNanoseconds)
    let bucket = Self.bounds.firstIndex { time <= $0.limit } ?? Self.bounds.count
    state.withLock { state in
      state.requests[Key(route: route, status: status), default: 0] += 1
      state.buckets[bucket] += 1
      state.nanoseconds &+= UInt64(time)
    }
  }
}
