internal import CLinux
internal import Glibc
package import Platform

/// Waits for several descriptors at once, each known by a number of the caller's choice.
@safe package struct Poller: ~Copyable {
  private let descriptor: Descriptor
  private var ready = unsafe [epoll_event](repeating: epoll_event(), count: 16)

  package init() throws(SystemError) {
    let number = epoll_create1(Int32(EPOLL_CLOEXEC))
    if number < 0 { throw .last("make", "an epoll descriptor") }
    descriptor = Descriptor(owning: number)
  }

  /// `priority` waits for exceptional conditions (a moved mount table) instead of input.
  package borrowing func add(_ number: Int32, as token: UInt64, priority: Bool = false) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = priority ? EPOLLPRI.rawValue | EPOLLERR.rawValue : EPOLLIN.rawValue
    unsafe event.data.u64 = token
    if unsafe epoll_ctl(descriptor.number, EPOLL_CTL_ADD, number, &event) != 0 {
      throw .last("wait for", "descriptor \(number)")
    }
  }

  package borrowing func remove(_ number: Int32) {
    _ = epoll_ctl(descriptor.number, EPOLL_CTL_DEL, number, nil)
  }

  /// Waits until a descriptor is ready or the time is over (nil: for ever); hands over the numbers of those that are ready.
  package mutating func wait(_ nanoseconds: Int64?, _ body: (UInt64) -> Void) {
    let number = descriptor.number
    let count = unsafe ready.withUnsafeMutableBufferPointer {
      unsafe cl_epoll_wait(number, $0.baseAddress!, Int32($0.count), nanoseconds.map { max(0, $0) } ?? -1)
    }
    guard count > 0 else { return }
    for index in 0..<Int(count) { body(unsafe ready[index].data.u64) }
  }
}
