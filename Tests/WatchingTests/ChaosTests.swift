import CLinux
import Glibc
import Model
import Platform
import Synchronization
import Testing
import Watching

/// The naive second watcher: walks the whole tree and compares.
struct NaiveView: Equatable {
  struct File: Equatable {
    var mode: UInt16
    var inode: UInt64
    var size: UInt64
    var digest: Digest?
  }

  var files: [RelativePath: File] = [:]

  init() {}

  init(of root: String) {
    var directories = [RelativePath.root]
    while let directory = directories.popLast() {
      let path = Array(root.utf8) + [UInt8(ascii: "/")] + directory.bytes
      for name in Self.names(in: path) {
        if name == Array(".git".utf8) { continue }
        let below = directory.appending(name)
        let full = Array(root.utf8) + [UInt8(ascii: "/")] + below.bytes
        guard case .success(let status) = EntryStatus.read(in: AT_FDCWD, full) else { continue }
        if status.kind == .directory {
          directories.append(below)
          continue
        }
        let content = status.kind == .file ? IgnoreFiles.read(AT_FDCWD, full) : nil
        files[below] = File(
          mode: status.mode, inode: status.inode, size: status.kind == .file ? status.size : 0,
          digest: content.map { Digester.digest(of: $0) })
      }
    }
  }

  private static func names(in path: [UInt8]) -> [[UInt8]] {
    let stream = unsafe Files.withPath(path) { unsafe opendir($0) }
    guard let stream = unsafe stream else { return [] }
    defer { unsafe closedir(stream) }
    var names: [[UInt8]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe Array(String(cString: $0).utf8) }
      }
      if name != [0x2e] && name != [0x2e, 0x2e] { names.append(name) }
    }
    return names
  }
}

/// Random operations on a tree.
struct Chaos {
  var dice: Dice
  let scratch: Scratch
  /// Each actor has its own names beside the shared ones.
  let actor: Int

  private mutating func place() -> String {
    let names = ["a", "b", "c", "d", "e", "x\(actor)"]
    let depth = 1 + Int(dice.next() >> 33) % 4
    return (0..<depth).map { _ in dice.pick(names) }.joined(separator: "/")
  }

  mutating func step() {
    let path = scratch.path(place())
    let other = scratch.path(place())
    switch Int(dice.next() >> 33) % 100 {
    case 0..<25: write(path)
    case 25..<32: append(path)
    case 32..<47: _ = unsafe rename(path, other)
    case 47..<62: _ = unsafe mkdir(path, 0o755)
    case 62..<68: _ = unsafe unlink(path)
    case 68..<72: try? Files.removeTree(path)
    case 72..<76: _ = unsafe cl_renameat2(AT_FDCWD, path, AT_FDCWD, other, 2)
    case 76..<80: _ = unsafe symlink(dice.pick(["a", "../b", "nowhere"]), path)
    case 80..<84: _ = unsafe chmod(path, dice.pick([0o644, 0o755, 0o600]))
    case 84..<87: _ = unsafe link(path, other)
    case 87..<89: _ = unsafe mkfifo(path, 0o644)
    case 89..<92:
      try? Files.makeDirectory(path + "/b/c/d")
      write(path + "/b/c/d/e")
    case 92..<95: _ = unsafe rename(path, scratch.top + "/out\(actor)-\(Int(dice.next() >> 33) % 3)")
    case 95..<98: _ = unsafe rename(scratch.top + "/out\(actor)-\(Int(dice.next() >> 33) % 3)", path)
    default: _ = unsafe rmdir(path)
    }
  }

  private mutating func write(_ path: String) {
    guard Files.kind(of: path, followLinks: false) != .other else { return }
    guard
      let file = try? Files.open(
        path, [.write, .create, .truncate, .nonBlocking, .noFollow], permissions: 0o644)
    else { return }
    let text = dice.pick(["one", "two", "three", "", "a longer text than the others"])
    try? Files.write(Array(text.utf8), to: file, named: path)
  }

  private mutating func append(_ path: String) {
    guard Files.kind(of: path, followLinks: false) == .file else { return }
    guard let file = try? Files.open(path, [.write, .append, .nonBlocking, .noFollow]) else { return }
    try? Files.write(Array("more".utf8), to: file, named: path)
  }
}

@Suite struct ChaosTests {
  /// What all settled sets add up to.
  private func apply(_ events: [WatchEvent], to known: inout Set<RelativePath>) -> [String] {
    var faults: [String] = []
    for case .settled(let set) in events {
      for change in set.changes {
        switch change.kind {
        case .created where !known.insert(change.path).inserted:
          faults.append("created twice: \(change.path)")
        case .deleted where known.remove(change.path) == nil: faults.append("deleted unknown: \(change.path)")
        case .changed where !known.contains(change.path): faults.append("changed unknown: \(change.path)")
        default: break
        }
      }
    }
    return faults
  }

  @Test func `after any operations the view equals a fresh walk, and every difference was told`() throws {
    let seed = Dice.seed("chaos")
    let rounds = Dice.rounds("MCPD_CHAOS_ROUNDS", 40)
    let scratch = try Scratch()
    let rig = try Rig(scratch)
    var known: Set<RelativePath> = []
    var before = NaiveView()
    var lastClock = rig.ticks.current
    for round in 0..<rounds {
      let actors = 1 + round % 4
      let finished = Mutex(0)
      let condition = Condition()
      for actor in 0..<actors {
        let dice = Dice(seed &+ UInt64(round * 16 + actor))
        ThreadBody {
          var chaos = Chaos(dice: dice, scratch: scratch, actor: actor)
          for _ in 0..<50 { chaos.step() }
          finished.withLock { $0 += 1 }
          condition.signal()
        }.start(named: "chaos")
      }
      condition.wait { finished.withLock { $0 == actors } }
      rig.sync()
      let label: Comment = "round \(round), MCPD_SEED=\(seed)"
      let naive = NaiveView(of: scratch.root)
      #expect(apply(rig.takeEvents(), to: &known) == [], label)
      #expect(known == Set(naive.files.keys), label)
      let view = Dictionary(uniqueKeysWithValues: rig.view().map { ($0.path, $0) })
      for (path, file) in naive.files {
        guard let viewed = view[path] else {
          Issue.record("\(path) is not in the view; \(label)")
          continue
        }
        #expect(viewed.status.inode == file.inode && viewed.status.mode == file.mode, "\(path) \(label)")
        if let digest = file.digest {
          #expect(viewed.status.size == file.size, "\(path) \(label)")
          if let half = viewed.digest {
            #expect(half == SIMD2(digest.words[0], digest.words[1]), "\(path) \(label)")
          }
        }
      }
      #expect(view.count == naive.files.count, label)
      // Everything that really differs since the last round is in the history, told or not in between.
      let since = rig.changes(since: lastClock)
      let named = Set(since.changes.map(\.path))
      for path in Set(before.files.keys).union(naive.files.keys)
      where before.files[path]?.mode != naive.files[path]?.mode
        || before.files[path]?.digest != naive.files[path]?.digest
      {
        #expect(named.contains(path), "\(path) changed and is not named; \(label)")
      }
      #expect(rig.audit().differences == [], label)
      before = naive
      lastClock = since.clock
    }
    rig.stop()
  }
}
