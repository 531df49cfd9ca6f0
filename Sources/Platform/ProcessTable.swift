internal import CLinux
internal import Glibc

/// Exactly one process: its number and when it started, since numbers are used again.
package struct ProcessIdentity: Hashable, Sendable {
  package let pid: Int32
  /// In clock ticks since boot, as `/proc/PID/stat` tells it.
  package let startTime: UInt64

  package init(pid: Int32, startTime: UInt64) {
    self.pid = pid
    self.startTime = startTime
  }

  /// Nil when no such process is there.
  package init?(pid: Int32) {
    guard let entry = ProcessTable.entry(pid) else { return nil }
    self = entry.identity
  }

  /// A descriptor for exactly this process; nil when it has ended (and its number may be another's).
  package func open() -> Descriptor? {
    let number = cl_pidfd_open(pid, 0)
    if number < 0 { return nil }
    let descriptor = Descriptor(owning: number)
    // Looked at after opening: a process that still stands here is the one that was opened.
    if ProcessIdentity(pid: pid) == self { return descriptor }
    return nil
  }

  /// Signals exactly this process; false when it has ended or may not be signalled.
  @discardableResult
  package func signal(_ number: Int32) -> Bool {
    guard let descriptor = open() else { return false }
    return cl_pidfd_send_signal(descriptor.number, number) == 0
  }
}

/// What `/proc` says of the processes.
package enum ProcessTable {
  package struct Entry: Hashable, Sendable {
    package let identity: ProcessIdentity
    package let parent: Int32
    package let group: Int32
    /// `R`, `S`, `T` (stopped), `Z` (ended, not reaped)…
    package let state: UInt8
  }

  package static func entry(_ pid: Int32) -> Entry? {
    guard let text = try? Files.read("/proc/\(pid)/stat", limit: 1 << 16) else { return nil }
    return parse(text)
  }

  /// The command's name may hold spaces and brackets, so fields are counted from its last bracket.
  package static func parse(_ stat: [UInt8]) -> Entry? {
    guard let space = stat.firstIndex(of: UInt8(ascii: " ")),
      let close = stat.lastIndex(of: UInt8(ascii: ")")),
      let pid = Int32(String(decoding: stat[..<space], as: UTF8.self))
    else { return nil }
    let fields = stat[(close + 1)...].split(whereSeparator: {
      $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n")
    })
    guard fields.count > 19, fields[0].count == 1, let state = fields[0].first,
      let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
      let group = Int32(String(decoding: fields[2], as: UTF8.self)),
      let startTime = UInt64(String(decoding: fields[19], as: UTF8.self))
    else { return nil }
    return Entry(
      identity: ProcessIdentity(pid: pid, startTime: startTime), parent: parent, group: group,
      state: state)
  }

  /// All processes that can be seen.
  package static func all() -> [Entry] {
    pids().compactMap(entry)
  }

  package static func pids() -> [Int32] {
    guard let names = try? Files.names(in: "/proc") else { return [] }
    return names.compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
  }

  /// Every process below `root`, nearest first; `root` itself is not in it.
  package static func descendants(of root: Int32, in entries: [Entry] = all()) -> [Entry] {
    let children = Dictionary(grouping: entries, by: \.parent)
    var found = children[root] ?? []
    var seen: Set<Int32> = [root]
    var index = 0
    while index < found.count {
      let pid = found[index].identity.pid
      // A table read while processes come and go may hold a circle.
      if seen.insert(pid).inserted {
        found += (children[pid] ?? []).filter { !seen.contains($0.identity.pid) }
      }
      index += 1
    }
    return found
  }

  /// Processes of this user whose environment has the entry (`NAME=value`).
  package static func marked(_ entry: String) -> [Entry] {
    let wanted = Array(entry.utf8)
    return pids().compactMap { pid in
      guard let found = Self.entry(pid), found.state != UInt8(ascii: "Z"),
        let environment = try? Files.read("/proc/\(pid)/environ", limit: 8 << 20),
        environment.split(separator: 0).contains(where: { $0.elementsEqual(wanted) }),
        // The same process before and after its environment was read.
        Self.entry(pid)?.identity == found.identity
      else { return nil }
      return found
    }
  }
}
