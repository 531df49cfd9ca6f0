internal import Model
internal import Platform
internal import Synchronization

/// What a connection is doing, and since when, in one word: so that of its own thread and the attendant, who may close it
/// for being late, exactly one wins.
final class Stamp: Sendable {
  enum Phase: UInt64 {
    /// Accepted, not yet known to libmicrohttpd.
    case new
    /// For the head of a request.
    case waiting
    case body
    case handling
    /// The attendant has closed it.
    case ended
  }

  private let word = Atomic<UInt64>(0)

  struct Reading: Equatable, Sendable {
    fileprivate let word: UInt64

    var phase: Phase { Phase(rawValue: word & 7) ?? .ended }
    /// Milliseconds on the monotonic clock.
    var since: UInt64 { word >> 3 }
  }

  var reading: Reading { Reading(word: word.load(ordering: .acquiring)) }

  /// False when the attendant has closed the connection: it serves nothing more.
  func enter(_ phase: Phase) -> Bool {
    let desired = Self.now() << 3 | phase.rawValue
    var current = word.load(ordering: .acquiring)
    while current & 7 != Phase.ended.rawValue {
      let (exchanged, original) = word.weakCompareExchange(
        expected: current, desired: desired, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      current = original
    }
    return false
  }

  /// Ends it if nothing has happened since that reading; true when it was this call that did.
  func end(_ reading: Reading) -> Bool {
    word.compareExchange(
      expected: reading.word, desired: Phase.ended.rawValue, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Ends it if it is in that phase since before `limit`.
  func end(_ phase: Phase, before limit: UInt64) -> Bool {
    let reading = reading
    return reading.phase == phase && reading.since <= limit && end(reading)
  }

  static func now() -> UInt64 { UInt64(max(0, SystemClock().now().nanoseconds / 1_000_000)) }

  static func milliseconds(_ duration: Duration) -> UInt64 { UInt64(max(0, duration.wholeMilliseconds)) }
}
