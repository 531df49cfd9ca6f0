/// The body of `POST /api/v1/sniff`. Nil is "not given"; `files` are relative to the project's root or absolute.
package struct SniffRequest: Hashable, Sendable {
  package var project: String?
  package var domains: [String]?
  package var files: [String]?
  /// A unit's name, or `UNIT::CASE`.
  package var units: [String]?
  /// Only what is red now.
  package var failedOnly = false
  /// Every unit, those of `manual` domains included where named.
  package var all = false
  package var force = false
  package var wait = true

  package init() {}
}

/// What a sniff leads to: the results when it waited, else the job that does it.
package enum SniffAnswer: Sendable {
  case results(ResultsPage)
  case accepted(job: String, clock: UInt64)
}

/// A page of results.
package struct ResultsPage: Hashable, Sendable {
  package var clock: UInt64
  package var results: [ResultBody]
  package var nextCursor: String?

  package init(clock: UInt64, results: [ResultBody], nextCursor: String?) {
    self.clock = clock
    self.results = results
    self.nextCursor = nextCursor
  }
}

/// The query of `GET /api/v1/results`.
package struct ResultsQuery: Hashable, Sendable {
  package var project: String?
  package var domain: String?
  package var unit: String?
  package var verdict: String?
  package var limit = 1000
  package var cursor: String?

  package init() {}
}

/// What `POST /api/v1/sync` answers.
package struct SyncAnswer: Hashable, Sendable {
  package var clock: UInt64
  package var state: Status.State

  package init(clock: UInt64, state: Status.State) {
    self.clock = clock
    self.state = state
  }
}
