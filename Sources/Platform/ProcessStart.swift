internal import CLinux
internal import Glibc

/// How to start a program: complete, nothing but the user and the session's limits is inherited unless it says so.
package struct ProcessStart: Sendable {
  package enum Session: Sendable {
    case same
    /// Its own process group, so that one signal reaches all of it.
    case newGroup
    /// Its own session (and group), without a terminal.
    case newSession
  }

  package struct Limit: Hashable, Sendable {
    /// `RLIMIT_…`
    package let resource: Int32
    package let soft: UInt64
    package let hard: UInt64

    package init(resource: Int32, soft: UInt64, hard: UInt64) {
      self.resource = resource
      self.soft = soft
      self.hard = hard
    }
  }

  /// Whom to become; only root may.
  package struct User: Hashable, Sendable {
    package let uid: UInt32
    package let gid: UInt32
    package let groups: [UInt32]

    package init(uid: UInt32, gid: UInt32, groups: [UInt32]) {
      self.uid = uid
      self.gid = gid
      self.groups = groups
    }
  }

  /// The path of the file to execute; it is not searched for.
  package var program: String
  /// With the program's own name first.
  package var arguments: [String]
  /// `NAME=value`, complete.
  package var environment: [String]
  /// Nil: the caller's.
  package var directory: [UInt8]?
  package var session = Session.newGroup
  /// Descriptors of the caller's that become 0, 1 and 2; nil is `/dev/null`.
  package var standardInput: Int32?
  package var standardOutput: Int32?
  package var standardError: Int32?
  /// Descriptors above 2 that stay open under the same numbers; all others are closed.
  package var kept: [Int32] = []
  /// Sent to the child when the thread that started it ends.
  package var deathSignal: Int32 = 0
  /// Stay blocked for the program, so that none gets lost or kills it before it is ready for them.
  package var blockedSignals: [Int32] = []
  package var noNewPrivileges = false
  package var niceness: Int32 = 0
  package var hasIdleIO = false
  package var limits: [Limit] = []
  package var user: User?

  package init(program: String, arguments: [String], environment: [String]) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
  }
}

/// Why a program did not start: which step of the way, and what the kernel said.
package struct ProcessStartError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Step: Int32, Sendable {
    case clone, deathSignal, session, limit, nice, user, noNewPrivileges, directory, descriptors, exec
  }

  package let step: Step
  package let cause: SystemError

  package init(step: Step, cause: SystemError) {
    self.step = step
    self.cause = cause
  }

  package var description: String { cause.description }

  /// For people: what `exec` meant, since the kernel uses one number for several things.
  package func explanation(program: String) -> String {
    guard step == .exec else { return description }
    switch cause.number {
    case ENOENT where Files.kind(of: program) == .file:
      if let interpreter = Self.interpreter(of: program) {
        return "cannot execute \(program): its first line asks for \(interpreter), which does not exist"
      }
      return "cannot execute \(program): its loader does not exist here (built for another system?)"
    case EACCES where Files.kind(of: program) == .directory:
      return "cannot execute \(program): it is a directory"
    case EACCES where Files.kind(of: program) == .file:
      return "cannot execute \(program): it is not executable (chmod +x \(program))"
    case ENOEXEC:
      return "cannot execute \(program): it is no program of this machine and has no `#!` line"
    default: return description
    }
  }

  /// What a script's `#!` line names.
  private static func interpreter(of program: String) -> String? {
    guard let file = try? Files.open(program, [.read, .nonBlocking]) else { return nil }
    var head = [UInt8](repeating: 0, count: 256)
    let number = file.number
    let count = unsafe head.withUnsafeMutableBytes { unsafe read(number, $0.baseAddress!, $0.count) }
    guard count > 2, head.starts(with: [UInt8(ascii: "#"), UInt8(ascii: "!")]) else { return nil }
    let line = head[2..<count].prefix { $0 != UInt8(ascii: "\n") }
    return line.split(whereSeparator: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }).first.map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  init(step: Step, number: Int32, start: ProcessStart) {
    let directory = start.directory.map { String(decoding: $0, as: UTF8.self) } ?? "."
    let (operation, subject) =
      switch step {
      case .clone: ("make a process for", start.program)
      case .deathSignal: ("tie to its parent", start.program)
      case .session: ("make a session for", start.program)
      case .limit: ("set the limits of", start.program)
      case .nice: ("lower the priority of", start.program)
      case .user: ("become the user \(start.user?.uid ?? 0) for", start.program)
      case .noNewPrivileges: ("take the right to gain privileges from", start.program)
      case .directory: ("enter the directory", directory)
      case .descriptors: ("put the descriptors in place for", start.program)
      case .exec: ("execute", start.program)
      }
    self.init(step: step, cause: SystemError(number, operation, subject))
  }
}
