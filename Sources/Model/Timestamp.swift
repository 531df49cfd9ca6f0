/// A moment of wall time, in milliseconds since 1970: for people and records, never for ordering.
package struct Timestamp: Hashable, Comparable, Sendable {
  package let milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

  /// RFC 3339 in UTC, as the API writes times: `2026-01-02T03:04:05.678Z`.
  package var rfc3339: String {
    let fields = calendar
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return padded(fields.year, 4) + "-" + padded(fields.month, 2) + "-" + padded(fields.day, 2) + "T"
      + padded(fields.hour, 2) + ":" + padded(fields.minute, 2) + ":" + padded(fields.second, 2) + "."
      + padded(fields.millisecond, 3) + "Z"
  }

  package struct Calendar: Hashable, Sendable {
    package var year, month, day, hour, minute, second, millisecond: Int
  }

  /// The UTC calendar fields (proleptic Gregorian; days counted in 400-year eras from a March-based year).
  package var calendar: Calendar {
    func floorDivide(_ a: Int64, _ b: Int64) -> (quotient: Int64, remainder: Int64) {
      let remainder = ((a % b) + b) % b
      return ((a - remainder) / b, remainder)
    }
    let (seconds, millisecond) = floorDivide(milliseconds, 1000)
    let (days, secondOfDay) = floorDivide(seconds, 86_400)
    let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return Calendar(
      year: Int(year), month: Int(month), day: Int(day), hour: Int(secondOfDay / 3600),
      minute: Int(secondOfDay % 3600 / 60), second: Int(secondOfDay % 60), millisecond: Int(millisecond))
  }
}
