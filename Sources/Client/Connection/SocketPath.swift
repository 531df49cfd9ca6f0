internal import Platform

/// Where the daemon listens, by the same rules as the daemon itself.
package enum SocketPath {
  /// The places to try, best first: what was named is the only one, else the user's service, the system's, and the
  /// fallback that every machine has.
  package static func candidates(option: String?, environment: [String: String], user: UInt32) -> [String] {
    if let option { return [option] }
    if let named = environment["MCPD_SOCKET"], !named.isEmpty { return [named] }
    let fallback = "/tmp/mcpd-\(user)/mcpd.sock"
    let system = "/run/mcpd/\(user)/mcpd.sock"
    // The base directory specification: a relative path is invalid and ignored.
    guard let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") else {
      return [fallback, system]
    }
    return [(runtime.hasSuffix("/") ? String(runtime.dropLast()) : runtime) + "/mcpd/mcpd.sock", system]
  }

  /// Refuses a directory of the default places unless it is ours alone: in `/tmp` anybody could have made it.
  package static func check(_ path: String, user: UInt32) throws(Stop) {
    let directory = Files.parent(of: path)
    // Nothing there: connecting says so.
    guard let ownership = Files.ownership(of: directory) else { return }
    let hint = "remove it, then start the daemon again: it makes the directory itself"
    if !ownership.isDirectory {
      throw Stop(.refused, "\(directory) is no directory: not talking to what listens there", hints: [hint])
    }
    if ownership.user != user {
      throw Stop(
        .refused,
        "\(directory) belongs to user \(ownership.user), not to you (\(user)): not talking to what listens there",
        hints: ["name the socket to use: --socket PATH"])
    }
    if ownership.isOpenToOthers {
      throw Stop(
        .refused, "\(directory) can be written by others: not talking to what listens there", hints: [hint])
    }
  }
}
