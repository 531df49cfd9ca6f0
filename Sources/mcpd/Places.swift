internal import Glibc
internal import Platform

/// Where the daemon finds and keeps things when nobody says otherwise.
enum Places {
  static func variable(_ name: String) -> String? {
    guard let value = unsafe getenv(name).map({ unsafe String(cString: $0) }), !value.isEmpty else {
      return nil
    }
    return value
  }

  /// All variables, as the daemon was started.
  static var environment: [String: String] {
    var all: [String: String] = [:]
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      let text = unsafe String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        all[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      unsafe next += 1
    }
    return all
  }

  static var home: String {
    if let home = variable("HOME"), home.hasPrefix("/") { return home }
    guard let entry = unsafe getpwuid(getuid()), let directory = unsafe entry.pointee.pw_dir else {
      return "/"
    }
    return unsafe String(cString: directory)
  }

  static var stateDirectory: String {
    if let base = variable("XDG_STATE_HOME"), base.hasPrefix("/") { return base + "/mcpd" }
    return home + "/.local/state/mcpd"
  }

  static var socket: String {
    if let path = variable("MCPD_SOCKET") { return path }
    if let base = variable("XDG_RUNTIME_DIR"), base.hasPrefix("/") { return base + "/mcpd/mcpd.sock" }
    return "/tmp/mcpd-\(getuid())/mcpd.sock"
  }

  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    guard let current = unsafe getcwd(&buffer, buffer.count) else { return path }
    let base = unsafe String(cString: current)
    return path == "." ? base : base + "/" + path
  }
}
