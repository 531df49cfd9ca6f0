internal import CLinux
internal import Glibc
internal import Model
internal import Platform

/// As whom a run runs when it is not ourselves: a root daemon runs a person's tests as that person.
package struct RunUser: Hashable, Sendable {
  let uid: UInt32
  let gid: UInt32
  let groups: [UInt32]
  let name: String
  let home: String
  let shell: String

  /// The owner of the project's root; nil when we are not root, or root owns it.
  static func owner(of root: [UInt8]) -> RunUser? {
    guard geteuid() == 0 else { return nil }
    var status = stat()
    guard unsafe Files.withPath(root, { unsafe stat($0, &status) }) == 0, status.st_uid != 0 else {
      return nil
    }
    return account(uid: status.st_uid, gid: status.st_gid)
  }

  /// A number without an account is run as that number, with nothing of its own.
  private static func account(uid: UInt32, gid: UInt32) -> RunUser {
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 64 << 10)
    let result = unsafe getpwuid_r(uid, &entry, &buffer, buffer.count, &found)
    guard result == 0, unsafe found != nil else {
      return RunUser(uid: uid, gid: gid, groups: [gid], name: String(uid), home: "/", shell: "/bin/sh")
    }
    var count: Int32 = 1024
    var groups = [gid_t](repeating: 0, count: Int(count))
    let primary = unsafe entry.pw_gid
    if unsafe getgrouplist(entry.pw_name, primary, &groups, &count) < 0 {
      groups = [primary]
      count = 1
    }
    return unsafe RunUser(
      uid: uid, gid: primary, groups: Array(groups.prefix(Int(count))), name: String(cString: entry.pw_name),
      home: String(cString: entry.pw_dir), shell: String(cString: entry.pw_shell))
  }

  var processUser: ProcessStart.User { ProcessStart.User(uid: uid, gid: gid, groups: groups) }
  var orderUser: RunOrder.User { RunOrder.User(uid: uid, gid: gid, groups: groups) }

  /// The environment as this user would have it: their own home, and no place that they cannot enter.
  func adapted(_ base: [String: String]) -> [String: String] {
    var environment = base.filter { name, value in !value.hasPrefix("/") || name == "PATH" || canEnter(value)
    }
    let path = (base["PATH"] ?? "").split(separator: ":").map(String.init).filter { canEnter($0) }
    environment["PATH"] = (["\(home)/.local/bin"].filter { canEnter($0) } + path).joined(separator: ":")
    environment["HOME"] = home
    environment["USER"] = name
    environment["LOGNAME"] = name
    environment["SHELL"] = shell
    return environment
  }

  /// Whether this user may enter every directory on the way, by the permission bits.
  func canEnter(_ path: String) -> Bool {
    var current = ""
    for component in path.split(separator: "/") {
      current += "/" + component
      var status = stat()
      guard unsafe Files.withPath(Array(current.utf8), { unsafe stat($0, &status) }) == 0 else {
        return false
      }
      let bit: UInt32 =
        status.st_uid == uid ? 0o100 : status.st_gid == gid || groups.contains(status.st_gid) ? 0o010 : 0o001
      guard status.st_mode & bit != 0 else { return false }
    }
    return true
  }

  /// Whether the file may be read for them: theirs, or everybody's. We are root, so the kernel would not refuse.
  func mayRead(_ path: String) -> Bool {
    var status = stat()
    guard unsafe Files.withPath(Array(path.utf8), { unsafe stat($0, &status) }) == 0 else { return true }
    return status.st_uid == uid || status.st_mode & 0o004 != 0
  }
}
