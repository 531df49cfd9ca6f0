internal import Engine
internal import HTTP
internal import Model
internal import Synchronization
internal import Wire

/// Sniffs that nobody waits for: what became of them can be asked for a while.
final class Jobs: Sendable {
  private struct Job {
    let number: UInt64
    let clock: UInt64
    /// Nil while it is under way.
    var outcome: Result<ResultsPage, Problem>?
    var giveUp: (@Sendable () -> Void)?
  }

  private struct State {
    var next: UInt64 = 1
    /// Oldest first.
    var jobs: [Job] = []
  }

  private static let kept = 200
  private let state = Mutex(State())

  func start(_ request: SniffRequest, _ call: Call, _ door: any Door) {
    let number = state.withLock { state in
      defer { state.next += 1 }
      return state.next
    }
    let giveUp = door.sniff(
      request,
      accepted: { [self] clock in
        state.withLock { state in
          state.jobs.append(Job(number: number, clock: clock.number))
          if state.jobs.count > Self.kept { state.jobs.removeFirst() }
        }
        call.answer(status: 202, SniffAnswer.accepted(job: "j\(number)", clock: clock.number))
      },
      done: { [self] outcome in
        let isAccepted = state.withLock { state in
          guard let index = state.jobs.firstIndex(where: { $0.number == number }) else { return false }
          state.jobs[index].outcome = outcome
          return true
        }
        if !isAccepted, case .failure(let problem) = outcome { call.refuse(problem) }
      })
    state.withLock { state in
      if let index = state.jobs.firstIndex(where: { $0.number == number }) {
        state.jobs[index].giveUp = giveUp
      }
    }
  }

  func list(_ call: Call, _ door: any Door) {
    let jobs = state.withLock { $0.jobs }
    var writer = JSONWriter()
    writer.object { writer in
      writer.field("clock", door.clock.number)
      writer.array("jobs") { writer in for job in jobs { Self.write(job, withResults: false, to: &writer) } }
      writer.field("next_cursor", String?.none)
    }
    call.answer(json: writer.bytes)
  }

  func show(_ call: Call, _ door: any Door) {
    guard let job = find(call.captures[0]) else { return call.refuse(.unknownJob(call.captures[0])) }
    var writer = JSONWriter()
    Self.write(job, withResults: true, to: &writer)
    call.answer(json: writer.bytes)
  }

  /// Forgets the job; runs that it started go on, others may wait for them too.
  func remove(_ call: Call, _ door: any Door) {
    guard let job = find(call.captures[0]) else { return call.refuse(.unknownJob(call.captures[0])) }
    job.giveUp?()
    state.withLock { $0.jobs.removeAll { $0.number == job.number } }
    call.answer(json: Array("{}".utf8))
  }

  private func find(_ id: String) -> Job? {
    state.withLock { state in state.jobs.first { "j\($0.number)" == id } }
  }

  private static func write(_ job: Job, withResults: Bool, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.field("job", "j\(job.number)")
      writer.field("clock", job.clock)
      switch job.outcome {
      case nil: writer.field("state", "running")
      case .failure(let problem):
        writer.field("state", "failed")
        if withResults { writer.field("problem", problem) }
      case .success(let page):
        writer.field("state", "done")
        if withResults { writer.field("results", page.results) }
      }
    }
  }
}

extension Problem {
  fileprivate static func unknownJob(_ id: String) -> Problem {
    Problem(status: 404, code: "unknown-job", title: "No such job", detail: "no job \(id) is known")
  }
}
