internal import CLinux
internal import Glibc

/// Who is at the other end of a Unix socket, as the kernel recorded it when the connection was made.
package struct Peer: Hashable, Sendable {
  package let pid: Int32
  package let uid: UInt32
  package let gid: UInt32

  package init(pid: Int32, uid: UInt32, gid: UInt32) {
    self.pid = pid
    self.uid = uid
    self.gid = gid
  }

  /// Of a connected Unix socket. At the client's end these are the credentials of whoever called `listen`.
  package static func of(socket: Int32) throws(SystemError) -> Peer {
    var pid: pid_t = 0
    var uid: uid_t = 0
    var gid: gid_t = 0
    let result = unsafe cl_peer_credentials(socket, &pid, &uid, &gid)
    if result < 0 { throw SystemError(-result, "ask who is at the other end of", "descriptor \(socket)") }
    return Peer(pid: pid, uid: uid, gid: gid)
  }

  /// Whether it is this process's own user, or root.
  package var isSelfOrRoot: Bool { uid == geteuid() || uid == 0 }
}
