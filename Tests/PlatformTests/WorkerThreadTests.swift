import Executors
import Glibc
import Platform
import Synchronization
import Testing

@Suite struct `Worker threads` {
  final class Log: Sendable {
    let entries = Mutex<[Int]>([])
  }

  actor Keeper {
    nonisolated let worker: WorkerThread
    var threads: Set<UInt> = []

    init(_ worker: WorkerThread) {
      self.worker = worker
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe worker.asUnownedSerialExecutor() }

    func note() { threads.insert(UInt(pthread_self())) }
  }

  @Test func `work runs in the order in which it was queued, and all of it before the end`() async {
    let worker = WorkerThread(named: "order")
    let log = Log()
    for number in 0..<1000 { worker.enqueue { log.entries.withLock { $0.append(number) } } }
    let count = worker.run { log.entries.withLock { $0.count } }
    #expect(count == 1000)
    for number in 1000..<1100 { worker.enqueue { log.entries.withLock { $0.append(number) } } }
    let last = Answer<Bool>()
    worker.enqueue { last.put(true) }
    worker.close()
    #expect(last.take())
    #expect(log.entries.withLock { $0 } == Array(0..<1100))
  }

  @Test func `a closed worker takes no work and says so`() {
    let worker = WorkerThread(named: "closed")
    worker.close()
    #expect(worker.enqueue { Issue.record("ran after its end") } == false)
    #expect(worker.run { 1 } == nil)
  }

  @Test func `work from many threads is all done, each thread's in its order`() async {
    let worker = WorkerThread(named: "many")
    let log = Log()
    await withTaskGroup { group in
      for source in 0..<8 {
        group.addTask {
          for step in 0..<500 { worker.enqueue { log.entries.withLock { $0.append(source * 1000 + step) } } }
        }
      }
    }
    _ = worker.run { true }
    let entries = log.entries.withLock { $0 }
    #expect(entries.count == 4000)
    for source in 0..<8 {
      #expect(entries.filter { $0 / 1000 == source } == (0..<500).map { source * 1000 + $0 })
    }
    worker.close()
  }

  @Test func `an actor that lives on it stays on its one thread`() async {
    let worker = WorkerThread(named: "home of an actor")
    let keeper = Keeper(worker)
    for _ in 0..<50 { await keeper.note() }
    let own = worker.run { UInt(pthread_self()) }
    #expect(await keeper.threads == [own ?? 0])
    worker.close()
  }
}
