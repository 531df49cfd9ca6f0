package import Model

/// How a process is asked to end, more and more firmly, as data: who carries it out only asks what is due.
package struct StopSequence: Hashable, Sendable {
  package enum Step: Hashable, Sendable {
    case signal(Int32)
    case wait(Duration)
  }

  private let steps: [Step]
  private var position = 0
  private var waitsUntil: Instant?

  package init(_ steps: [Step]) {
    self.steps = steps
  }

  /// TERM, time to obey, KILL. CONT lets a stopped process see the TERM.
  package static func orderly(grace: Duration) -> StopSequence {
    StopSequence([.signal(15), .signal(18), .wait(grace), .signal(9)])
  }

  /// The signals that are due at `now`, each exactly once.
  package mutating func due(at now: Instant) -> [Int32] {
    var signals: [Int32] = []
    while position < steps.count {
      switch steps[position] {
      case .signal(let number): signals.append(number)
      case .wait(let duration):
        let end = waitsUntil ?? now + duration
        if now < end {
          waitsUntil = end
          return signals
        }
        waitsUntil = nil
      }
      position += 1
    }
    return signals
  }

  /// When to ask again; nil when all signals have been handed out, or none was asked for yet.
  package var next: Instant? { waitsUntil }
  package var isFinished: Bool { position == steps.count }
}
