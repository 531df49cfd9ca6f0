internal import CSystemd
internal import Glibc
internal import Model
internal import Platform

/// The daemon's log: sentences, with the rest in fields where the journal reads them.
struct Log: Sendable {
  enum Level: String, CaseIterable, Sendable {
    case error, warning, info, debug

    var priority: Int { [.error: 3, .warning: 4, .info: 6, .debug: 7][self]! }
  }

  let level: Level
  private let isJournal: Bool

  init(level: Level) {
    self.level = level
    isJournal = Self.standardErrorIsJournal
  }

  func callAsFunction(_ level: Level, _ text: String, fields: [(String, String)] = []) {
    guard level.priority <= self.level.priority else { return }
    if isJournal && send(level, text, fields) { return }
    let time = SystemClock().wall().localTime
    let bytes = Array("\(time)  \(text)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress!, $0.count) }
  }

  private func send(_ level: Level, _ text: String, _ fields: [(String, String)]) -> Bool {
    let all =
      [("MESSAGE", text), ("PRIORITY", String(level.priority)), ("SYSLOG_IDENTIFIER", "mcpd")] + fields
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    for (name, value) in all {
      let start = bytes.count
      bytes += Array("\(name)=\(value)".utf8)
      ranges.append(start..<bytes.count)
    }
    return unsafe bytes.withUnsafeMutableBytes { buffer in
      let vectors = unsafe ranges.map { range in
        unsafe iovec(iov_base: buffer.baseAddress! + range.lowerBound, iov_len: range.count)
      }
      return unsafe sd_journal_sendv(vectors, Int32(vectors.count)) == 0
    }
  }

  /// systemd says which device and inode its journal stream has; only then the fields reach the journal by themselves.
  private static var standardErrorIsJournal: Bool {
    guard let stream = Places.variable("JOURNAL_STREAM") else { return false }
    var status = stat()
    guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }
}

extension Timestamp {
  /// `14:02:10.412` where the daemon runs.
  var localTime: String {
    var seconds = time_t(milliseconds / 1000)
    var fields = unsafe tm()
    unsafe localtime_r(&seconds, &fields)
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return padded(Int(unsafe fields.tm_hour), 2) + ":" + padded(Int(unsafe fields.tm_min), 2) + ":"
      + padded(Int(unsafe fields.tm_sec), 2)
      + "." + padded(Int(milliseconds % 1000), 3)
  }
}
