internal import CLinux
internal import Glibc
internal import Platform
internal import Synchronization

/// Reads files for their digests on a thread of its own, at idle priority, so that neither ten gigabytes nor a slow disk
/// holds the watch up. The thread ends when there is nothing left to read.
final class DigestWorker: Sendable {
  struct Request: Sendable {
    let entry: FileTable.Entry
    let path: [UInt8]
    let status: EntryStatus
    /// Somebody waits for it: not at idle priority, and before the others.
    let isUrgent: Bool
    /// The file's times lie so far back that a change after this would move them.
    let isPast: Bool
  }

  struct Answer: Sendable {
    let request: Request
    let outcome: ContentReader.Outcome
  }

  private struct State {
    var urgent: [Request] = []
    var patient: [Request] = []
    var answers: [Answer] = []
    var isUrgentRunning = false
    var isPatientRunning = false
    var isStopped = false
  }

  private let root: [UInt8]
  private let bell: Int32
  private let state = Mutex(State())

  /// `bell` is an eventfd that is rung when there are answers; it must outlive the worker's `stop`.
  init(root: [UInt8], bell: Int32) {
    self.root = root
    self.bell = bell
  }

  func ask(_ requests: [Request]) {
    let (startsUrgent, startsPatient) = state.withLock { state in
      if state.isStopped { return (false, false) }
      for request in requests {
        if request.isUrgent { state.urgent.append(request) } else { state.patient.append(request) }
      }
      let starts = (
        !state.urgent.isEmpty && !state.isUrgentRunning, !state.patient.isEmpty && !state.isPatientRunning
      )
      if starts.0 { state.isUrgentRunning = true }
      if starts.1 { state.isPatientRunning = true }
      return starts
    }
    // Two threads: one that has become idle may not be made urgent again.
    if startsUrgent { ThreadBody { [self] in run(isUrgent: true) }.start(named: "watch-digest") }
    if startsPatient {
      ThreadBody { [self] in
        cl_make_thread_idle()
        run(isUrgent: false)
      }.start(named: "watch-idle")
    }
  }

  func takeAnswers() -> [Answer] {
    state.withLock { state in
      defer { state.answers.removeAll() }
      return state.answers
    }
  }

  func stop() {
    state.withLock { state in
      state.isStopped = true
      state.urgent = []
      state.patient = []
    }
  }

  private func run(isUrgent: Bool) {
    var reader = ContentReader(bufferSize: 1 << 20)
    while true {
      let next: Request? = state.withLock { state in
        let next = isUrgent ? state.urgent.popLast() : state.patient.popLast()
        if next == nil {
          if isUrgent { state.isUrgentRunning = false } else { state.isPatientRunning = false }
        }
        return next
      }
      guard let next else { return }
      let outcome = read(next, &reader)
      let rings = state.withLock { state in
        if state.isStopped { return false }
        state.answers.append(Answer(request: next, outcome: outcome))
        let rings = isUrgent || state.answers.count >= 64 || state.patient.isEmpty
        // Rung under the lock: after `stop` the descriptor may be another's.
        if rings { _ = eventfd_write(bell, 1) }
        return rings
      }
      if !rings && state.withLock({ $0.isStopped }) { return }
    }
  }

  private func read(_ request: Request, _ reader: inout ContentReader) -> ContentReader.Outcome {
    let slash = request.path.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { Array(request.path[..<$0]) } ?? []
    let name = slash.map { request.path[($0 + 1)...] } ?? request.path[...]
    guard let root = Place.openRoot(root) else { return .unstable }
    defer { close(root) }
    guard case .descriptor(let number) = Place.open(directory, in: root) else { return .unstable }
    defer { close(number) }
    // The inode is what was asked about, wherever the path led: a digest of another file is refused by its status.
    return reader.digest(in: number, name, expecting: request.status) { [self] in
      state.withLock { $0.isStopped }
    }
  }
}
