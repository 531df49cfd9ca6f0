import CLinux
import Glibc
import Model
import Platform
import Testing
import Wire

/// A scratch place for one test: projects, state and socket of a daemon of its own; gone when the test ends.
final class Site {
  let path: String

  init() throws {
    let base = Environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(base)/mcpd-system.XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    try #require(made, "no scratch directory in \(base)")
    path = unsafe template.withUnsafeBufferPointer { unsafe String(cString: $0.baseAddress!) }
    try Files.makeDirectory(path + "/config")
  }

  deinit {
    // Not with a daemon's end: its runs go on, and the next daemon takes them over.
    for supervisor in Daemon.supervisors(of: self) { kill(supervisor, SIGTERM) }
    // A test may have shut a directory for everybody.
    _ = try? Tool.run("chmod", "-R", "u+rwX", path)
    try? Files.removeTree(path)
  }

  var state: String { path + "/state" }
  var socket: String { path + "/run/mcpd.sock" }

  /// A project of these files; those whose content starts with `#!` are executable.
  @discardableResult
  func project(_ name: String, _ files: [String: String]) throws -> String {
    let root = path + "/" + name
    try Files.makeDirectory(root, permissions: 0o755)
    for (file, content) in files { try write(content, to: name + "/" + file) }
    return root
  }

  /// A copy of the bundled example, as its own git repository.
  func shop() throws -> String {
    let root = path + "/shop"
    try Tool.run("cp", "-R", Place.checkout + "/Examples/shop", root).expectSuccess()
    try git(root, "init", "--quiet")
    try git(root, "add", "--all")
    try git(root, "commit", "--quiet", "-m", "The shop opens")
    return root
  }

  func git(_ root: String, _ arguments: String...) throws {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"]
    try Tool.run(["git", "-C", root] + identity + arguments).expectSuccess()
  }

  /// Relative to the site; written as editors do it, by a rename over the old file.
  func write(_ content: String, to file: String) throws {
    let target = path + "/" + file
    try Files.makeDirectory(Files.parent(of: target), permissions: 0o755)
    try Files.replace(
      target, with: content.utf8, permissions: content.hasPrefix("#!") ? 0o755 : 0o644, durable: false)
  }

  func read(_ file: String) throws -> String {
    String(decoding: try Files.read(path + "/" + file), as: UTF8.self)
  }

  /// Replaces the one place where `old` stands.
  func edit(_ file: String, _ old: String, _ new: String) throws {
    let text = try read(file)
    let place = try #require(text.firstRange(of: old), "\(file) has no `\(old)`")
    try write(text.replacingCharacters(in: place, with: new), to: file)
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    self[..<range.lowerBound] + text + self[range.upperBound...]
  }
}

/// Where the checkout and the programs under test lie.
enum Place {
  static let checkout =
    Environment["MCPD_CHECKOUT"] ?? Files.parent(of: Files.parent(of: Files.parent(of: #filePath)))
  static let binaries = Environment["MCPD_BINARIES"] ?? checkout + "/.build/debug"

  /// Whether there is a daemon to test, and not only its tests.
  static let hasDaemon = (try? Tool.run(binaries + "/mcpd", "--version").text.hasPrefix("mcpd ")) ?? false
}

/// The test process's own environment.
enum Environment {
  static subscript(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  /// All of it, with some replaced, and without what points at somebody's own daemon or session.
  static func with(_ changes: [String: String]) -> [String] {
    var variables: [String] = []
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      let text = unsafe String(cString: entry)
      let name = String(text.prefix { $0 != "=" })
      if changes[name] == nil && !name.hasPrefix("MCPD_") && !name.hasPrefix("XDG_")
        && !name.hasPrefix("GIT_")
      {
        variables.append(text)
      }
      unsafe next += 1
    }
    return variables + changes.map { "\($0)=\($1)" }
  }
}
