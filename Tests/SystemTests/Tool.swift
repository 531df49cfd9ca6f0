import Glibc
import Platform
import Testing

/// What a program that was run to its end said.
struct Said: CustomStringConvertible {
  let command: [String]
  /// 128 + signal for one that a signal ended; nil when it was too slow and was ended.
  let code: Int?
  let text: String

  var description: String {
    "\(command.joined(separator: " ")) left with \(code.map { "\($0)" } ?? "nothing"): \(text)"
  }

  var lines: [Substring] { text.split(separator: "\n") }

  func expectSuccess(_ location: SourceLocation = #_sourceLocation) throws {
    try #require(code == 0, "\(self)", sourceLocation: location)
  }
}

/// Runs programs from PATH, with a limit.
enum Tool {
  @discardableResult
  static func run(
    _ command: [String], in directory: String? = nil, environment: [String: String] = [:],
    withErrors: Bool = true, limit: Duration = .seconds(120)
  ) throws -> Said {
    var start = ProcessStart(
      program: "/usr/bin/env", arguments: ["env"] + command, environment: Environment.with(environment))
    start.directory = directory.map { Array($0.utf8) }
    let result = try Subprocess.run(start, timeLimit: limit, mergesErrors: withErrors)
    let code: Int? =
      switch result.status {
      case _ where result.isOverTime: nil
      case .exited(let code): code
      case .signaled(let signal): 128 + signal
      }
    return Said(command: command, code: code, text: String(decoding: result.output.content, as: UTF8.self))
  }

  @discardableResult
  static func run(_ command: String...) throws -> Said { try run(command) }

  static func has(_ program: String) -> Bool {
    (Environment["PATH"] ?? "").split(separator: ":").contains {
      unsafe access("\($0)/\(program)", X_OK) == 0
    }
  }

  static let hasPytest = (try? run("python3", "-c", "import pytest").code) == 0
}
