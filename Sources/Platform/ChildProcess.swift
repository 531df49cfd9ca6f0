internal import CLinux
internal import Glibc

/// A started child, owned: whoever holds it reaps it. Letting go of it unreaped leaves a zombie until we end.
package struct ChildProcess: ~Copyable, Sendable {
  package let pid: Int32
  /// Readable when the process has ended; names exactly this process, however often its number is used again.
  package let descriptor: Descriptor

  /// How a process ended, and what it and the children that it waited for used.
  package struct End: Hashable, Sendable {
    package enum Status: Hashable, Sendable {
      case exited(code: Int)
      case signaled(signal: Int)
    }

    package let status: Status
    package let cpu: Duration
    package let memoryPeakBytes: UInt64

    init(_ end: cl_end) {
      status = end.was_signaled != 0 ? .signaled(signal: Int(end.status)) : .exited(code: Int(end.status))
      cpu = .microseconds(end.cpu_microseconds)
      memoryPeakBytes = UInt64(max(0, end.peak_kibibytes)) << 10
    }
  }

  /// Starts the program; returns once it has replaced the child's image, or says which step failed.
  package init(_ start: ProcessStart) throws(ProcessStartError) {
    var directory: Int32 = -1
    if let path = start.directory {
      do throws(SystemError) {
        directory = try Files.open(path, [.path, .directory]).release()
      } catch {
        throw ProcessStartError(step: .directory, number: error.number, start: start)
      }
    }
    defer { if directory >= 0 { _ = close(directory) } }
    let null: Descriptor
    do throws(SystemError) { null = try Files.open("/dev/null", .readWrite) } catch {
      throw ProcessStartError(step: .descriptors, cause: error)
    }

    var pidfd: Int32 = -1
    var failure = cl_start_failure()
    let pid = Self.start(start, directory: directory, null: null.number, &pidfd, &failure)
    if pid < 0 {
      throw ProcessStartError(
        step: ProcessStartError.Step(rawValue: failure.step) ?? .clone, number: -pid, start: start)
    }
    self.pid = pid
    self.descriptor = Descriptor(owning: pidfd)
  }

  private static func start(
    _ start: ProcessStart, directory: Int32, null: Int32, _ pidfd: inout Int32,
    _ failure: inout cl_start_failure
  ) -> Int32 {
    let limits = start.limits.map { cl_limit(resource: $0.resource, soft: $0.soft, hard: $0.hard) }
    let groups = start.user?.groups ?? []
    let session =
      switch start.session {
      case .same: CL_SAME_SESSION
      case .newGroup: CL_NEW_GROUP
      case .newSession: CL_NEW_SESSION
      }
    return unsafe withCStrings([start.program] + start.arguments) { strings in
      unsafe withCStrings(start.environment) { environment in
        unsafe start.kept.withUnsafeBufferPointer { kept in
          unsafe limits.withUnsafeBufferPointer { limits in
            unsafe groups.withUnsafeBufferPointer { groups in
              var user = unsafe cl_user(
                uid: start.user?.uid ?? 0, gid: start.user?.gid ?? 0, group_count: groups.count,
                groups: groups.baseAddress)
              return unsafe withUnsafePointer(to: &user) { user in
                var order = unsafe cl_start(
                  program: strings[0], arguments: strings + 1, environment: environment, directory: directory,
                  standard: (
                    start.standardInput ?? null, start.standardOutput ?? null, start.standardError ?? null
                  ),
                  kept: kept.baseAddress, kept_count: kept.count, session: Int32(session.rawValue),
                  death_signal: start.deathSignal,
                  blocked: start.blockedSignals.reduce(0) { $0 | 1 << UInt64($1 - 1) },
                  no_new_privileges: start.noNewPrivileges ? 1 : 0,
                  niceness: start.niceness, idle_io: start.hasIdleIO ? 1 : 0, limits: limits.baseAddress,
                  limit_count: limits.count, user: start.user == nil ? nil : user)
                return unsafe cl_start_process(&order, &pidfd, &failure)
              }
            }
          }
        }
      }
    }
  }

  /// Signals exactly this process; one that has ended is no error.
  package borrowing func signal(_ number: Int32) {
    _ = cl_pidfd_send_signal(descriptor.number, number)
  }

  /// Signals its process group, or it alone when it has left that. Only while it is not reaped: until then its number
  /// belongs to nobody else.
  package borrowing func signalGroup(_ number: Int32) {
    if kill(-pid, number) != 0 { signal(number) }
  }

  /// Nil while it lives, unless told to wait.
  package borrowing func reap(waiting: Bool) throws(SystemError) -> End? {
    try Self.reap(descriptor, waiting: waiting)
  }

  /// Of a child of which only the descriptor is kept.
  package static func reap(_ descriptor: borrowing Descriptor, waiting: Bool) throws(SystemError) -> End? {
    while true {
      var end = cl_end()
      let result = unsafe cl_reap(descriptor.number, waiting ? 0 : 1, &end)
      if result == -EINTR { continue }
      if result < 0 { throw SystemError(-result, "wait for", "a process") }
      return end.pid == 0 ? nil : End(end)
    }
  }

  /// Only the descriptor, for who keeps many of them; the process is to be reaped by it.
  package consuming func intoDescriptor() -> Descriptor { descriptor }
}

/// Calls `body` with a null-terminated array of C strings; text after a NUL byte is cut, as the kernel would.
private func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers = unsafe texts.map { unsafe strdup($0) }
  unsafe pointers.append(nil)
  defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
  return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
}
