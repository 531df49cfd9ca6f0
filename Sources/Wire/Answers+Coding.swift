package import Model

extension ResultsPage: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    write(to: &writer, withCases: false)
  }

  package func write(to writer: inout JSONWriter, withCases: Bool) {
    write(to: &writer, listedAs: "results", withCases: withCases)
  }

  /// `history` lists the same bodies under `runs`.
  package func write(to writer: inout JSONWriter, listedAs name: StaticString, withCases: Bool) {
    writer.object {
      $0.field("clock", clock)
      $0.array(name) { for body in results { body.write(to: &$0, withCases: withCases) } }
      $0.field("next_cursor", nextCursor)
    }
  }

  /// Reads `runs` too.
  package init(reading reader: JSONReader) throws(WireError) {
    let isHistory = try reader.find("results") == nil
    self.init(
      clock: try reader.unsigned("clock"), results: try reader.list(isHistory ? "runs" : "results"),
      nextCursor: try reader.optionalString("next_cursor"))
  }
}

extension SyncAnswer: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("clock", clock)
      $0.field("state", state.rawValue)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(clock: try reader.unsigned("clock"), state: try reader.word("state") ?? .unknown)
  }
}

extension SniffAnswer: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    switch self {
    case .results(let page): page.write(to: &writer)
    case .accepted(let job, let clock):
      writer.object {
        $0.field("job", job)
        $0.field("clock", clock)
      }
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    if let job = try reader.optionalString("job") {
      self = .accepted(job: job, clock: try reader.unsigned("clock"))
    } else {
      self = .results(try ResultsPage(reading: reader))
    }
  }
}

extension ChangesAnswer: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("clock", clock.number)
      $0.field("fresh", fresh)
      $0.field("changes", changes)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      clock: Tick(try reader.unsigned("clock")), fresh: try reader.bool("fresh"),
      changes: try reader.list("changes"))
  }
}

extension Change: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      WirePath.write(path, to: &$0)
      $0.field("kind", kind.rawValue)
      $0.field("clock", tick.number)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      path: try WirePath.read(reader), kind: try reader.word("kind") ?? .changed,
      tick: Tick(try reader.optionalUnsigned("clock") ?? 0))
  }
}

extension Plan: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("clock", clock.number)
      $0.field("assignments", assignments)
      $0.field("recalled", recalled)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      clock: Tick(try reader.unsigned("clock")), assignments: try reader.list("assignments"),
      recalled: try reader.integer("recalled"))
  }
}

extension Plan.Assignment: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("project", unit.project.text)
      $0.field("domain", unit.domain.text)
      $0.field("unit", unit.unit)
      $0.field("priority", priority)
      $0.field("reason", reason)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    guard let domain = DomainName(try reader.string("domain")) else {
      throw WireError(pointer: reader.pointer + "/domain", reason: "is no domain's name")
    }
    self.init(
      unit: UnitID(
        project: ProjectName(try reader.string("project")), domain: domain, unit: try reader.string("unit")),
      priority: try reader.integer("priority"), reason: try Reason(reading: try reader.member("reason")))
  }
}

/// What `GET /api/v1/queues` says: all that runs or waits, in the order in which it starts.
package struct QueuesPage: Hashable, Sendable, WireWritable, WireReadable {
  package var clock: UInt64
  package var queues: [Entry]

  package init(clock: UInt64, queues: [Entry]) {
    self.clock = clock
    self.queues = queues
  }

  package struct Entry: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
      case running, queued, waiting
    }

    package var assignment: Plan.Assignment
    package var state: State
    /// Set while it runs.
    package var run: String?
    /// Since when it runs.
    package var started: Timestamp?
    /// What holds it back: `waits for lint`.
    package var waiting: String?

    package init(
      assignment: Plan.Assignment, state: State, run: String? = nil, started: Timestamp? = nil,
      waiting: String? = nil
    ) {
      self.assignment = assignment
      self.state = state
      self.run = run
      self.started = started
      self.waiting = waiting
    }
  }

  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("clock", clock)
      $0.field("queues", queues)
      $0.field("next_cursor", String?.none)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(clock: try reader.unsigned("clock"), queues: try reader.list("queues"))
  }
}

extension QueuesPage.Entry: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("project", assignment.unit.project.text)
      $0.field("domain", assignment.unit.domain.text)
      $0.field("unit", assignment.unit.unit)
      $0.field("state", state.rawValue)
      $0.field("run", run)
      if let started { $0.field("started", started) } else { $0.field("started", String?.none) }
      $0.field("priority", assignment.priority)
      $0.field("reason", assignment.reason)
      $0.field("waiting", waiting)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      assignment: try Plan.Assignment(reading: reader), state: try reader.word("state") ?? .queued,
      run: try reader.optionalString("run"), started: try reader.find("started")?.time(),
      waiting: try reader.optionalString("waiting"))
  }
}
