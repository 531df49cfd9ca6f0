internal import CLinux
internal import Glibc
internal import Model
internal import Synchronization

/// A thread of its own with an ordered mailbox of work.
///
/// Blocking calls (SQLite, waitpid, disk flushes) belong here: the shared pool has as many threads as cores and does
/// not grow, so one blocked task there stalls timers and everything else. `Executors` makes it the home of an actor.
package final class WorkerThread: Sendable {
  package typealias Work = @Sendable () -> Void

  private struct State {
    var work: [Work] = []
    var isClosed = false
  }

  package let name: String
  private let state = Mutex(State())
  private let wake = Condition()

  /// Starts the thread. The name shows in `ps -T` and is cut to 15 bytes there.
  package init(named name: String) {
    self.name = name
    let body = ThreadBody { [self] in run() }
    body.start(named: name)
  }

  /// Queues work behind everything queued before. After `close` it is dropped, and the answer is false.
  @discardableResult
  package func enqueue(_ work: @escaping Work) -> Bool {
    let accepted = state.withLock { state in
      if state.isClosed { return false }
      state.work.append(work)
      return true
    }
    wake.signal()
    return accepted
  }

  /// Runs the work on the thread and waits for its result. Never call it from the thread itself.
  package func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) -> Result? {
    let answer = Answer<Result>()
    guard enqueue({ answer.put(work()) }) else { return nil }
    return answer.take()
  }

  /// The work queued so far is done, then the thread ends.
  package func close() {
    state.withLock { $0.isClosed = true }
    wake.signal()
  }

  private func run() {
    while true {
      wake.wait { state.withLock { !$0.work.isEmpty || $0.isClosed } }
      let (batch, isClosed) = state.withLock { state in
        defer { state.work.removeAll() }
        return (state.work, state.isClosed)
      }
      if batch.isEmpty && isClosed { return }
      for work in batch { work() }
    }
  }
}

/// A value that one thread puts and another waits for.
package final class Answer<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let arrived = Condition()

  package init() {}

  package func put(_ value: Value) {
    self.value.withLock { $0 = value }
    arrived.signal()
  }

  package func take() -> Value {
    arrived.wait { value.withLock { $0 != nil } }
    return value.withLock { $0! }
  }
}

/// A condition variable: `wait` returns once the predicate holds, `signal` says that it may have changed.
@safe package final class Condition: @unchecked Sendable {
  // Unchecked: the two C objects are only used through their own thread-safe functions and never move.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let variable = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    // Limits of waits are on the clock that does not jump.
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(variable, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(variable)
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
    unsafe variable.deallocate()
  }

  /// The predicate takes whatever lock guards its state by itself; state changes come before `signal`, so none is missed.
  package func wait(until predicate: () -> Bool) {
    unsafe pthread_mutex_lock(mutex)
    while !predicate() { unsafe pthread_cond_wait(variable, mutex) }
    unsafe pthread_mutex_unlock(mutex)
  }

  /// The same for at most `limit`; false when the time passed and the predicate still does not hold.
  package func wait(atMost limit: Duration, until predicate: () -> Bool) -> Bool {
    let end = (SystemClock().now() + limit).nanoseconds
    var time = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while !predicate() {
      if unsafe pthread_cond_timedwait(variable, mutex, &time) == ETIMEDOUT { return predicate() }
    }
    return true
  }

  package func signal() {
    unsafe pthread_mutex_lock(mutex)
    unsafe pthread_cond_broadcast(variable)
    unsafe pthread_mutex_unlock(mutex)
  }
}

/// A detached thread with a name that runs one closure.
package struct ThreadBody: Sendable {
  private let body: @Sendable () -> Void

  package init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }

  package func start(named name: String) {
    let box = unsafe Unmanaged.passRetained(Box(name: name, body: body)).toOpaque()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        let box = unsafe Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
        unsafe Files.withPath(Array(box.name.utf8.prefix(15))) { unsafe cl_name_thread($0) }
        box.body()
        return nil
      }, box)
    unsafe pthread_attr_destroy(&attributes)
    precondition(
      result == 0, "the kernel gives no thread (\(result)); raise the limit on processes (ulimit -u)")
  }

  private final class Box {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
}
