package import Model
package import Storage
package import Wire

/// What the dispatcher wants done, as values; whoever performs one reports back by a message.
package enum Order: Sendable {
  /// Answered by `.settings`.
  case reloadSettings(ProjectName)
  case reconfigureWatch(ProjectName, ignore: [String], settle: SettleSettings)
  /// Answered by `.unitsFound` with the same generation.
  case discover(ProjectName, root: String, DomainSettings, generation: UInt64)
  /// Answered by `.synced`.
  case syncWatch(ProjectName, SyncTicket)
  case start(RunRequest)
  case stop(RunID)
  /// The run's directory is not needed any more: its result is stored, or it never counted.
  case release(RunID)
  /// Answered by `.recorded` with the same sequence number; in order.
  case record(Record)
  case answer(Ticket, Answer)
  /// Send `.woken` at (or soon after) this moment; a later order replaces an earlier one.
  case wake(at: Instant)
  case openProject(directory: String, toolchain: [String: String], Ticket)
  case closeProject(ProjectName)

  package enum Answer: Sendable {
    case done
    case refused(Problem)
    case synced(SyncAnswer)
    /// The units are named and queued; the results follow.
    case accepted(clock: UInt64)
    case results([ResultBody], clock: UInt64)
  }
}

/// What is to be durable together, or not at all, in the order of the numbers.
package struct Record: Sendable {
  package var sequence: UInt64
  package var transaction = JournalTransaction()
}
