package import Model

/// Decides when a stream of changes has come to rest. Pure: it is told the time and never asks.
///
/// One finished save settles after a quarter of `quiet`; several files after `quiet`; a stream that goes on is given more
/// and more patience, up to `atMost` after its first change, so that an unpack is one set of changes and not fifty.
package struct Settler: Sendable {
  package var settings: SettleSettings
  package private(set) var first: Instant?
  private var last = Instant(nanoseconds: 0)
  private var onlyPath: UInt64?
  private var isFinished = false

  package init(_ settings: SettleSettings) {
    self.settings = settings
  }

  package var isQuiet: Bool { first == nil }

  /// Something changed. `path` tells one path from another; `finished` says that its writer has closed it or moved it into
  /// place. True for the first change after quiet.
  @discardableResult
  package mutating func note(path: UInt64, finished: Bool, at now: Instant) -> Bool {
    let isFirst = first == nil
    if isFirst {
      first = now
      onlyPath = path
    } else if onlyPath != path {
      onlyPath = nil
    }
    last = now
    isFinished = finished
    return isFirst
  }

  /// When the changes count as settled if nothing else comes; nil when there are none.
  package var deadline: Instant? {
    guard let first else { return nil }
    let quiet = settings.quiet
    let wait: Duration
    if onlyPath != nil && isFinished {
      wait = quiet / 4
    } else {
      // A quarter of the time that the stream has lasted, so that short pauses in a long stream do not end it.
      wait = max(quiet, min((last - first) / 4, quiet * 10))
    }
    return min(last + wait, first + settings.atMost)
  }

  package mutating func clear() {
    first = nil
    onlyPath = nil
    isFinished = false
  }
}
