internal import Glibc

/// Gathers what is written to a descriptor and hands it over in few calls.
///
/// A reader that has gone away (`| head`) ends the output silently: what follows is dropped, and `isBroken` tells
/// commands that go on for long to stop.
package final class Output {
  private let descriptor: Int32
  private var pending: [UInt8] = []
  package private(set) var isBroken = false
  /// Why the last write failed, where it was not a reader's going away.
  package private(set) var failure: String?

  package init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  package func write(_ text: String) {
    pending.append(contentsOf: text.utf8)
    if pending.count > 64 << 10 { flush() }
  }

  package func line(_ text: String = "") {
    write(text)
    write("\n")
  }

  package func write(_ bytes: [UInt8]) {
    pending.append(contentsOf: bytes)
    if pending.count > 64 << 10 { flush() }
  }

  package func flush() {
    var offset = 0
    while offset < pending.count && !isBroken {
      let count = unsafe pending.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress! + offset, $0.count - offset)
      }
      if count >= 0 {
        offset += count
      } else if errno == EAGAIN {
        // Someone made the shared terminal non-blocking.
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&entry, 1, -1)
      } else if errno != EINTR {
        isBroken = true
        if errno != EPIPE { failure = unsafe String(cString: strerror(errno)) }
      }
    }
    pending.removeAll(keepingCapacity: true)
  }
}
