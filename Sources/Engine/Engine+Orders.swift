internal import Configuration
internal import Execution
internal import Model
internal import Platform
internal import Storage
internal import Synchronization
internal import Watching
internal import Wire

// Performs the dispatcher's orders. Nothing here decides anything.
extension Engine {
  func perform(_ order: Order) {
    switch order {
    case .reloadSettings(let name):
      guard let root = root(of: name) else { return }
      reading.enqueue { [self] in post(.settings(name, report(load(root)))) }
    case .reconfigureWatch(let name, let ignore, let settle):
      watcher(of: name)?.reconfigure(ignore: ignore, settle: settle)
    case .discover(let name, let root, let settings, let generation):
      reading.enqueue { [self] in discover(name, root, settings, generation) }
    case .syncWatch(let name, let ticket):
      guard let watcher = watcher(of: name) else {
        // Its project has just been closed: there is nothing left to see.
        return post(.synced(ticket, store.ticks.current))
      }
      watcher.sync { [weak self] tick in self?.post(.synced(ticket, tick)) }
    case .start(let request):
      executor.start(request) { [weak self] report in self?.post(.runEnded(RunEnd(report))) }
    case .stop(let run): executor.stop(run)
    case .release(let run): executor.discard(run)
    case .record(let record): write(record)
    case .answer(let ticket, let answer): give(answer, to: ticket)
    case .wake(let moment): alarm.withLock { $0 }?.set(at: moment)
    case .openProject(let directory, let toolchain, let ticket):
      reading.enqueue { [self] in add(directory, toolchain, ticket) }
    case .closeProject(let name):
      let watcher = watchers.withLock { $0.removeValue(forKey: name) }
      watcher?.stop {}
    }
  }

  func watcher(of name: ProjectName) -> ProjectWatcher? { watchers.withLock { $0[name] } }

  func root(of name: ProjectName) -> String? {
    dispatcher.withLock { dispatcher in dispatcher.index(of: name).map { dispatcher.projects[$0].root } }
  }

  private func write(_ record: Record) {
    let sequence = record.sequence
    store.record(record.transaction) { [weak self] result in
      guard let self else { return }
      switch result {
      case .success:
        post(.recorded(sequence))
        wakeFollowers()
      case .failure:
        // It is kept in memory; `storageChanged` tells when it is on disk. Records fail in order.
        unacknowledged.store(sequence, ordering: .releasing)
      }
    }
  }

  func wakeFollowers() {
    for wake in followers.withLock({ Array($0.values) }) { wake() }
  }

  func give(_ answer: Order.Answer, to ticket: Ticket) {
    if case .accepted = answer {
      answers.withLock { $0[ticket] }?(answer)
    } else {
      answers.withLock { $0.removeValue(forKey: ticket) }?(answer)
    }
  }

  private func discover(
    _ name: ProjectName, _ root: String, _ settings: DomainSettings, _ generation: UInt64
  ) {
    guard let watcher = watcher(of: name) else { return }
    let answer: DiscoveryAnswer
    switch Runners.runner(for: settings.runner) {
    case .failure(let diagnostic): answer = .failed(diagnostic)
    case .success(let runner):
      let files = ProjectFiles(files: watcher.files(matching: [Wildmatch("**")])) { path in
        try? Files.read(root + "/" + path.text, limit: 1 << 20)
      }
      answer = .units(runner.units(settings, in: files))
    }
    post(.unitsFound(name, settings.name, generation: generation, answer))
  }
}

extension RunEnd {
  init(_ report: RunReport) {
    let kind: Kind =
      switch (report.end, report.judgement) {
      case (.judged, let judgement?): .judged(judgement)
      case (.stopped, _): .stopped
      case (.supervisorDied, let judgement): .lost(judgement?.note ?? "its supervisor died")
      case (.lost, _), (.judged, nil): .lost("nothing is known of how it ended")
      }
    self.init(
      request: report.request, kind: kind, started: report.started, duration: report.duration,
      usage: report.usage, log: report.output)
  }
}
