internal import CLinux
internal import Glibc
internal import Platform
internal import Synchronization

/// The thread that lets clients in, notices those that leave while their connection is suspended, and closes those that
/// are late.
///
/// Connections are accepted here and handed to libmicrohttpd, so that it never owns the listening socket (it would shut
/// down one that the service manager keeps), and a stranger's connection is closed before anything of it is read.
final class Attendant: Sendable {
  private let poll: Descriptor
  private let wakeup: Descriptor
  private let listening: Int32
  private let isEnding = Atomic<Bool>(false)
  private let isIdle = Atomic<Bool>(true)
  private let ended = Answer<Bool>()
  private let interval: Int32

  private enum Token {
    static let listening: UInt64 = .max
    static let wakeup: UInt64 = .max - 1
  }

  init(listening: Int32, limits: Limits) throws(SystemError) {
    self.listening = listening
    let pollNumber = epoll_create1(Int32(EPOLL_CLOEXEC))
    if pollNumber < 0 { throw .last("make", "an epoll descriptor") }
    poll = Descriptor(owning: pollNumber)
    let wakeNumber = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    if wakeNumber < 0 { throw .last("make", "an event descriptor") }
    wakeup = Descriptor(owning: wakeNumber)
    let shortest = [limits.head, limits.body, limits.heartbeat].map(Stamp.milliseconds).min() ?? 8000
    interval = Int32(max(5, min(1000, shortest / 8)))
    let flags = cl_fcntl(listening, F_GETFL, 0)
    if flags < 0 || cl_fcntl(listening, F_SETFL, Int(flags | O_NONBLOCK)) < 0 {
      throw .last("prepare", "descriptor \(listening)")
    }
    guard control(EPOLL_CTL_ADD, listening, EPOLLIN.rawValue, Token.listening),
      control(EPOLL_CTL_ADD, wakeup.number, EPOLLIN.rawValue, Token.wakeup)
    else { throw .last("watch", "descriptor \(listening)") }
  }

  func start(_ server: ServerCore) {
    ThreadBody { [self] in
      run(server)
      ended.put(true)
    }.start(named: "http-attendant")
  }

  /// Returns when the thread has ended; nobody is let in any more.
  func stop() {
    isEnding.store(true, ordering: .releasing)
    wake()
    _ = ended.take()
  }

  /// From its admission until its descriptor is closed.
  func watch(_ connection: Connection) {
    _ = control(EPOLL_CTL_ADD, connection.socket, Self.hangUps, Self.token(of: connection))
  }

  /// Reports again what the client has closed, for the sake of whoever has just parked the connection.
  func look(at connection: Connection) {
    _ = control(EPOLL_CTL_MOD, connection.socket, Self.hangUps, Self.token(of: connection))
  }

  /// Each change is reported once; a full hang-up and errors need not be asked for.
  private static let hangUps = EPOLLRDHUP.rawValue | EPOLLET.rawValue

  private static func token(of connection: Connection) -> UInt64 {
    UInt64(connection.serial) << 32 | UInt64(UInt32(bitPattern: connection.socket))
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, _ token: UInt64) -> Bool {
    var event = unsafe epoll_event()
    unsafe event.events = events
    unsafe event.data.u64 = token
    return unsafe epoll_ctl(poll.number, operation, descriptor, &event) == 0
  }

  func wake() {
    var one: UInt64 = 1
    _ = unsafe write(wakeup.number, &one, 8)
  }

  private func run(_ server: ServerCore) {
    var events = unsafe [epoll_event](repeating: epoll_event(), count: 64)
    var lastTick = Stamp.now()
    var isDeaf = false
    var halfClosed = HalfClosed()
    while !isEnding.load(ordering: .acquiring) {
      let looksAgain = halfClosed.check(server.connections) || isDeaf
      let pause = looksAgain ? HalfClosed.pause : server.connections.isEmpty ? -1 : interval
      let count = unsafe epoll_wait(poll.number, &events, Int32(events.count), pause)
      for index in 0..<max(0, Int(count)) {
        let token = unsafe events[index].data.u64
        switch token {
        case Token.listening:
          if !accept(server) {
            // No room: who wants in waits in the socket's queue, and we look again soon instead of at once and for ever.
            isDeaf = control(EPOLL_CTL_DEL, listening, 0, 0)
          }
        case Token.wakeup: break
        default:
          let socket = Int32(bitPattern: UInt32(truncatingIfNeeded: token))
          guard let connection = server.connections.find(socket, serial: UInt32(token >> 32)) else {
            continue
          }
          if unsafe events[index].events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            connection.whoIsParked?.clientIsGone()
          } else {
            halfClosed.add(connection)
          }
        }
      }
      if isDeaf && server.connections.makeRoom() {
        isDeaf = !control(EPOLL_CTL_ADD, listening, EPOLLIN.rawValue, Token.listening)
      }
      let now = Stamp.now()
      guard now >= lastTick + UInt64(interval) else { continue }
      lastTick = now
      tick(server, now)
    }
  }

  /// False when there is no room for one more, or no descriptor.
  private func accept(_ server: ServerCore) -> Bool {
    // Bounded, so that a flood of connections does not keep late ones from being closed.
    for _ in 0..<64 {
      guard server.connections.makeRoom() else { return false }
      let socket = cl_accept(listening)
      if socket >= 0 {
        server.admit(socket)
        continue
      }
      switch -socket {
      case EINTR, ECONNABORTED, EPROTO: continue
      case EMFILE, ENFILE, ENOBUFS, ENOMEM:
        server.connections.closeOldest(16)
        return false
      case EAGAIN: return true
      default: return false
      }
    }
    return true
  }

  private func tick(_ server: ServerCore, _ now: UInt64) {
    let limits = server.limits
    let parked = server.connections.closeLate(
      head: now - min(now, Stamp.milliseconds(limits.head)),
      body: now - min(now, Stamp.milliseconds(limits.body)))
    for one in parked { one.tick(now) }
  }
}
