internal import CLinux
internal import Glibc

/// Signals that one thread takes in order, instead of handlers that may interrupt anything.
package struct Signals: Sendable {
  private let numbers: [Int32]

  /// Blocks them in this thread and in every thread it starts from now on.
  package static func block(_ numbers: [Int32]) -> Signals {
    var set = Self.set(numbers)
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    return Signals(numbers: numbers)
  }

  package static func ignore(_ number: Int32) {
    signal(number, SIG_IGN)
  }

  /// Waits for the next one.
  package func next() -> Int32 {
    var set = Self.set(numbers)
    var number: Int32 = 0
    while unsafe sigwait(&set, &number) != 0 {}
    return number
  }

  private static func set(_ numbers: [Int32]) -> sigset_t {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for number in numbers { unsafe sigaddset(&set, number) }
    return set
  }
}
