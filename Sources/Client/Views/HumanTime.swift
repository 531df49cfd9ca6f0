package import Model

/// Times as people say them; exact ones stand in `--json`.
package struct HumanTime: Sendable {
  package let now: Timestamp
  /// Seconds east of UTC at a moment.
  package let zone: @Sendable (Timestamp) -> Int

  package init(now: Timestamp, zone: @escaping @Sendable (Timestamp) -> Int) {
    self.now = now
    self.zone = zone
  }

  private func local(_ time: Timestamp) -> Timestamp.Calendar {
    Timestamp(milliseconds: time.milliseconds + Int64(zone(time)) * 1000).calendar
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

  /// `14:02`; another day's with its date.
  package func clock(_ time: Timestamp) -> String {
    let fields = local(time)
    let today = local(now)
    let text = Self.two(fields.hour) + ":" + Self.two(fields.minute)
    if fields.year == today.year && fields.month == today.month && fields.day == today.day { return text }
    return "\(fields.year)-\(Self.two(fields.month))-\(Self.two(fields.day)) " + text
  }

  /// `14:02`; another day's without the time.
  package func day(_ time: Timestamp) -> String {
    String(clock(time).prefix { $0 != " " })
  }

  /// `14:02:10.412`
  package func precise(_ time: Timestamp) -> String {
    let fields = local(time)
    let milliseconds = String(fields.millisecond)
    return Self.two(fields.hour) + ":" + Self.two(fields.minute) + ":" + Self.two(fields.second) + "."
      + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
  }

  /// `2 min ago`; `just now` within a second, and for clocks that differ.
  package func ago(_ time: Timestamp) -> String {
    let seconds = (now.milliseconds - time.milliseconds) / 1000
    return switch seconds {
    case ..<1: "just now"
    case ..<60: "\(seconds) s ago"
    case ..<3600: "\(seconds / 60) min ago"
    case ..<86_400: "\(seconds / 3600) h ago"
    default: "\(seconds / 86_400) d ago"
    }
  }

  /// `38 ms`, `1.9 s`, `2 min 5 s`, `1 h 4 min`.
  package static func duration(_ duration: Duration) -> String {
    let milliseconds = max(0, duration.wholeMilliseconds)
    switch milliseconds {
    case ..<1000: return "\(milliseconds) ms"
    case ..<60_000:
      let tenths = milliseconds / 100
      return tenths % 10 == 0 && tenths >= 100 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
    case ..<3_600_000: return "\(milliseconds / 60_000) min \(milliseconds / 1000 % 60) s"
    default: return "\(milliseconds / 3_600_000) h \(milliseconds / 60_000 % 60) min"
    }
  }
}
