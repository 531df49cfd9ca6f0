import Model
import Platform
import Synchronization
import Testing

@testable import Storage

/// A disk of the test's making behind a queue.
private final class FakeDisk: Sendable {
  struct State {
    var refuses: StorageError?
    var commits: [[UInt64]] = []
    var changes = 0
    var isHeld = false
  }

  let state = Mutex(State())
  let moved = Condition()
  let queue: CommitQueue

  init(retryAfter: Duration = .seconds(3600)) {
    queue = CommitQueue(retryAfter: retryAfter)
    queue.start(
      CommitQueue.Hooks(
        commit: { [self] in commit($0) }, idle: { false },
        changed: { [self] in state.withLock { $0.changes += 1 } }))
  }

  private func commit(
    _ transactions: [JournalTransaction]
  ) -> Result<[Result<Void, StorageError>], StorageError> {
    moved.wait { state.withLock { !$0.isHeld } }
    return state.withLock { state in
      if let error = state.refuses { return .failure(error) }
      state.commits.append(transactions.flatMap { $0.events.map(\.tick.number) })
      return .success(
        transactions.map {
          $0.settings.isEmpty ? .success(()) : .failure(StorageError(.failed, "not that one"))
        })
    }
  }

  func set(_ change: (inout State) -> Void) {
    state.withLock { change(&$0) }
    moved.signal()
  }

  var written: [UInt64] { state.withLock { $0.commits.flatMap { $0 } } }

  /// Waits until all that was added has had a try.
  func settle() {
    let answer = Answer<Void>()
    queue.perform { answer.put(()) }
    answer.take()
  }
}

@Suite struct CommitQueueTests {
  private static let full = StorageError(.diskFull, "the disk is full")

  @Test func `what arrives during one commit goes into the next, in order, and each is answered once`() {
    let disk = FakeDisk()
    let answers = Mutex<[UInt64]>([])
    disk.set { $0.isHeld = true }
    for tick in 1...100 as ClosedRange<UInt64> {
      disk.queue.add(JournalTransaction(events: [event(tick)])) { result in
        #expect(result.isSuccess)
        answers.withLock { $0.append(tick) }
      }
    }
    disk.set { $0.isHeld = false }
    disk.queue.close()
    #expect(disk.written == Array(1...100) && answers.withLock { $0 } == Array(1...100))
    // The first commit had what was there when it began; all others are one.
    #expect(disk.state.withLock { $0.commits.count } <= 2)
  }

  @Test func `a transaction that fails alone takes no other with it`() {
    let disk = FakeDisk()
    let failed = Mutex<[UInt64]>([])
    for tick in 1...9 as ClosedRange<UInt64> {
      let bad = tick % 4 == 0
      disk.queue.add(JournalTransaction(events: [event(tick)], settings: bad ? [("a", "b")] : [])) { result in
        if !result.isSuccess { failed.withLock { $0.append(tick) } }
      }
    }
    disk.queue.close()
    #expect(failed.withLock { $0 } == [4, 8])
  }

  @Test func `a disk that refuses keeps the queue in order, tells each once, and goes on when it can`() {
    let disk = FakeDisk()
    let outcomes = Mutex<[Bool]>([])
    let note: CommitQueue.Done = { result in outcomes.withLock { $0.append(result.isSuccess) } }
    disk.set { $0.refuses = Self.full }
    for tick in 1...5 as ClosedRange<UInt64> {
      disk.queue.add(JournalTransaction(events: [event(tick)]), done: note)
    }
    disk.settle()
    #expect(disk.queue.trouble?.failure == Self.full && disk.queue.trouble?.waiting == 5)
    #expect(outcomes.withLock { $0 } == [false, false, false, false, false])
    #expect(disk.state.withLock { $0.changes } == 1)
    disk.set { $0.refuses = nil }
    // A new arrival presses for a new try.
    disk.queue.add(JournalTransaction(events: [event(6)]), done: note)
    disk.settle()
    #expect(disk.written == [1, 2, 3, 4, 5, 6] && outcomes.withLock { $0 }.last == true)
    #expect(outcomes.withLock { $0.count } == 6)
    #expect(disk.queue.trouble == nil && disk.state.withLock { $0.changes } == 2)
    disk.queue.close()
  }

  @Test func `it is tried again by itself`() {
    let disk = FakeDisk(retryAfter: .milliseconds(1))
    disk.set { $0.refuses = Self.full }
    disk.queue.add(JournalTransaction(events: [event(1)])) { _ in }
    disk.settle()
    disk.set { $0.refuses = nil }
    while disk.queue.trouble != nil { disk.settle() }
    #expect(disk.written == [1])
    disk.queue.close()
  }

  @Test func `memory has a bound, and what was dropped is known as lost`() {
    let disk = FakeDisk()
    disk.set { $0.refuses = Self.full }
    let overfull = Mutex<[UInt64]>([])
    let body = [UInt8](repeating: 0, count: 10 << 20)
    for tick in 1...9 as ClosedRange<UInt64> {
      let large = Event(
        tick: Tick(tick), time: Timestamp(milliseconds: 0), project: nil, kind: .plan, body: body)
      disk.queue.add(JournalTransaction(events: [large])) { result in
        if case .failure(let error) = result, error.code == .overfull {
          overfull.withLock { $0.append(tick) }
        }
      }
      // The bound counts only once the disk is known to refuse.
      disk.settle()
    }
    #expect(overfull.withLock { $0 } == [7, 8, 9] && disk.queue.lost == Tick(9))
    disk.set { $0.refuses = nil }
    disk.settle()
    disk.queue.wroteLost(upTo: Tick(8))
    #expect(disk.queue.lost == Tick(9))
    disk.queue.wroteLost(upTo: Tick(9))
    #expect(disk.written == [1, 2, 3, 4, 5, 6] && disk.queue.lost == nil)
    disk.queue.close()
  }

  @Test func `closing leaves nobody waiting, even when the disk refuses`() {
    let disk = FakeDisk()
    disk.set { $0.refuses = Self.full }
    let answered = Mutex(0)
    for tick in 1...3 as ClosedRange<UInt64> {
      disk.queue.add(JournalTransaction(events: [event(tick)])) { _ in answered.withLock { $0 += 1 } }
    }
    disk.queue.perform { answered.withLock { $0 += 1 } }
    disk.queue.close()
    disk.queue.add(JournalTransaction()) { result in
      #expect(!result.isSuccess)
      answered.withLock { $0 += 1 }
    }
    #expect(!disk.queue.perform {})
    #expect(answered.withLock { $0 } == 5)
  }
}
