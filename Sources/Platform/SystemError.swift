internal import CLinux
internal import Glibc
package import Model

/// A call to the system that failed: what was being done, on what, why, and how to mend it.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The errno value.
  package let number: Int32
  /// In words, starting with a verb: `open`, `make the directory`.
  package let operation: String
  /// The path, descriptor or process it was about.
  package let subject: String

  package init(_ number: Int32, _ operation: String, _ subject: String) {
    self.number = number
    self.operation = operation
    self.subject = subject
  }

  /// With the errno that the call just left.
  package static func last(_ operation: String, _ subject: String) -> SystemError {
    SystemError(errno, operation, subject)
  }

  package var reason: String { unsafe String(cString: strerror(number)) }

  package var description: String { "cannot \(operation) \(subject): \(reason)" }

  /// What a person can do about it, where there is something.
  package var hint: String? {
    switch number {
    case ENOSPC, EDQUOT: "free some space on that file system"
    case EROFS: "the file system is mounted read-only; choose another place"
    case EACCES, EPERM: "check who owns it and its permission bits"
    case EMFILE, ENFILE: "too many open files; raise the limit (ulimit -n)"
    default: nil
    }
  }

  package func diagnostic(code: String) -> Diagnostic {
    Diagnostic(.error, code: code, description, hints: hint.map { [$0] } ?? [])
  }
}
