internal import Glibc
internal import Model
internal import Platform

/// The run's output on disk, readable while it grows, and never larger than head + one line + tail.
///
/// Until the two limits are reached bytes are appended as they come. Later ones live in memory, and the file's end is
/// refreshed now and then: an endless writer costs a bounded file and few writes.
struct OutputFile {
  /// Below zero without the file; open until the supervisor ends.
  private let number: Int32
  private var buffer: OutputBuffer
  private var isStale = false
  private var refreshed = Instant(nanoseconds: 0)

  private static let refreshInterval = Duration.milliseconds(250)

  init(path: String, head: Int, tail: Int) {
    // Without the file the run still counts; the outcome will say how much was lost.
    number = (try? Files.open(path, [.write, .create, .truncate]).release()) ?? -1
    buffer = OutputBuffer(head: head, tail: tail)
  }

  /// What a reader of the file will never see: what fell out, or, on a full disk, whatever did not get there.
  var dropped: UInt64 {
    if !isStale { return buffer.dropped }
    return buffer.total - min(buffer.total, UInt64(max(0, lseek(number, 0, SEEK_END))))
  }

  mutating func append(_ bytes: ArraySlice<UInt8>, at now: Instant) {
    let offset = buffer.total
    buffer.append(bytes)
    if buffer.dropped == 0 {
      if !write(bytes, at: offset) { isStale = true }
    } else {
      isStale = true
      refresh(at: now)
    }
  }

  /// When the file wants its end refreshed; nil when it is as it should be.
  var nextRefresh: Instant? { isStale ? refreshed + Self.refreshInterval : nil }

  mutating func refresh(at now: Instant) {
    guard isStale, now >= refreshed + Self.refreshInterval else { return }
    refreshed = now
    isStale = !writeEnd()
  }

  mutating func finish() {
    guard isStale else { return }
    isStale = !writeEnd()
  }

  /// Everything behind the head, in one write, so that a reader hardly ever sees half of it.
  private func writeEnd() -> Bool {
    let end = (buffer.gap ?? []) + buffer.tail
    return write(buffer.head[...], at: 0) && write(end[...], at: UInt64(buffer.head.count))
      && ftruncate(number, off_t(buffer.head.count + end.count)) == 0
  }

  private func write(_ bytes: ArraySlice<UInt8>, at offset: UInt64) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe pwrite(number, $0.baseAddress! + done, $0.count - done, off_t(offset) + off_t(done))
      }
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { return false }
      done += count
    }
    return true
  }
}
