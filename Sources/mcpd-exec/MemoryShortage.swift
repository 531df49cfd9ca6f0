internal import Glibc
internal import Platform

/// Who goes first when the machine has no memory left: a run, before its supervisor, the daemon, and people's programs.
enum MemoryShortage {
  private static let place = "/proc/self/oom_score_adj"
  private static let step = 300

  /// What is started in `body` inherits the raised score; ours is put back, as far as we may.
  static func first<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let before = (try? Files.read(place, limit: 64)).flatMap {
      Int(String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
    if let before { write(min(before + step, 1000)) }
    defer { if let before { write(before) } }
    return try body()
  }

  private static func write(_ score: Int) {
    guard let file = try? Files.open(place, .write) else { return }
    try? Files.write("\(score)".utf8, to: file, named: place)
  }
}
