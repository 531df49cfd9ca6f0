package import Model

/// Every settled change since the history began, in the order of their ticks.
///
/// To answer for any clock it is enough to know, for each path, whether it existed then: the first change after the clock
/// tells that. So of several `changed` in a row only the newest is kept, and a tree in which the same files are saved
/// all day does not grow its history.
package struct ChangeHistory: Sendable {
  package struct Entry: Hashable, Sendable {
    package let tick: Tick
    package let path: PathBook.PathID
    package let kind: ChangeKind

    package init(tick: Tick, path: PathBook.PathID, kind: ChangeKind) {
      self.tick = tick
      self.path = path
      self.kind = kind
    }
  }

  /// Nothing is known of what happened up to here: a clock before it is answered with everything.
  package private(set) var floor: Tick
  /// Nil where a later entry has taken the place.
  private var entries: [Entry?] = []
  private var newest: [PathBook.PathID: Int] = [:]
  private var gaps = 0
  private let limit: Int

  package init(floor: Tick, limit: Int = 1_000_000) {
    self.floor = floor
    self.limit = limit
  }

  package var isEmpty: Bool { newest.isEmpty }
  package var newestTick: Tick? { entries.last.flatMap { $0?.tick } }
  package var all: [Entry] { entries.compactMap { $0 } }

  package mutating func append(_ entry: Entry) {
    if let last = newest[entry.path], entry.kind == .changed, entries[last]?.kind == .changed {
      entries[last] = nil
      gaps += 1
    }
    newest[entry.path] = entries.count
    entries.append(entry)
    if gaps > 1024 && gaps * 2 > entries.count { compact() }
    if entries.count - gaps > limit { forgetOldest() }
  }

  /// The paths that changed after `clock`, each with whether it existed at that clock; nil when that is not known.
  package func since(_ clock: Tick) -> [(path: PathBook.PathID, existed: Bool, tick: Tick)]? {
    if clock < floor { return nil }
    var low = 0
    var high = entries.count
    // Gaps have no tick of their own: look for the next entry that has one.
    while low < high {
      let middle = (low + high) / 2
      var probe = middle
      while probe < high, entries[probe] == nil { probe += 1 }
      if probe == high {
        high = middle
      } else if entries[probe]!.tick > clock {
        high = middle
      } else {
        low = probe + 1
      }
    }
    var seen: [PathBook.PathID: Int] = [:]
    var answer: [(path: PathBook.PathID, existed: Bool, tick: Tick)] = []
    for case .some(let entry) in entries[low...] {
      if let place = seen[entry.path] {
        answer[place].tick = entry.tick
      } else {
        seen[entry.path] = answer.count
        answer.append((entry.path, entry.kind != .created, entry.tick))
      }
    }
    return answer
  }

  private mutating func compact() {
    entries = entries.filter { $0 != nil }
    gaps = 0
    for (place, entry) in entries.enumerated() { newest[entry!.path] = place }
  }

  private mutating func forgetOldest() {
    compact()
    let cut = entries.count / 2
    guard let last = entries[..<cut].last, let last else { return }
    floor = last.tick
    entries.removeFirst(cut)
    newest = [:]
    for (place, entry) in entries.enumerated() { newest[entry!.path] = place }
  }
}
