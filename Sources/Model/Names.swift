/// The name of a kind of testing: `[a-z][a-z0-9-]*`, at most 40 characters, and not a word of the API's own.
package struct DomainName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String

  /// Words that stand where a domain stands in the API's paths.
  package static let reserved: Set<String> = [
    "files", "status", "results", "sniff", "fix", "analyze", "patterns", "suggestions", "batch", "jobs",
    "sync",
    "changes", "plan", "why", "runs", "history", "queues", "domains", "projects", "cache", "events", "audit",
    "mocks", "agents", "anomalies", "exports", "models", "operations", "services",
  ]

  /// Nil when the text is no domain's name or is reserved.
  package init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard let first = bytes.first, bytes.count <= 40, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
      bytes.allSatisfy({ byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
      }), !Self.reserved.contains(String(text))
    else { return nil }
    self.text = String(text)
  }

  package static func < (left: DomainName, right: DomainName) -> Bool { left.text < right.text }
  package var description: String { text }
}

/// The name of a watched project, unique within the daemon.
package struct ProjectName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) {
    self.text = text
  }

  package static func < (left: ProjectName, right: ProjectName) -> Bool { left.text < right.text }
  package var description: String { text }
}

/// The identity of one run: the tick at which it was started, so it is unique for a state directory and sorts by time.
package struct RunID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let tick: Tick

  package init(_ tick: Tick) {
    self.tick = tick
  }

  package init?(_ text: some StringProtocol) {
    guard text.first == "r", let number = UInt64(text.dropFirst()), text == "r\(number)" else { return nil }
    tick = Tick(number)
  }

  package static func < (left: RunID, right: RunID) -> Bool { left.tick < right.tick }
  package var description: String { "r\(tick.number)" }
}

/// Which unit of which domain in which project.
package struct UnitID: Hashable, Sendable, CustomStringConvertible {
  package let project: ProjectName
  package let domain: DomainName
  /// Unique within (project, domain); for a file, its path relative to the root.
  package let unit: String

  package init(project: ProjectName, domain: DomainName, unit: String) {
    self.project = project
    self.domain = domain
    self.unit = unit
  }

  package var description: String { "\(project):\(domain):\(unit)" }
}

extension UnitID: Comparable {
  package static func < (left: UnitID, right: UnitID) -> Bool {
    (left.project, left.domain, left.unit) < (right.project, right.domain, right.unit)
  }
}
