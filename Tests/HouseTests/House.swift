import Foundation

/// The repository on disk, and the programs that look at it.
enum House {
  /// Where the checkout lies; a copy of it when the tests run as another user.
  static let root: String =
    ProcessInfo.processInfo.environment["MCPD_CHECKOUT"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: root + "/" + path, encoding: .utf8)
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + "/" + path) }

  /// Every file below the folders, relative to the root, sorted; build products and caches left out.
  static func files(under folders: [String]) -> [String] {
    let skipped: Set = [".build", ".git", "__pycache__", ".pytest_cache", "dist"]
    var found: [String] = []
    var pending = folders
    while let path = pending.popLast() {
      if let names = try? FileManager.default.contentsOfDirectory(atPath: root + "/" + path) {
        pending += names.filter { !skipped.contains($0) }.map { path + "/" + $0 }
      } else if exists(path) {
        found.append(path)
      }
    }
    return found.sorted()
  }

  struct Output {
    let code: Int32
    let text: String
  }

  /// Runs a program found on PATH and waits for its end; standard error goes along with the output.
  static func run(
    _ command: [String], in directory: String? = nil, environment: [String: String] = [:]
  ) throws -> Output {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = URL(filePath: directory ?? root)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Output(code: process.terminationStatus, text: String(decoding: data, as: UTF8.self))
  }

  static func has(_ program: String) -> Bool {
    (try? run(["sh", "-c", "command -v \(program)"]).code) == 0
  }

  /// Calls `body` with a fresh directory that is gone afterwards.
  static func withScratch<Result>(_ body: (String) throws -> Result) throws -> Result {
    let path = NSTemporaryDirectory() + "/mcpd-house-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }
}
