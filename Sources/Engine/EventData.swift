internal import Model
internal import Wire

/// The members that an event has of its own, as the JSON object that the journal keeps.
struct EventData: Sendable {
  let encoded: [UInt8]

  private init(_ encoded: [UInt8]) {
    self.encoded = encoded
  }

  private init(_ members: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    writer.object(members)
    encoded = writer.bytes
  }

  /// `clock` is the tick at which the daemon knew of the change; the event's own id follows it.
  static func change(_ change: Change) -> EventData {
    EventData {
      WirePath.write(change.path, to: &$0)
      $0.field("change", change.kind.rawValue)
      $0.field("clock", change.tick.number)
    }
  }

  /// At most so many units are listed by name.
  private static let namedUnits = 100

  static func plan(_ plan: Plan, isFirst: Bool) -> EventData {
    EventData { writer in
      writer.field("clock", plan.clock.number)
      writer.field("first", isFirst)
      writer.field("count", plan.assignments.count)
      writer.field("recalled", plan.recalled)
      writer.array("assignments") { writer in
        for assignment in plan.assignments.prefix(namedUnits) {
          writer.object {
            $0.field("unit", assignment.unit.unit)
            $0.field("domain", assignment.unit.domain.text)
            $0.field("priority", assignment.priority)
            $0.field("reason", assignment.reason)
          }
        }
      }
    }
  }

  static func started(_ request: RunRequest) -> EventData {
    EventData {
      $0.field("run", request.run.description)
      $0.field("domain", request.unit.domain.text)
      $0.field("unit", request.unit.unit)
      $0.field("clock", request.clock.number)
      $0.field("attempt", request.attempt)
      $0.field("reason", request.reason)
    }
  }

  static func finished(_ result: RunResult) -> EventData {
    EventData(ResultBody(result: result, holds: true, log: nil).encoded)
  }

  static func state(_ state: Status.State, _ counts: Counts) -> EventData {
    EventData {
      $0.field("state", state.rawValue)
      $0.field("passed", counts.passed)
      $0.field("failed", counts.failed)
      $0.field("error", counts.error)
      $0.field("timed_out", counts.timedOut)
      $0.field("skipped", counts.skipped)
      $0.field("flaky", counts.flaky)
      $0.field("unknown", counts.unknown)
    }
  }

  static func gate(_ gate: Gate) -> EventData {
    EventData {
      $0.field("state", gate.isOpen ? "open" : "closed")
      $0.field("reason", gate.reason)
      $0.field("text", gate.text)
    }
  }

  static func count(_ name: StaticString, _ value: Int) -> EventData {
    EventData { $0.field(name, value) }
  }

  static func complaints(_ complaints: [Diagnostic]) -> EventData {
    EventData { $0.field("degraded", complaints.map { Status.Complaint($0) }) }
  }
}
