import CLinux
import Glibc
import Model
import Platform
import Synchronization
import Testing
import Watching

@Suite struct RootTests {
  private func rig(_ files: [String]) throws -> Rig {
    let scratch = try Scratch()
    for file in files { try scratch.write(file) }
    let rig = try Rig(scratch)
    for file in files { try scratch.write(file) }
    _ = rig.changes()
    return rig
  }

  private func waitLost(_ rig: Rig) { rig.wait { if case .rootLost = $0 { true } else { false } } }
  private func waitFound(_ rig: Rig) { rig.wait { if case .rootFound = $0 { true } else { false } } }

  @Test func `a root that is deleted and made again`() throws {
    let rig = try rig(["a", "d/b"])
    let clock = rig.ticks.current
    try rig.scratch.remove("/" + rig.scratch.root.dropFirst())
    waitLost(rig)
    #expect(rig.changes() == ["deleted a", "deleted d/b"])
    #expect(rig.files() == [])
    try rig.scratch.write("a")
    waitFound(rig)
    #expect(rig.changes() == ["created a"])
    let answer = rig.changes(since: clock)
    #expect(!answer.fresh && answer.changes.map(\.path.text) == ["a", "d/b"])
    try rig.scratch.write("d/new")
    #expect(rig.changes() == ["created d/new"])
    rig.stop()
  }

  @Test func `a root that is replaced by another directory in one step`() throws {
    let rig = try rig(["a", "d/b"])
    let top = rig.scratch.top
    try rig.scratch.write("\(top)/other/a", "text")
    try rig.scratch.write("\(top)/other/c")
    rig.scratch.exchange("\(top)/other", rig.scratch.root)
    #expect(rig.changes() == ["created c", "deleted d/b"])
    try rig.scratch.write("\(top)/other/a", "in the old one")
    try rig.scratch.write("a", "in the new one")
    #expect(rig.changes() == ["changed a"])
    rig.stop()
  }

  @Test func `a root that is renamed and replaced by a link to where it is`() throws {
    let rig = try rig(["a", "d/b"])
    let top = rig.scratch.top
    try rig.scratch.move(rig.scratch.root, "\(top)/moved")
    waitLost(rig)
    rig.scratch.symlink("moved", rig.scratch.root)
    waitFound(rig)
    #expect(rig.changes() == [])
    try rig.scratch.write("\(top)/moved/d/b", "other")
    #expect(rig.changes() == ["changed d/b"])
    rig.stop()
  }

  @Test func `a directory above the root that is renamed and comes back`() throws {
    let scratch = try Scratch()
    try scratch.write("in/side/a")
    let rig = try Rig(scratch) { $0.root = Array((scratch.root + "/in/side").utf8) }
    try scratch.move("in", "out")
    waitLost(rig)
    try scratch.write("out/side/b")
    try scratch.move("out", "in")
    waitFound(rig)
    rig.sync()
    #expect(rig.files() == ["a", "b"])
    rig.stop()
  }

  @Test func `a root that is not there yet is watched when it comes`() throws {
    let scratch = try Scratch()
    let rig = try Rig(scratch) { $0.root = Array((scratch.root + "/later/on").utf8) }
    #expect(rig.events.contains { if case .rootLost = $0 { true } else { false } })
    try scratch.write("later/on/a")
    waitFound(rig)
    #expect(rig.changes() == ["created a"])
    rig.stop()
  }

  @Test func `a root that is a file is said to be no directory`() throws {
    let scratch = try Scratch()
    try scratch.write("file")
    let rig = try Rig(scratch) { $0.root = Array((scratch.root + "/file").utf8) }
    #expect(
      rig.events.contains {
        if case .rootLost(let complaint) = $0 { complaint.code == "root-no-directory" } else { false }
      })
    rig.stop()
  }

  @Test func `mount points below a root are read with their escapes`() {
    let table = """
      22 1 8:1 / / rw - ext4 /dev/sda rw
      23 22 0:5 / /srv/root/a\\040b rw,relatime shared:1 - tmpfs none rw
      24 22 0:6 / /srv/roots rw - tmpfs none rw
      25 22 0:7 / /srv/root rw - tmpfs none rw

      """
    #expect(Mounts.parse(Array(table.utf8), below: Array("/srv/root".utf8)) == [Array("a b".utf8)])
  }

  @Test(.enabled(if: geteuid() == 0, "mounting needs root"))
  func `a file system mounted over a directory and taken away again`() throws {
    let rig = try rig(["m/a", "b"])
    guard shell("mount -t tmpfs none '\(rig.scratch.root)/m'") != nil else { return }
    try rig.scratch.write("m/new")
    rig.waitUntil { rig.files() == ["b", "m/new"] }
    try rig.scratch.write("m/newer")
    rig.sync()
    #expect(rig.files() == ["b", "m/new", "m/newer"])
    #expect(shell("umount '\(rig.scratch.root)/m'") != nil, "the watch must not hold the file system")
    rig.waitUntil { rig.files() == ["b", "m/a"] }
    rig.stop()
  }
}

@Suite struct OverflowTests {
  @Test func `forty thousand files made while nobody reads are all found`() throws {
    let scratch = try Scratch()
    for directory in 0..<20 { try scratch.mkdir("d\(directory)") }
    try scratch.write("old")
    let rig = try Rig(scratch)
    try scratch.write("old")
    _ = rig.changes()
    rig.pause()
    try scratch.write("old", "lost")
    for number in 0..<40_000 {
      unsafe close(open(scratch.path("d\(number % 20)/f\(number)"), O_CREAT | O_WRONLY, 0o644))
    }
    try scratch.move("d3", "e3")
    rig.goOn()
    let changes = rig.changes()
    #expect(changes.count == 40_001 && changes.first == "changed old")
    #expect(rig.watcher.status.overflows == 1 && rig.watcher.status.rescans == 1)
    #expect(rig.audit().differences == [])
    rig.stop()
  }
}

@Suite struct LimitTests {
  @Test func `beyond the limit directories are polled, and watched again when watches come free`() throws {
    let scratch = try Scratch()
    for directory in 0..<6 { try scratch.write("d\(directory)/a") }
    let rig = try Rig(scratch) { $0.watchLimit = 4 }
    rig.wait {
      if case .degraded(let list) = $0 { list.contains { $0.code == "watch-limit" } } else { false }
    }
    #expect(rig.watcher.status.mode == .mixed && rig.watcher.status.polledDirectories == 3)
    for directory in 0..<6 { try scratch.write("d\(directory)/b") }
    rig.waitUntil { rig.files("*/b").count == 6 }
    // Three are deleted: whichever they are, the rest fits.
    for directory in 0..<3 { try scratch.remove("d\(directory)") }
    rig.waitUntil { rig.watcher.status.mode == .inotify }
    rig.wait { if case .degraded(let list) = $0 { list.isEmpty } else { false } }
    try scratch.write("d5/c")
    rig.sync()
    #expect(rig.files("**/c") == ["d5/c"])
    rig.stop()
  }

  @Test(.enabled(if: geteuid() != 0, "root reads everything"))
  func `a directory that may not be read is said, and read when it may`() throws {
    let scratch = try Scratch()
    try scratch.write("d/a")
    scratch.chmod("d", 0)
    let rig = try Rig(scratch)
    #expect(rig.files() == [])
    scratch.chmod("d", 0o755)
    rig.sync()
    #expect(rig.files() == ["d/a"])
    rig.stop()
  }
}
