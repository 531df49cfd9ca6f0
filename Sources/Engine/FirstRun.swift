internal import Model

/// The first time that everything in a project runs. It is announced, gives way to everything else on the machine, and is
/// held back when it would take long: a newcomer's machine is not taken over.
struct FirstRun: Hashable, Sendable {
  /// After so many verdicts the rest can be estimated.
  private static let sample = 3

  let count: Int
  let started: Instant
  var done = 0
  /// Why it waits for a person's word; nil while it goes on.
  var held: Diagnostic?

  init(count: Int, started: Instant) {
    self.count = count
    self.started = started
  }

  /// How long the whole takes at the pace so far; nil while too little is known.
  func estimate(at now: Instant) -> Duration? {
    guard done >= min(Self.sample, count), done > 0 else { return nil }
    return (now - started) / done * count
  }

  static func tooLong(_ count: Int?, _ estimate: Duration?) -> Diagnostic {
    let minutes = estimate.map { max(1, $0.wholeMilliseconds / 60_000) }
    return Diagnostic(
      .warning, code: "first-run-held",
      "the first run\(count.map { " of \($0) units" } ?? "") waits"
        + (minutes.map { ": it would take about \($0) min" } ?? "")
        + "; what has not run is unknown",
      hints: ["run it: mcpd-client run --all"])
  }
}
