package import Platform

/// A worker thread as the home of an actor.
///
/// Apart from `Platform`, because this alone would bring the concurrency runtime (0.7 MB, a fifth of a millisecond at
/// every start) into programs that have none: the client and the supervisor.
extension WorkerThread: SerialExecutor {
  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    enqueue { [self] in unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    unsafe UnownedSerialExecutor(ordinary: self)
  }
}
