/// What a run says of its unit or case.
package enum Verdict: String, Sendable, CaseIterable {
  case passed
  case failed
  case error
  case timedOut = "timed-out"
  case skipped
  case flaky

  /// Whether it makes its domain red.
  package var isRed: Bool {
    switch self {
    case .passed, .skipped: false
    case .failed, .error, .timedOut, .flaky: true
    }
  }
}

/// Whether a verdict was earned by a run or recalled from the cache.
package enum VerdictSource: String, Sendable {
  case run
  case cache
}

/// Why a unit runs, in one sentence.
package struct Reason: Hashable, Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case new
    case changed
    case failedBefore = "failed-before"
    case forced
    case unknownInputs = "unknown-inputs"
    case flaky
    case needs
    case configuration
    case environment
  }

  package let kind: Kind
  package let paths: [RelativePath]
  package let text: String

  package init(_ kind: Kind, paths: [RelativePath] = [], text: String) {
    self.kind = kind
    self.paths = paths
    self.text = text
  }
}
