internal import Glibc
package import Model
internal import Platform
internal import Synchronization

/// Hands out ticks from blocks that were reserved on disk beforehand: a tick costs one atomic addition, and after a
/// crash the next tick is above every tick ever handed out.
///
/// The reserve has a thread of its own: were it the journal's, a callback there that takes a tick could wait for itself.
package final class TickReserve: TickSource {
  /// How many ticks one flush to disk buys; the next block is asked for when half of this one is used.
  static let block: UInt64 = 1 << 16

  private let newest: Atomic<UInt64>
  /// The last tick that may be handed out.
  private let reserved: Atomic<UInt64>
  private let isExtending = Atomic(false)
  private let extended = Condition()
  private let thread = WorkerThread(named: "mcpd-ticks")
  private let file: ClockFile
  private let failure = Mutex<StorageError?>(nil)

  /// `floor`: the newest tick that other records know of.
  init(_ file: consuming ClockFile, above floor: UInt64) throws(StorageError) {
    let start = max(floor, file.reserved)
    let end = start + Self.block
    newest = Atomic(start)
    reserved = Atomic(end)
    self.file = file
    try self.file.write(end)
  }

  package var current: Tick { Tick(newest.load(ordering: .acquiring)) }

  package func next() -> Tick {
    let tick = newest.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    let end = reserved.load(ordering: .acquiring)
    if tick &+ Self.block / 2 >= end {
      extend()
      // A disk that fails for half a block of ticks stops no clock: `complaint` says so instead.
      if tick > end { extended.wait { reserved.load(ordering: .acquiring) >= tick || complaint != nil } }
    }
    return Tick(tick)
  }

  /// What keeps the reserve from being written.
  var complaint: StorageError? { failure.withLock { $0 } }

  /// All ticks handed out are at or below it.
  var end: UInt64 { reserved.load(ordering: .acquiring) }

  private func extend() {
    guard isExtending.exchange(true, ordering: .acquiringAndReleasing) == false else { return }
    let isQueued = thread.enqueue { [self] in
      // Those that wait see either the new end or the complaint.
      let end = newest.load(ordering: .acquiring) + Self.block
      do throws(StorageError) {
        try file.write(end)
        failure.withLock { $0 = nil }
        reserved.store(end, ordering: .releasing)
      } catch {
        failure.withLock { $0 = error }
      }
      isExtending.store(false, ordering: .releasing)
      extended.signal()
    }
    if !isQueued {
      // Closed: whoever still asks gets a tick, and nothing under it is kept any more.
      failure.withLock { $0 = StorageError(.closed, "the clock's reserve is closed") }
      isExtending.store(false, ordering: .releasing)
    }
  }

  /// Writes the newest tick itself, so that an orderly restart skips none.
  ///
  /// No tick may be taken afterwards.
  func close() {
    _ = thread.run { [self] in try? file.write(newest.load(ordering: .acquiring)) }
    thread.close()
  }
}

/// The reserved tick in a small file that is written in place: two copies take turns, so a torn write leaves
/// the other one, and no space is needed that the file does not have already.
///
/// A full disk cannot stop it.
struct ClockFile: ~Copyable, Sendable {
  private static let magic = Array("mcpdtick".utf8)
  private static let slot = 512

  private let path: String
  private let descriptor: Descriptor
  /// What the file said when it was opened; 0 when it said nothing.
  let reserved: UInt64
  /// Counts the writes: the copy with the higher one is the newer, and the next write goes over the other.
  private let turn: Atomic<UInt64>

  init(_ path: String) throws(StorageError) {
    let descriptor = try StorageError.translating { () throws(SystemError) in
      try Files.open(path, [.readWrite, .create, .noFollow])
    }
    let bytes = (try? Files.read(descriptor, limit: 1 << 20, named: path)) ?? []
    let copies = (0..<2).map { Self.decode(bytes.dropFirst($0 * Self.slot).prefix(Self.slot)) }
    if bytes.count < 2 * Self.slot {
      let number = descriptor.number
      try StorageError.translating { () throws(SystemError) in
        let whole = bytes + [UInt8](repeating: 0, count: 2 * Self.slot - bytes.count)
        try Self.write(whole, at: 0, to: number, named: path)
        try Files.flushDirectory(Files.parent(of: path))
      }
    }
    self.path = path
    self.descriptor = descriptor
    let newest = copies.compactMap { $0 }.max { $0.turn < $1.turn }
    reserved = newest?.value ?? 0
    turn = Atomic(newest?.turn ?? 0)
  }

  /// Flushed when it returns.
  borrowing func write(_ value: UInt64) throws(StorageError) {
    let next = turn.load(ordering: .relaxed) &+ 1
    do throws(SystemError) {
      try Self.write(
        Self.encode(next, value), at: Int(next % 2) * Self.slot, to: descriptor.number, named: path)
    } catch {
      throw StorageError(error)
    }
    turn.store(next, ordering: .relaxed)
  }

  private static func encode(_ turn: UInt64, _ value: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(turn)
    writer.write(value)
    writer.write(~(turn ^ value))
    return magic + writer.bytes
  }

  private static func decode(_ bytes: ArraySlice<UInt8>) -> (turn: UInt64, value: UInt64)? {
    guard bytes.starts(with: magic) else { return nil }
    var reader = ByteReader(Array(bytes.dropFirst(magic.count)))
    guard let turn = try? reader.unsigned(), let value = try? reader.unsigned(),
      let check = try? reader.unsigned(), turn ^ value == ~check, value < UInt64(Int64.max) / 2
    else { return nil }
    return (turn, value)
  }

  private static func write(
    _ bytes: [UInt8], at offset: Int, to descriptor: Int32, named path: String
  ) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let start = done
      let count = unsafe bytes.withUnsafeBytes {
        unsafe pwrite(descriptor, $0.baseAddress! + start, $0.count - start, offset + start)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .last("write", path)
      }
      done += count
    }
    if fdatasync(descriptor) != 0 { throw .last("flush", path) }
  }
}
