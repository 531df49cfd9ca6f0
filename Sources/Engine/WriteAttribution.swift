internal import Model

/// Tells a run's own writes in the project from a person's.
///
/// Without this a test that rewrites a tracked file would void its own verdict for ever. Blaming a run wrongly would
/// hide a person's edit, so blame needs evidence: the same path changed during three runs of a unit in a row, the
/// third one alone and after a moment in which nobody touched it, and never while the unit was not running. From then on
/// a change of that path *during a run of that unit* does not concern that unit; at any other time it does, and the blame
/// is withdrawn.
struct WriteAttribution: Hashable, Sendable {
  struct Key: Hashable, Sendable {
    let domain: DomainName
    let unit: String
  }

  /// How long nothing may have touched a suspected path before the deciding run starts.
  static let quiet: Duration = .seconds(1)
  private static let deciding = 2
  private static let bound = 4096

  /// Runs in a row of a unit in which the path changed.
  private var suspicion: [Key: [RelativePath: Int]] = [:]
  private var own: [Key: Set<RelativePath>] = [:]
  private var seenInRun: [Key: Set<RelativePath>] = [:]

  /// Takes in settled changes; the answer tells for each unit which of them concern it.
  mutating func attribute(_ changes: [Change], running: Set<Key>) -> Touch {
    var touch = Touch(common: [], exceptions: [])
    for change in changes {
      let path = change.path
      let writers = running.filter { own[$0]?.contains(path) == true }
      let suspects = running.filter { (suspicion[$0]?[path] ?? 0) > 0 }
      if writers.isEmpty && suspects.isEmpty { withdraw(path, exceptFor: running) }
      for key in running where !writers.contains(key) { suspect(key, path, isAlone: running.count == 1) }
      let exempt = own.filter { $0.value.contains(path) }.map(\.key)
      if exempt.isEmpty || running.isDisjoint(with: exempt) {
        touch.common.append(change)
      } else {
        touch.exceptions.append((change, Set(exempt)))
      }
    }
    return touch
  }

  private mutating func suspect(_ key: Key, _ path: RelativePath, isAlone: Bool) {
    guard seenInRun[key]?.contains(path) != true else { return }
    let count = suspicion[key]?[path] ?? 0
    if count >= Self.deciding && isAlone {
      if own[key, default: []].count < Self.bound { own[key, default: []].insert(path) }
      suspicion[key]?[path] = nil
      return
    }
    guard (suspicion[key]?.count ?? 0) < Self.bound else { return }
    suspicion[key, default: [:]][path] = min(count + 1, Self.deciding)
    seenInRun[key, default: []].insert(path)
  }

  /// Somebody else touched it: no run is to blame.
  private mutating func withdraw(_ path: RelativePath, exceptFor running: Set<Key>) {
    for key in suspicion.keys where !running.contains(key) { suspicion[key]?[path] = nil }
    for key in own.keys where !running.contains(key) { own[key]?.remove(path) }
  }

  /// A run of the unit has ended and everything before its end is in: suspicions that it did not feed end.
  mutating func runEnded(_ key: Key) {
    let seen = seenInRun.removeValue(forKey: key) ?? []
    suspicion[key] = suspicion[key]?.filter { seen.contains($0.key) }
    if suspicion[key]?.isEmpty == true { suspicion[key] = nil }
  }

  mutating func forget(_ key: Key) {
    suspicion[key] = nil
    own[key] = nil
    seenInRun[key] = nil
  }

  /// Whether its next run decides, and so has to be alone.
  func isSuspected(_ key: Key) -> Bool {
    suspicion[key]?.contains { $0.value >= Self.deciding } == true
  }

  struct Touch: Sendable {
    /// Concern every unit.
    var common: [Change]
    /// Concern every unit but these.
    var exceptions: [(change: Change, exempt: Set<Key>)]

    func changes(for key: Key) -> [Change] {
      if exceptions.isEmpty { return common }
      return common + exceptions.filter { !$0.exempt.contains(key) }.map(\.change)
    }
  }
}
