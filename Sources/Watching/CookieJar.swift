internal import CLinux
internal import Glibc
package import Platform

/// Files made only to be seen: when the watcher meets a cookie in its own queue, it has met everything before it.
///
/// They lie in a private directory outside the project, so nobody else ever sees one.
package struct CookieJar: Sendable {
  package let directory: String
  /// The jar's watch on the watcher's descriptor; below zero when it has none.
  package var watch: Int32 = -1
  private var next: UInt64 = 0

  package init(directory: String) throws(SystemError) {
    self.directory = directory
    try Files.makeDirectory(directory)
    // What a killed predecessor left.
    for name in try Files.names(in: directory) {
      try Files.remove(directory + "/" + String(decoding: name, as: UTF8.self))
    }
  }

  package mutating func arm(_ inotify: Int32) -> ErrorNumber? {
    let result = unsafe Files.withPath(Array(directory.utf8)) {
      unsafe Inotify.watch(inotify, $0, [.create, .onlyDirectory])
    }
    switch result {
    case .success(let number):
      watch = number
      return nil
    case .failure(let number):
      watch = -1
      return number
    }
  }

  /// Makes a cookie and takes it away again; its number, by which `number(of:)` knows it.
  package mutating func bake() throws(SystemError) -> UInt64 {
    next += 1
    let path = directory + "/" + String(next)
    do {
      _ = try Files.open(path, [.write, .create, .exclusive])
    } catch  where error.number == ENOENT {
      try Files.makeDirectory(directory)
      watch = -1
      throw error
    }
    try Files.remove(path)
    return next
  }

  package static func number(of name: some Sequence<UInt8>) -> UInt64? {
    UInt64(String(decoding: Array(name), as: UTF8.self))
  }
}
