import CLinux
import Glibc
import Model
import Platform
import Testing

@Suite struct `Files and descriptors` {
  /// A fresh directory for one test.
  private func inScratch(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/mcpd-files.XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    #expect(made)
    let path = unsafe template.withUnsafeBufferPointer { unsafe String(cString: $0.baseAddress!) }
    defer { try? Files.removeTree(path) }
    try body(path)
  }

  /// The errno of what fails; nil when nothing does.
  private func number(_ body: () throws(SystemError) -> Void) -> Int32? {
    do throws(SystemError) { try body() } catch { return error.number }
    return nil
  }

  @Test func `a replaced file is whole, private, and leaves nothing beside it`() throws {
    try inScratch { place in
      let path = place + "/file"
      try Files.replace(path, with: Array("one".utf8))
      try Files.replace(path, with: Array("two".utf8), durable: false)
      #expect(try Files.read(path) == Array("two".utf8))
      #expect(try Files.names(in: place) == [Array("file".utf8)])
      var status = stat()
      #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
  }

  @Test func `a replacement that fails leaves the old content and nothing else`() throws {
    try inScratch { place in
      try Files.makeDirectory(place + "/taken/x")
      #expect(number { () throws(SystemError) in try Files.replace(place + "/taken", with: [1]) } == EISDIR)
      #expect(try Files.names(in: place) == [Array("taken".utf8)])
      let missing = place + "/none/file"
      #expect(number { () throws(SystemError) in try Files.replace(missing, with: [1]) } == ENOENT)
    }
  }

  @Test func `reading is bounded, and a pipe in a file's place does not hold it`() throws {
    try inScratch { place in
      try Files.replace(place + "/big", with: [UInt8](repeating: 7, count: 100_001))
      #expect(try Files.read(place + "/big", limit: 100_001).count == 100_001)
      #expect(
        number { () throws(SystemError) in _ = try Files.read(place + "/big", limit: 100_000) } == EFBIG)
      #expect(unsafe mkfifo(place + "/pipe", 0o600) == 0)
      #expect(try Files.read(place + "/pipe") == [])
      #expect(number { () throws(SystemError) in _ = try Files.read(place) } == EISDIR)
    }
  }

  @Test func `directories are made with those above them, and a file in the way is said`() throws {
    try inScratch { place in
      try Files.makeDirectory(place + "/a/b/c")
      try Files.makeDirectory(place + "/a/b/c")
      #expect(Files.kind(of: place + "/a/b/c") == .directory)
      try Files.replace(place + "/file", with: [])
      #expect(number { () throws(SystemError) in try Files.makeDirectory(place + "/file") } == ENOTDIR)
      #expect(number { () throws(SystemError) in try Files.makeDirectory(place + "/file/x") } == ENOTDIR)
    }
  }

  @Test func `a tree is removed without following links, whatever the names are`() throws {
    try inScratch { place in
      try Files.makeDirectory(place + "/kept")
      try Files.replace(place + "/kept/file", with: [1])
      try Files.makeDirectory(place + "/tree/deep")
      #expect(unsafe symlink(place + "/kept", place + "/tree/link") == 0)
      #expect(unsafe symlink("nowhere", place + "/tree/dangling") == 0)
      let strange = Array((place + "/tree/deep/").utf8) + [0xff, 0x0a, 0xfe]
      _ = try Files.open(strange, [.write, .create])
      #expect(try Files.names(in: place + "/tree/deep") == [[0xff, 0x0a, 0xfe]])
      try Files.removeTree(place + "/tree")
      try Files.removeTree(place + "/tree")
      #expect(try Files.names(in: place) == [Array("kept".utf8)])
      #expect(try Files.read(place + "/kept/file") == [1])
    }
  }

  @Test(arguments: [
    ("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("a/b/", "a"), ("a", "."), ("/a//", "/"), ("a//b", "a"),
    ("", "."),
  ])
  func `a parent is found by the text alone`(path: String, parent: String) {
    #expect(Files.parent(of: path) == parent)
  }

  @Test func `a descriptor closes once, and not after it was handed over`() throws {
    func isOpen(_ number: Int32) -> Bool { cl_fcntl(number, F_GETFD, 0) >= 0 }
    let (kept, copied): (Int32, Int32)
    do {
      let first = try Files.open("/dev/null", .read)
      let second = try first.duplicate()
      #expect(cl_fcntl(second.number, F_GETFD, 0) == FD_CLOEXEC)
      copied = second.number
      kept = first.release()
      #expect(isOpen(copied))
    }
    #expect(isOpen(kept))
    // Another test may have taken the number by now, so only the one that is still held can be looked at.
    _ = Descriptor(owning: kept)
    #expect(number { () throws(SystemError) in _ = try Files.open("/dev/null/x", .read) } == ENOTDIR)
  }

  @Test func `an error says what failed, on what, why, and what to do`() {
    let error = SystemError(ENOSPC, "write", "/tmp/x")
    #expect(error.description == "cannot write /tmp/x: No space left on device")
    let diagnostic = error.diagnostic(code: "disk-full")
    #expect(diagnostic.code == "disk-full" && diagnostic.hints == ["free some space on that file system"])
    #expect(SystemError(EIO, "read", "x").hint == nil)
  }
}

@Suite struct `Digests` {
  /// From FIPS 180-4's examples.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func `a digest is SHA-256, in one piece or in many`(text: String, hex: String) {
    #expect(Digester.digest(of: text.utf8).hex == hex)
    #expect(Digester.digest(of: Array(text.utf8)).hex == hex)
    var digester = Digester()
    for byte in text.utf8 { digester.update(CollectionOfOne(byte)) }
    // No contiguous storage: the slow way in.
    digester.update(repeatElement(UInt8(0), count: 0))
    #expect(digester.finish().hex == hex)
  }

  @Test func `a million times a`() {
    let digest = Digester.digest(of: repeatElement(UInt8(ascii: "a"), count: 1_000_000))
    #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }
}
