internal import Model

/// Durations, sizes, shares and cores as people write them.
enum Quantity {
  /// Why a text is no quantity: what to say, and what to write instead.
  struct Refusal: Error, Hashable {
    let message: String
    let hints: [String]
    var isOutOfRange = false
  }

  /// The number and the unit of `1.5GiB`; nil unless it is digits (with one point) and then letters or `%`.
  private static func split(_ text: String) -> (isNegative: Bool, number: Substring, unit: Substring)? {
    var rest = text[...]
    let isNegative = rest.first == "-"
    if isNegative { rest = rest.dropFirst() }
    let number = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
    let unit = rest.dropFirst(number.count)
    guard let first = number.first, first != ".", number.last != ".", number.count <= 30,
      number.count(where: { $0 == "." }) <= 1,
      unit.allSatisfy({
        ("a"..."z").contains($0) || ("A"..."Z").contains($0) || $0 == "%" || $0 == " " || $0 == "µ"
      })
    else { return nil }
    return (isNegative, number, unit)
  }

  // MARK: Durations

  private static let durationUnits: [(name: String, milliseconds: Int64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Words that mean one of the units.
  private static let durationWords = [
    "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m", "mins": "m", "minute": "m",
    "minutes": "m",
    "hr": "h", "hour": "h", "hours": "h", "day": "d", "days": "d", "msec": "ms", "millis": "ms",
    "milliseconds": "ms",
  ]

  static func duration(_ text: String) -> Result<Duration, Refusal> {
    let allowed = "a duration is written 20ms, 5s, 10m, 2h or 7d"
    guard let (isNegative, number, unit) = split(text) else {
      return .failure(Refusal(message: "`\(shown(text))` is no duration", hints: [allowed]))
    }
    if isNegative {
      return .failure(
        Refusal(
          message: "`\(shown(text))` is negative", hints: ["a duration is not below 0"], isOutOfRange: true))
    }
    guard let scale = durationUnits.first(where: { $0.name == unit })?.milliseconds else {
      let word = unit.lowercased().filter { $0 != " " }
      let meant = durationWords[word] ?? durationUnits.first { $0.name == word }?.name
      let hints: [String] =
        if let meant { ["write \(number)\(meant)"] } else if unit.isEmpty {
          ["write \(number)s or \(number)ms"]
        } else { [allowed] }
      let message =
        unit.isEmpty ? "`\(shown(text))` has no unit" : "`\(shown(text))` is no duration"
      return .failure(Refusal(message: message, hints: hints))
    }
    guard let milliseconds = scaled(number, by: UInt64(scale)), milliseconds <= 1 << 53 else {
      return .failure(
        Refusal(message: "`\(shown(text))` is too long or finer than a millisecond", hints: [allowed]))
    }
    return .success(.milliseconds(Int64(milliseconds)))
  }

  static func text(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    for (name, scale) in durationUnits where milliseconds != 0 && milliseconds % scale == 0 {
      return "\(milliseconds / scale)\(name)"
    }
    return "\(milliseconds)ms"
  }

  // MARK: Sizes

  private static let sizeUnits: [(name: String, bytes: UInt64)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("kB", 1000), ("B", 1),
  ]

  static func size(_ text: String) -> Result<UInt64, Refusal> {
    let allowed = "a size is written 512MiB, 2GiB or 1GB"
    guard let (isNegative, number, unit) = split(text) else {
      return .failure(Refusal(message: "`\(shown(text))` is no size", hints: [allowed]))
    }
    if isNegative {
      return .failure(
        Refusal(message: "`\(shown(text))` is negative", hints: ["a size is not below 0"], isOutOfRange: true)
      )
    }
    guard let scale = sizeUnits.first(where: { $0.name == unit })?.bytes else {
      let prefix = unit.lowercased().filter { $0 != " " }.prefix(1)
      let letter = prefix.uppercased()
      let hint =
        unit.isEmpty
        ? "write \(number)MiB or \(number)B"
        : ["K", "M", "G", "T"].contains(letter)
          ? "write \(number)\(letter)B or \(number)\(letter)iB" : prefix == "b" ? "write \(number)B" : allowed
      let message = unit.isEmpty ? "`\(shown(text))` has no unit" : "`\(shown(text))` is no size"
      return .failure(Refusal(message: message, hints: [hint]))
    }
    guard let bytes = scaled(number, by: scale) else {
      return .failure(
        Refusal(
          message: "`\(shown(text))` is larger than any machine, or no whole number of bytes",
          hints: [allowed]))
    }
    return .success(bytes)
  }

  static func text(bytes: UInt64) -> String {
    for (name, scale) in sizeUnits where bytes != 0 && bytes % scale == 0 { return "\(bytes / scale)\(name)" }
    return "\(bytes)B"
  }

  // MARK: Shares and cores

  static func share(_ text: String) -> Result<Double, Refusal> {
    let allowed = "a share is written 80% or 0.8"
    guard let (isNegative, number, unit) = split(text), let value = Double(number),
      unit.isEmpty || unit == "%"
    else {
      return .failure(Refusal(message: "`\(shown(text))` is no share of the machine", hints: [allowed]))
    }
    let share = unit.isEmpty ? value : value / 100
    if isNegative || share < 0.01 || share > 1 {
      let hint = unit.isEmpty && (1...100).contains(value) ? "write \(number)%" : "from 1% to 100%"
      return .failure(Refusal(message: "`\(shown(text))` is out of range", hints: [hint], isOutOfRange: true))
    }
    return .success(share)
  }

  static func text(share: Double) -> String {
    let percent = (share * 100).rounded()
    return percent / 100 == share ? "\(Int(percent))%" : "\(share)"
  }

  static func cores(_ text: String) -> Result<Double, Refusal> {
    let allowed = "cores are written 1.5 or 150%"
    guard let (isNegative, number, unit) = split(text), let value = Double(number),
      unit.isEmpty || unit == "%"
    else {
      return .failure(Refusal(message: "`\(shown(text))` is no number of cores", hints: [allowed]))
    }
    let cores = unit.isEmpty ? value : value / 100
    if isNegative || cores < 0.01 || cores > 1024 {
      return .failure(
        Refusal(
          message: "`\(shown(text))` is out of range", hints: ["from 0.01 to 1024 cores"], isOutOfRange: true)
      )
    }
    return .success(cores)
  }

  static func text(cores: Double) -> String { "\(cores)" }

  /// `number` (digits with at most one point) times `scale` when that is a whole number of 63 bits; exact.
  private static func scaled(_ number: Substring, by scale: UInt64) -> UInt64? {
    let parts = number.split(separator: ".", maxSplits: 1)
    guard let whole = UInt64(parts[0]) else { return nil }
    var (total, overflow) = whole.multipliedReportingOverflow(by: scale)
    if overflow { return nil }
    if parts.count == 2 {
      var digits = parts[1]
      while digits.last == "0" { digits = digits.dropLast() }
      guard digits.count <= 9 else { return nil }
      var power: UInt64 = 1
      for _ in digits { power *= 10 }
      let (product, tooLarge) = (UInt64(digits) ?? 0).multipliedReportingOverflow(by: scale)
      if tooLarge || product % power != 0 { return nil }
      (total, overflow) = total.addingReportingOverflow(product / power)
      if overflow { return nil }
    }
    return total <= UInt64(Int64.max) ? total : nil
  }

  /// A text for a message: cut where it is long.
  static func shown(_ text: String) -> String {
    let cut = text.unicodeScalars.prefix(60)
    let line = Printable.text(String(cut))
    return cut.count < text.unicodeScalars.count ? line + "…" : line
  }
}
