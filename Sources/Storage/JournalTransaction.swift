package import Model

/// What is kept together or not at all.
package struct JournalTransaction: Sendable {
  package var events: [Event]
  package var results: [RecordedResult]
  /// A nil value takes the key away.
  package var settings: [(key: String, value: String?)]
  /// Units that no longer exist: they have no newest verdict any more; their history stays until it is too old.
  package var retiredUnits: [UnitID]

  package init(
    events: [Event] = [], results: [RecordedResult] = [], settings: [(key: String, value: String?)] = [],
    retiredUnits: [UnitID] = []
  ) {
    self.events = events
    self.results = results
    self.settings = settings
    self.retiredUnits = retiredUnits
  }

  package var isEmpty: Bool {
    events.isEmpty && results.isEmpty && settings.isEmpty && retiredUnits.isEmpty
  }

  /// About what it takes in memory while it waits for the disk.
  var weight: Int {
    var weight = 256
    for event in events { weight += 96 + event.body.count }
    for result in results {
      weight +=
        512 + (result.log?.count ?? 0) + result.result.cases.count * 96 + result.result.failures.count * 256
    }
    for setting in settings { weight += 64 + setting.key.utf8.count + (setting.value?.utf8.count ?? 0) }
    return weight + retiredUnits.count * 128
  }
}

/// A result with what is kept beside it.
package struct RecordedResult: Hashable, Sendable {
  package var result: RunResult
  /// The kept output; nil when there is none (a recall keeps that of the run it recalls).
  package var log: [UInt8]?
  /// The file that the unit is, where it is one.
  package var path: RelativePath?
  /// Of the domain's settings that it ran under.
  package var settingsDigest: Digest?

  package init(
    _ result: RunResult, log: [UInt8]? = nil, path: RelativePath? = nil, settingsDigest: Digest? = nil
  ) {
    self.result = result
    self.log = log
    self.path = path
    self.settingsDigest = settingsDigest
  }
}

/// A result as it is read back.
package struct StoredResult: Hashable, Sendable {
  package let result: RunResult
  /// Of the kept output, in the content store.
  package let log: Digest?
  package let path: RelativePath?
  package let settingsDigest: Digest?
  /// Of a unit's newest verdict, when that is red: when the first of its unbroken row of red runs started.
  package var redSince: Timestamp?

  package init(
    result: RunResult, log: Digest?, path: RelativePath?, settingsDigest: Digest?, redSince: Timestamp? = nil
  ) {
    self.redSince = redSince
    self.result = result
    self.log = log
    self.path = path
    self.settingsDigest = settingsDigest
  }
}

/// What a reader of the stream gets.
package enum EventsPage: Hashable, Sendable {
  /// Oldest first.
  case events([Event])
  /// Some after the asked tick are gone; the first one that is still kept would be read with `after` just below `oldest`.
  case expired(oldest: Tick)
}
