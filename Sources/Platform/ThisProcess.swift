internal import Glibc

/// Facts about this process that do not change.
package enum ThisProcess {
  package static let own = Int(getpid())

  /// Processors that this process may use.
  package static let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}
