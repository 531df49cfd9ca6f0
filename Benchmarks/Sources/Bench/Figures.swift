import Glibc

/// One line of JSON, members in the order in which they were added.
public struct Figures {
  private var members: [String] = []

  public init(_ benchmark: String) {
    add("benchmark", text: benchmark)
  }

  public mutating func add(_ name: String, text: String) {
    let escaped = text.flatMap { character -> String in
      switch character {
      case "\"", "\\": "\\\(character)"
      case _ where character.asciiValue.map { $0 < 0x20 } ?? false: " "
      default: String(character)
      }
    }
    members.append("\"\(name)\":\"\(String(escaped))\"")
  }

  /// Rounded to three digits behind the point; nil is unknown.
  public mutating func add(_ name: String, _ value: Double?) {
    guard let value, value.isFinite else { return members.append("\"\(name)\":null") }
    let thousandths = Int64((value * 1000).rounded())
    let (whole, rest) = thousandths.magnitude.quotientAndRemainder(dividingBy: 1000)
    let digits = String(rest + 1000).dropFirst()
    members.append("\"\(name)\":\(value < 0 ? "-" : "")\(whole)\(rest == 0 ? "" : ".\(digits)")")
  }

  public mutating func add(_ name: String, _ value: Int?) {
    members.append("\"\(name)\":\(value.map(String.init) ?? "null")")
  }

  public mutating func add(_ name: String, _ value: Bool) {
    members.append("\"\(name)\":\(value)")
  }

  public func print() {
    Swift.print("{\(members.joined(separator: ","))}")
  }
}

extension [Int64] {
  /// In milliseconds, of nanoseconds; nil when there are none.
  public func percentile(_ share: Double) -> Double? {
    if isEmpty { return nil }
    let sorted = self.sorted()
    return Double(sorted[Swift.min(count - 1, Int(Double(count) * share))]) / 1e6
  }
}

/// Monotonic, in nanoseconds.
public func now() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

public func say(_ text: String) {
  complain(text)
}

private func complain(_ text: String) {
  let line = "  \(text)\n"
  _ = write(2, line, line.utf8.count)
}

/// Ends the benchmark with a sentence.
public struct Trouble: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) {
    self.description = description
  }
}

/// Runs a benchmark: one line of JSON, or a sentence and exit code 1.
public func benchmark(_ body: () throws -> Figures) -> Never {
  do {
    let figures = try body()
    figures.print()
    exit(0)
  } catch {
    complain("\(error)")
    exit(1)
  }
}
