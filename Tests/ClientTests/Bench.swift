import Client
internal import Glibc
import Model
import Platform
import Testing

/// Real monotonic time, for deadlines, and a wall clock that stands still, for texts.
struct BenchClock: Clock {
  static let wall = Timestamp(milliseconds: 1_767_323_100_000)  // 2026-01-02T03:05:00Z

  func now() -> Instant { SystemClock().now() }
  func wall() -> Timestamp { Self.wall }
}

/// A directory of its own that goes away with the test.
final class Scratch: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/mcpd-client-test.XXXXXX\0".utf8CString.dropLast())
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) }
    path = unsafe String(cString: made!)
  }

  deinit { try? Files.removeTree(path) }
}

/// What one call of the client left.
struct Outcome: Equatable {
  var code: ExitCode
  var output: String
  var error: String
}

/// Runs the client in this process, with a scratch directory as everything around it.
struct Bench {
  let scratch = Scratch()
  var environment = ["LANG": "C.UTF-8", "TERM": "xterm", "PATH": "/usr/bin:/bin"]
  var directory: String?
  var width: Int?
  var user = geteuid()

  var socket: String { scratch.path + "/mcpd.sock" }

  func client(_ arguments: [String]) -> Outcome {
    let files = ["output", "error"].map { scratch.path + "/" + $0 }
    do {
      let output = try Files.open(files[0], [.readWrite, .create, .truncate])
      let error = try Files.open(files[1], [.readWrite, .create, .truncate])
      let code = client(arguments, output: output.number, error: error.number)
      return Outcome(
        code: code, output: String(decoding: try Files.read(files[0]), as: UTF8.self),
        error: String(decoding: try Files.read(files[1]), as: UTF8.self))
    } catch {
      Issue.record("\(error)")
      return Outcome(code: .defect, output: "", error: "")
    }
  }

  func client(_ arguments: [String], output: Int32, error: Int32) -> ExitCode {
    var environment = environment
    environment["MCPD_SOCKET"] = environment["MCPD_SOCKET"] ?? socket
    let surroundings = Surroundings(
      environment: environment, directory: directory ?? scratch.path, user: user, clock: BenchClock(),
      zone: { _ in 0 }, input: -1, output: output, error: error, isInputTerminal: false,
      isOutputTerminal: width != nil, isErrorTerminal: false, width: width)
    return Client.run(arguments, surroundings)
  }

  func client(_ line: String) -> Outcome { client(line.split(separator: " ").map(String.init)) }
}
