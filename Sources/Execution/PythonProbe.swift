internal import Model
internal import Platform

/// What an interpreter says of itself.
package enum PythonProbe: Hashable, Sendable {
  /// `file` is the interpreter itself, where the candidate was a shim.
  case usable(file: String, version: String, pytest: String)
  case unusable(why: String)

  private static let question = """
    import sys, pytest
    print(sys.executable); print(sys.version.split()[0]); print(pytest.__version__)
    """

  package static func run(
    _ python: String, _ directory: String, _ environment: [String: String], _ user: RunUser?
  ) -> PythonProbe {
    var start = ProcessStart(
      program: python, arguments: [python, "-c", question], environment: RunEnvironment.lines(environment))
    start.directory = Array(directory.utf8)
    start.user = user?.processUser
    let result: Subprocess.Result
    do throws(ProcessStartError) {
      result = try Subprocess.run(
        start, timeLimit: .seconds(20), head: 64 << 10, tail: 4 << 10, mergesErrors: true)
    } catch {
      return .unusable(why: error.explanation(program: python))
    }
    if result.isOverTime { return .unusable(why: "it did not answer in 20 s") }
    let lines = String(decoding: result.output.content, as: UTF8.self).split(separator: "\n").map(String.init)
    if result.isSuccess, lines.count >= 3 {
      let said = lines.suffix(3).map { $0 }
      return .usable(file: said[0], version: said[1], pytest: said[2])
    }
    if lines.contains(where: { $0.contains("No module named 'pytest'") }) {
      return .unusable(why: "it has no pytest")
    }
    return .unusable(why: lines.last.map { OutputLines.plain($0.utf8) } ?? "it failed without a word")
  }
}
