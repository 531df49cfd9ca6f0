package import Model

/// What lies in a work tree's git directory and tells that an operation is under way.
package struct GitMarkers: Hashable, Sendable {
  package var isLocked = false
  /// The operation that has begun and is not finished: `rebase`, `merge`, `cherry-pick`, `revert`, `bisect`, `am`.
  package var operation: String?

  package init(isLocked: Bool = false, operation: String? = nil) {
    self.isLocked = isLocked
    self.operation = operation
  }

  /// Names in the git directory, and the operation that each stands for; the first that exists counts.
  package static let operations: [(file: String, operation: String)] = [
    ("rebase-merge", "rebase"), ("rebase-apply", "rebase"), ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert"), ("sequencer", "cherry-pick"),
    ("BISECT_LOG", "bisect"),
  ]
}

/// Decides whether the gate is open. Pure: told what lies in the git directory, which processes were seen, and the time.
///
/// Git's processes are looked for only after one of its locks or markers was seen. From then on the gate is closed as long as
/// one of them works, also between its locks; one that waits for an editor is a person's hand. A lock without a process
/// that could hold it belongs to a git out of sight, or to one that was killed: it counts for 30 s, then until quiet.
package struct GateKeeper: Sendable {
  /// How long a lock may come and go before processes are looked for: most commands are over by then.
  static let grace = Duration.milliseconds(5)
  static let patience = Duration.seconds(30)
  static let outOfSightQuiet = Duration.milliseconds(300)
  /// How long a person's editor must have been seen before it is believed to be one and not a script.
  static let editorPatience = Duration.milliseconds(200)

  package private(set) var markers = GitMarkers()
  private var holds: [(id: UInt64, text: String)] = []
  private var nextHold: UInt64 = 1

  /// Something was seen in the git directory and processes have not been looked at since.
  private var suspectedAt: Instant?
  private var isWorking = false
  private var waitingSince: Instant?
  /// A lock that nobody visible holds: since when, and when it was last touched.
  private var unseenSince: Instant?
  private var unseenTouched: Instant?
  /// The lock has had its 30 s; it does not count until it moves.
  private var isStale = false
  private var lookAt: Instant?
  private var pause = Duration.milliseconds(10)

  package init() {}

  // MARK: What it is told

  /// Something came or went in the git directory.
  package mutating func saw(_ markers: GitMarkers, at now: Instant) {
    let hasNews = markers != self.markers || markers.isLocked || isWorking
    self.markers = markers
    isStale = false
    if unseenSince != nil { unseenTouched = now }
    guard hasNews else { return }
    if suspectedAt == nil && !isWorking { suspectedAt = now }
    pause = .milliseconds(10)
    lookAt = min(lookAt ?? now + Self.grace, now + Self.grace)
  }

  /// A process that worked has ended.
  package mutating func ended(at now: Instant) { if isClosedByGit { lookAt = now } }

  /// The processes of this moment.
  package mutating func looked(working: Bool, waiting: Bool, at now: Instant) {
    suspectedAt = nil
    lookAt = nil
    if working {
      isWorking = true
      waitingSince = nil
      unseenSince = nil
    } else if waiting {
      let since = waitingSince ?? now
      waitingSince = since
      unseenSince = nil
      if now - since >= Self.editorPatience { isWorking = false }
    } else {
      isWorking = false
      waitingSince = nil
      if markers.isLocked && !isStale {
        if unseenSince == nil {
          unseenSince = now
          unseenTouched = now
        }
      } else if let touched = unseenTouched, now - touched >= Self.outOfSightQuiet {
        unseenSince = nil
        unseenTouched = nil
      }
      if let since = unseenSince, now - since >= Self.patience {
        isStale = markers.isLocked
        unseenSince = nil
        unseenTouched = nil
      }
    }
    if isClosedByGit || waitingSince != nil && isWorking {
      lookAt = now + pause
      pause = min(pause * 2, .milliseconds(250))
    } else {
      pause = .milliseconds(10)
    }
  }

  package mutating func hold(_ text: String) -> UInt64 {
    defer { nextHold += 1 }
    holds.append((nextHold, text))
    return nextHold
  }

  package mutating func release(_ id: UInt64) { holds.removeAll { $0.id == id } }

  // MARK: What it answers

  private var isClosedByGit: Bool { isWorking || unseenSince != nil }

  /// Whether changes must wait. Also true in the few milliseconds before it is known whether git is at work.
  package var holdsBack: Bool { isClosedByGit || suspectedAt != nil || !holds.isEmpty }

  /// When processes should be looked at.
  package var nextLook: Instant? { lookAt }

  /// What is told; a suspicion is not.
  package var gate: Gate {
    if isClosedByGit {
      let reason = markers.operation ?? "index-lock"
      let text =
        unseenSince != nil
        ? "git holds its lock, and no git process is to be seen here"
        : "git is at work (\(markers.operation ?? "index lock"))"
      return Gate(isOpen: false, reason: reason, text: text)
    }
    if let hold = holds.first { return Gate(isOpen: false, reason: "hold", text: hold.text) }
    if let operation = markers.operation {
      return Gate(isOpen: true, reason: operation, text: "open; a \(operation) has stopped and waits for you")
    }
    return .open
  }
}
