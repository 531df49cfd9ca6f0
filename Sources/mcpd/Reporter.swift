internal import Engine
internal import Model
internal import Platform
internal import Synchronization
internal import Wire

/// Tells the log what happens, from the stored stream, so that nothing is told that the journal does not have.
final class Reporter: Sendable {
  private let engine: Engine
  private let log: Log
  private let thread = WorkerThread(named: "reporter")
  private let position: Mutex<Tick>

  init(_ engine: Engine, _ log: Log) {
    self.engine = engine
    self.log = log
    position = Mutex(engine.clock)
  }

  func start() {
    _ = engine.follow { [weak self] in
      guard let self else { return }
      thread.enqueue { [self] in tell() }
    }
    thread.enqueue { [self] in tell() }
  }

  private func tell() {
    while true {
      let after = position.withLock { $0 }
      guard case .success(let events) = engine.events(after: after, project: nil, kinds: [], limit: 500),
        let last = events.last
      else { return }
      for event in events { tell(event) }
      position.withLock { $0 = last.tick }
    }
  }

  private func tell(_ event: Event) {
    guard let document = try? JSON(parsing: event.body), let sentence = Sentence(event, document) else {
      return
    }
    log(sentence.level, sentence.text, fields: sentence.fields)
  }
}
