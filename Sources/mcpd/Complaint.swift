internal import Glibc

/// A complaint to whoever started the daemon, on standard error.
enum Complaint {
  static func say(_ text: String, hints: [String] = []) {
    var lines = "mcpd: \(text)\n"
    for hint in hints { lines += "  \(hint)\n" }
    let bytes = Array(lines.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress!, $0.count) }
  }
}
