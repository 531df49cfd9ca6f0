internal import Model
internal import Platform
internal import Synchronization
internal import Wire

/// Work that nobody waits for: what it is, how it stands, and for a while what came out.
final class JobTable: Sendable {
  struct Job: Sendable {
    enum State: Sendable {
      case running
      case done(ResultsPage)
      case failed(Problem)
    }

    let id: String
    let request: SniffRequest
    let clock: UInt64
    let created: Timestamp
    var finished: Timestamp?
    var state = State.running
    /// Ends the engine's wait.
    var giveUp: (@Sendable () -> Void)?
  }

  private struct Table {
    /// Oldest first.
    var jobs: [Job] = []
    var next = 1
  }

  private let table = Mutex(Table())
  private let clock: any Clock
  private let limit: Int

  init(clock: any Clock, limit: Int = 256) {
    self.clock = clock
    self.limit = limit
  }

  /// Nil when the table is full of jobs that still run. Finished ones make room, oldest first.
  func begin(_ request: SniffRequest, clock tick: UInt64) -> String? {
    let now = clock.wall()
    return table.withLock { table in
      if table.jobs.count >= limit {
        guard let old = table.jobs.firstIndex(where: { $0.finished != nil }) else { return nil }
        table.jobs.remove(at: old)
      }
      let id = "j\(table.next)"
      table.next += 1
      table.jobs.append(Job(id: id, request: request, clock: tick, created: now))
      return id
    }
  }

  func finish(_ id: String, _ state: Job.State) {
    let now = clock.wall()
    table.withLock { table in
      guard let index = table.jobs.firstIndex(where: { $0.id == id }) else { return }
      table.jobs[index].state = state
      table.jobs[index].finished = now
      table.jobs[index].giveUp = nil
    }
  }

  func keep(_ giveUp: @escaping @Sendable () -> Void, for id: String) {
    table.withLock { table in
      guard let index = table.jobs.firstIndex(where: { $0.id == id && $0.finished == nil }) else { return }
      table.jobs[index].giveUp = giveUp
    }
  }

  func find(_ id: String) -> Job? {
    table.withLock { $0.jobs.first { $0.id == id } }
  }

  /// False when there is none.
  @discardableResult
  func forget(_ id: String) -> Bool {
    let job = table.withLock { table -> Job? in
      guard let index = table.jobs.firstIndex(where: { $0.id == id }) else { return nil }
      return table.jobs.remove(at: index)
    }
    job?.giveUp?()
    return job != nil
  }

  /// Newest first.
  var all: [Job] { table.withLock { $0.jobs.reversed() } }
}

extension JobTable.Job {
  func write(to writer: inout JSONWriter, withResults: Bool) {
    writer.object {
      $0.field("job", id)
      $0.field("clock", clock)
      $0.field("created", created)
      if let finished { $0.field("finished", finished) } else { $0.field("finished", String?.none) }
      $0.field("request", request)
      switch state {
      case .running: $0.field("state", "running")
      case .done(let page):
        $0.field("state", "done")
        if withResults { $0.field("results", page.results) }
      case .failed(let problem):
        $0.field("state", "failed")
        $0.field("problem", problem)
      }
    }
  }
}
