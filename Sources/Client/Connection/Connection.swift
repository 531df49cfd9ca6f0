internal import Glibc
package import Model
package import Platform

/// One connection to the daemon's socket: sends a request, then reads its answer as it comes, never waiting beyond a
/// deadline.
package final class Connection {
  private let descriptor: Descriptor
  package let path: String
  private let clock: any Clock
  package private(set) var parser = AnswerParser()

  /// Longest document that is kept whole in memory.
  package static let longestDocument = 256 << 20

  package init(connectedTo path: String, by descriptor: consuming Descriptor, clock: any Clock) {
    self.path = path
    self.descriptor = descriptor
    self.clock = clock
  }

  /// For a caller that polls it together with other descriptors.
  package var number: Int32 { descriptor.number }

  /// Sends all of it; a daemon that answers and closes before it has read everything is no error here.
  package func send(_ bytes: [UInt8], deadline: Instant?) throws(Stop) {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          number, buffer.baseAddress! + offset, buffer.count - offset,
          Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if count >= 0 {
        offset += count
      } else if errno == EAGAIN {
        try wait(for: POLLOUT, deadline: deadline)
      } else if errno == EPIPE || errno == ECONNRESET {
        return
      } else if errno != EINTR {
        throw lost(String(describing: SystemError.last("write to", path)))
      }
    }
  }

  /// Reads what has arrived. False once the answer is complete.
  package func receive(deadline: Instant?) throws(Stop) -> Bool {
    if parser.isComplete { return false }
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { buffer in
        unsafe recv(number, buffer.baseAddress!, buffer.count, Int32(MSG_DONTWAIT))
      }
      do throws(AnswerParser.Malformed) {
        if count > 0 {
          try parser.feed(chunk[..<count])
          return !parser.isComplete
        }
        if count == 0 {
          try parser.finish()
          return false
        }
      } catch {
        throw malformed(error.reason)
      }
      if errno == EAGAIN {
        try wait(for: POLLIN, deadline: deadline)
      } else if errno == ECONNRESET {
        throw lost("it closed the connection")
      } else if errno != EINTR {
        throw lost(String(describing: SystemError.last("read from", path)))
      }
    }
  }

  package func takeBody() -> [UInt8] { parser.takeBody() }

  /// The whole body. `tick` is called about every 100 ms while nothing comes.
  package func document(
    deadline: Instant?, limit: Int = Connection.longestDocument, tick: ((Instant) -> Void)? = nil
  ) throws(Stop) -> [UInt8] {
    while !parser.isComplete {
      if let tick { try awaitInput(deadline: deadline, tick: tick) }
      if parser.bufferedBodyBytes > limit { throw malformed("its answer is longer than \(limit >> 20) MiB") }
      _ = try receive(deadline: deadline)
    }
    return parser.takeBody()
  }

  /// Makes the connection ready for the next request; the answer before it has been read whole.
  package func reset() {
    parser = AnswerParser()
  }

  // MARK: Waiting

  private func awaitInput(deadline: Instant?, tick: (Instant) -> Void) throws(Stop) {
    while true {
      let now = clock.now()
      let slice = now + .milliseconds(100)
      if try poll(for: POLLIN, until: deadline.map { min($0, slice) } ?? slice) { return }
      if let deadline, clock.now() >= deadline { throw late() }
      tick(clock.now())
    }
  }

  private func wait(for events: Int32, deadline: Instant?) throws(Stop) {
    if try !poll(for: events, until: deadline) { throw late() }
  }

  /// False when the moment has come first.
  private func poll(for events: Int32, until moment: Instant?) throws(Stop) -> Bool {
    while true {
      var timeout: Int32 = -1
      if let moment {
        let left = (moment - clock.now()).wholeNanoseconds
        timeout = left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
      }
      var entry = pollfd(fd: number, events: Int16(events), revents: 0)
      let result = unsafe Glibc.poll(&entry, 1, timeout)
      if result > 0 { return true }
      if result == 0 { return false }
      if errno != EINTR { throw lost(String(describing: SystemError.last("wait for", path))) }
    }
  }

  // MARK: What can go wrong

  /// The time was up before the answer was complete.
  private func late() -> Stop { Stop(.noVerdict, "the daemon on \(path) has not answered in time") }

  private func lost(_ why: String) -> Stop {
    Stop(.noDaemon, "the connection to the daemon on \(path) is lost: \(why)")
  }

  private func malformed(_ reason: String) -> Stop {
    Stop(.noDaemon, "what listens on \(path) does not answer like mcpd: \(reason)")
  }
}
