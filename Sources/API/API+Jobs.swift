internal import Engine
internal import HTTP
internal import Model
internal import Synchronization
internal import Wire

extension API {
  /// Starts what nobody waits for, and replies when its units are queued.
  func begin(_ request: SniffRequest, _ reply: @escaping @Sendable (Result<SniffAnswer, Problem>) -> Void) {
    guard let job = jobs.begin(request, clock: door.clock.number) else {
      return reply(
        .failure(
          Problem(
            status: 503, code: "too-many-jobs", title: "Too many jobs",
            detail: "as many jobs as are kept are still running", hint: "GET /api/v1/jobs lists them")))
    }
    let isAnswered = Once()
    let giveUp = door.sniff(
      request,
      accepted: { clock in
        guard isAnswered.first() else { return }
        reply(.success(.accepted(job: job, clock: clock.number)))
      },
      done: { [jobs] result in
        // What is refused before it is accepted is no job.
        let isJob = !isAnswered.first()
        switch result {
        case .success(let page):
          jobs.finish(job, .done(page))
          if !isJob { reply(.success(.accepted(job: job, clock: page.clock))) }
        case .failure(let problem) where isJob: jobs.finish(job, .failed(problem))
        case .failure(let problem):
          jobs.forget(job)
          reply(.failure(problem))
        }
      })
    jobs.keep(giveUp, for: job)
  }

  func listJobs(_ call: Call) {
    call.reply(
      .object { writer in
        writer.field("clock", door.clock.number)
        writer.array("jobs") { writer in
          for job in jobs.all { job.write(to: &writer, withResults: false) }
        }
        writer.field("next_cursor", String?.none)
      })
  }

  func job(_ call: Call) throws(Problem) {
    guard let job = jobs.find(call.parameters[0]) else { throw .unknownJob(call.parameters[0]) }
    var writer = JSONWriter()
    job.write(to: &writer, withResults: true)
    call.reply(Reply(writer.bytes))
  }

  /// Nothing waits for its runs any more, but they go on: each is ended by its own id.
  func forgetJob(_ call: Call) throws(Problem) {
    guard jobs.forget(call.parameters[0]) else { throw .unknownJob(call.parameters[0]) }
    call.reply(.object { $0.field("clock", door.clock.number) })
  }
}

extension Problem {
  static func unknownJob(_ id: String) -> Problem {
    Problem(
      status: 404, code: "unknown-job", title: "No such job", detail: "no job \(id) is kept",
      hint: "GET /api/v1/jobs lists them")
  }
}

/// True for the first who asks.
final class Once: Sendable {
  private let isTaken = Atomic<Bool>(false)

  func first() -> Bool { !isTaken.exchange(true, ordering: .acquiringAndReleasing) }
}
