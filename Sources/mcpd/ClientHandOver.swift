internal import Glibc
internal import Platform

/// `mcpd COMMAND …` is `mcpd-client COMMAND …`: one word to remember.
enum ClientHandOver {
  /// Does not return when the client could be started.
  static func run(_ arguments: [String]) -> Int32 {
    let path = Companions.path(of: "mcpd-client") ?? "mcpd-client"
    var pointers = unsafe ([path] + arguments).map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    unsafe execvp(path, &pointers)
    Complaint.say(
      "cannot start mcpd-client: \(SystemError.last("start", path).reason)",
      hints: ["it is installed beside mcpd"])
    return 70
  }
}

/// The programs that belong to the daemon.
enum Companions {
  /// Beside this program, or where an installation puts what people do not call themselves.
  static func path(of name: String) -> String? {
    guard let own = ownPath else { return nil }
    let directory = Files.parent(of: own)
    return ["", "/../libexec/mcpd", "/../lib/mcpd"].map { directory + $0 + "/" + name }
      .first { Files.kind(of: $0) == .file }
  }

  private static var ownPath: String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe readlink("/proc/self/exe", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
  }
}
