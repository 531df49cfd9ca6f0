import Glibc
import Platform
import Testing

@Test func `a listing tells what each entry is, without following links`() throws {
  let path = "/tmp/mcpd-listing-\(getpid())"
  try Files.makeDirectory(path + "/folder")
  defer { try? Files.removeTree(path) }
  try Files.replace(path + "/file", with: [1])
  _ = unsafe Files.withPath(Array((path + "/fifo").utf8)) { unsafe mkfifo($0, 0o600) }
  _ = unsafe Files.withPath(Array((path + "/link").utf8)) { link in
    unsafe "folder".withCString { unsafe symlink($0, link) }
  }
  let found = try Files.entries(in: path).map { "\(String(decoding: $0.name, as: UTF8.self)) \($0.kind)" }
    .sorted()
  #expect(found == ["fifo other", "file file", "folder directory", "link link"])
  #expect(throws: SystemError.self) { try Files.entries(in: path + "/absent") }
}
