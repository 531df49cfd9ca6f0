internal import CLinux
internal import Glibc
internal import Model

/// A short command of our own (`git`, `python3 --version`): started, bounded in time and output, reaped.
package struct Subprocess: Sendable {
  package struct Result: Sendable {
    package let status: ChildProcess.End.Status
    package let output: OutputBuffer
    package let isOverTime: Bool

    package var isSuccess: Bool { status == .exited(code: 0) && !isOverTime }
  }

  /// Runs it and waits on the calling thread, which must be one that may block. Output and errors come interleaved
  /// when `mergesErrors`, else errors are dropped. Left-overs in its process group are killed.
  package static func run(
    _ start: ProcessStart, timeLimit: Duration, head: Int = 1 << 20, tail: Int = 64 << 10,
    mergesErrors: Bool = false,
    clock: some Clock = SystemClock()
  ) throws(ProcessStartError) -> Result {
    let pipe: Pipe
    do throws(SystemError) { pipe = try Pipe(readsWait: false) } catch {
      throw ProcessStartError(step: .descriptors, cause: error)
    }
    var start = start
    start.session = .newGroup
    start.standardOutput = pipe.writing.number
    if mergesErrors { start.standardError = pipe.writing.number }
    let child = try ChildProcess(start)
    let reading = pipe.closeWriting()
    var output = OutputBuffer(head: head, tail: tail)
    var reader = DescriptorReader()
    let deadline = clock.now() + timeLimit
    var isOverTime = false
    var end: ChildProcess.End?
    while end == nil {
      let left = (deadline - clock.now()).wholeMilliseconds
      if left <= 0 {
        isOverTime = true
        child.signalGroup(SIGKILL)
      }
      var waits = [
        pollfd(fd: child.descriptor.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: reading.number, events: Int16(POLLIN), revents: 0),
      ]
      _ = unsafe poll(&waits, reader.isEnded ? 1 : 2, isOverTime ? -1 : Int32(clamping: left + 1))
      reader.read(reading) { output.append($0) }
      if waits[0].revents != 0 {
        // Before it is reaped its group is certainly its own.
        child.signalGroup(SIGKILL)
        do throws(SystemError) { end = try child.reap(waiting: true) } catch {
          throw ProcessStartError(step: .clone, cause: error)
        }
      }
    }
    reader.read(reading) { output.append($0) }
    return Result(status: end!.status, output: output, isOverTime: isOverTime)
  }
}
