internal import CLinux
internal import Glibc
internal import Platform
internal import Synchronization

/// One thread that waits for the end of any number of processes by their descriptors.
final class ExitWaiter: Sendable {
  private struct State {
    var waiting: [Int32: @Sendable () -> Void] = [:]
    var isClosed = false
  }

  private let queue: Descriptor
  private let bell: Descriptor
  private let state = Mutex(State())

  init() throws(SystemError) {
    let queue = epoll_create1(Int32(EPOLL_CLOEXEC))
    if queue < 0 { throw .last("wait for", "processes") }
    self.queue = Descriptor(owning: queue)
    let bell = eventfd(0, Int32(EFD_CLOEXEC))
    if bell < 0 { throw .last("wait for", "processes") }
    self.bell = Descriptor(owning: bell)
    try add(bell)
    ThreadBody { [self] in run() }.start(named: "mcpd-exits")
  }

  /// Calls `done` once, on the waiting thread, when the descriptor is readable. It must stay open until then.
  func wait(for descriptor: Int32, done: @escaping @Sendable () -> Void) throws(SystemError) {
    state.withLock { $0.waiting[descriptor] = done }
    do throws(SystemError) { try add(descriptor) } catch {
      state.withLock { $0.waiting[descriptor] = nil }
      throw error
    }
  }

  /// Nobody is called any more; the thread ends.
  func close() {
    state.withLock { state in
      state.isClosed = true
      state.waiting.removeAll()
    }
    var one: UInt64 = 1
    _ = unsafe write(bell.number, &one, 8)
  }

  private func add(_ descriptor: Int32) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = EPOLLIN.rawValue | EPOLLONESHOT.rawValue
    unsafe event.data.fd = descriptor
    if unsafe epoll_ctl(queue.number, EPOLL_CTL_ADD, descriptor, &event) != 0 {
      throw .last("wait for", "a process")
    }
  }

  private func run() {
    var events = unsafe [epoll_event](repeating: epoll_event(), count: 64)
    while true {
      let count = unsafe epoll_wait(queue.number, &events, 64, -1)
      if state.withLock({ $0.isClosed }) { return }
      for index in 0..<max(0, Int(count)) {
        let descriptor = unsafe events[index].data.fd
        // Off the list before its owner may close it and the number is given out again.
        _ = epoll_ctl(queue.number, EPOLL_CTL_DEL, descriptor, nil)
        let done = state.withLock { $0.waiting.removeValue(forKey: descriptor) }
        done?()
      }
    }
  }
}
