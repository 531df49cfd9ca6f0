/// What happened to a path between two moments.
package enum ChangeKind: String, Sendable, CaseIterable {
  case created
  case changed
  case deleted
}

/// A path, what happened to it, and the tick at which the daemon knew.
package struct Change: Hashable, Sendable {
  package let path: RelativePath
  package let kind: ChangeKind
  package let tick: Tick

  package init(path: RelativePath, kind: ChangeKind, tick: Tick) {
    self.path = path
    self.kind = kind
    self.tick = tick
  }
}

/// The settled changes of one project up to and including one tick.
package struct ChangeSet: Hashable, Sendable {
  package let tick: Tick
  package let changes: [Change]

  package init(tick: Tick, changes: [Change]) {
    self.tick = tick
    self.changes = changes
  }
}

/// The answer to "what differs since that clock?".
package struct ChangesAnswer: Hashable, Sendable {
  package let clock: Tick
  /// True when the daemon cannot know what changed since then: `changes` then holds every file as created.
  package let fresh: Bool
  package let changes: [Change]

  package init(clock: Tick, fresh: Bool, changes: [Change]) {
    self.clock = clock
    self.fresh = fresh
    self.changes = changes
  }
}
