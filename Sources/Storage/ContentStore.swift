internal import Glibc
internal import Model
internal import Platform
internal import Synchronization

/// Bytes kept under their own SHA-256 as files `ab/cdef…`: written aside, flushed, renamed, so a name always stands
/// for whole content.
///
/// Several processes may share it. Writers hold its lock shared while they write or refresh a file's time; the collector
/// holds it alone and spares what is young, so what another process has just put, and not yet written down, stays.
package final class ContentStore: Sendable {
  let directory: String
  /// What is younger (in seconds) is never collected: its reference may be on its way.
  private let youngAge: Int
  private let counter = Atomic<UInt64>(0)

  init(_ directory: String, youngAge: Int = 3600) throws(StorageError) {
    self.directory = directory
    self.youngAge = youngAge
    try StorageError.translating { () throws(SystemError) in
      try Files.makeDirectory(directory)
      // Says early whether the lock can be had.
      _ = try Self.hold(directory, LOCK_SH).number
    }
  }

  func path(of digest: Digest) -> String {
    let hex = digest.hex
    return "\(directory)/\(hex.prefix(2))/\(hex.dropFirst(2))"
  }

  /// All are on disk for good when it returns.
  func put(_ contents: [(digest: Digest, bytes: [UInt8])]) throws(StorageError) {
    if contents.isEmpty { return }
    do throws(SystemError) {
      // A descriptor of its own for each holder: locks belong to the open file, and threads must not share one.
      let held = try Self.hold(directory, LOCK_SH)
      defer { _ = held.number }
      var touched: Set<String> = []
      for (digest, bytes) in contents {
        let file = path(of: digest)
        let shard = Files.parent(of: file)
        if Self.refresh(file, size: bytes.count) { continue }
        if Files.kind(of: shard) == nil {
          try Files.makeDirectory(shard)
          touched.insert(directory)
        }
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        let aside = "\(shard)/new-\(getpid())-\(number)"
        do throws(SystemError) {
          let descriptor = try Files.open(aside, [.write, .create, .truncate, .noFollow])
          try Files.write(bytes, to: descriptor, named: aside)
          if fdatasync(descriptor.number) != 0 { throw .last("flush", aside) }
          try Files.rename(aside, to: file)
        } catch {
          try? Files.remove(aside)
          throw error
        }
        touched.insert(shard)
      }
      for directory in touched { try Files.flushDirectory(directory) }
    } catch {
      throw StorageError(error)
    }
  }

  /// The content, checked against its digest.
  ///
  /// What is damaged is taken away and is as if it had never been.
  func bytes(of digest: Digest, limit: Int = 256 << 20) -> [UInt8]? {
    let file = path(of: digest)
    guard let bytes = try? Files.read(file, limit: limit) else { return nil }
    if Digester.digest(of: bytes) == digest { return bytes }
    try? Files.remove(file)
    return nil
  }

  /// Makes an existing file of the right size young again; false when it has to be written.
  private static func refresh(_ file: String, size: Int) -> Bool {
    var status = stat()
    guard unsafe lstat(file, &status) == 0, Int(status.st_size) == size,
      Files.kind(of: file, followLinks: false) == .file
    else { return false }
    return unsafe utimensat(AT_FDCWD, file, nil, 0) == 0
  }

  private static func hold(_ directory: String, _ mode: Int32) throws(SystemError) -> Descriptor {
    let descriptor = try Files.open(directory + "/lock", [.readWrite, .create, .noFollow])
    while flock(descriptor.number, mode) != 0 {
      if errno != EINTR { throw .last("lock", directory + "/lock") }
    }
    return descriptor
  }

  /// Removes these unless they are young; answers how many bytes that freed.
  @discardableResult
  func remove(_ digests: [Digest]) -> UInt64 {
    if digests.isEmpty { return 0 }
    guard let held = try? Self.hold(directory, LOCK_EX) else { return 0 }
    defer { _ = held.number }
    return digests.reduce(0) { $0 + remove(path(of: $1)) }
  }

  private func remove(_ file: String) -> UInt64 {
    var status = stat()
    var now = timespec()
    // The file system's clock is the wall clock, whatever clock the daemon was given.
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    guard unsafe lstat(file, &status) == 0, now.tv_sec - status.st_mtim.tv_sec >= youngAge,
      (try? Files.remove(file)) != nil
    else { return 0 }
    return UInt64(clamping: status.st_size)
  }

  /// Looks at the files of one of the 256 directories: removes those that `isKnown` does not know and that are not
  /// young, abandoned temporary files among them.
  ///
  /// The lock is let go of between directories, so no writer waits long.
  @discardableResult
  func collect(shard: UInt8, isKnown: (Digest) -> Bool) -> UInt64 {
    let prefix = String(Digest(bytes: [shard] + [UInt8](repeating: 0, count: 31))!.hex.prefix(2))
    let path = "\(directory)/\(prefix)"
    guard Files.kind(of: path, followLinks: false) == .directory,
      let held = try? Self.hold(directory, LOCK_EX)
    else { return 0 }
    defer { _ = held.number }
    var freed: UInt64 = 0
    for name in (try? Files.names(in: path)) ?? [] {
      let name = String(decoding: name, as: UTF8.self)
      if let digest = Digest(hex: prefix + name), isKnown(digest) { continue }
      freed += remove("\(path)/\(name)")
    }
    return freed
  }

  /// Reads every file and takes the damaged ones away; answers them.
  func verify() -> [Digest] {
    var damaged: [Digest] = []
    walk { shard, names in
      for name in names {
        guard let digest = Digest(hex: Self.name(of: shard) + name) else { continue }
        if bytes(of: digest) == nil { damaged.append(digest) }
      }
    }
    return damaged
  }

  private static func name(of shard: String) -> String { String(shard.suffix(2)) }

  private func walk(_ body: (_ shard: String, _ names: [String]) -> Void) {
    for name in (try? Files.names(in: directory)) ?? [] where name.count == 2 {
      let shard = directory + "/" + String(decoding: name, as: UTF8.self)
      guard Files.kind(of: shard, followLinks: false) == .directory, let names = try? Files.names(in: shard)
      else {
        continue
      }
      body(shard, names.map { String(decoding: $0, as: UTF8.self) })
    }
  }
}
