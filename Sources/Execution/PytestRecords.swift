internal import Model

/// What the plugin wrote, read with distrust: a test can write into the same file, and may be killed in mid-write.
struct PytestRecords {
  struct Complaint: Hashable {
    var name: String
    var message: String
    var file: String?
    var line: Int?
  }

  struct Case {
    var verdict: Verdict?
    var duration = Duration.zero
    var complaints: [Complaint] = []
    var note: String?
  }

  /// Whether pytest came as far as configuring itself.
  private(set) var hasSession = false
  /// Whether it came to its orderly end.
  private(set) var isFinished = false
  /// In the order of their start.
  private(set) var names: [String] = []
  private(set) var cases: [String: Case] = [:]
  private(set) var running: [String] = []
  private(set) var collectErrors: [Complaint] = []
  /// Why a whole file skipped itself.
  private(set) var skippedAtCollection: String?
  private(set) var deselected = 0
  private(set) var internalError: String?

  init(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    // What is no record ends the reading: the last one may be cut, and nothing behind it can be trusted.
    while !reader.isAtEnd, let fields = try? reader.texts() {
      take(fields)
    }
  }

  private mutating func take(_ fields: [String]) {
    switch (fields.first, fields.count) {
    case ("session", 2...): hasSession = true
    case ("start", 2):
      add(fields[1])
      running.append(fields[1])
    case ("end", 2): running.removeAll { $0 == fields[1] }
    case ("phase", 9):
      add(fields[1])
      phase(fields)
    case ("collect", 6):
      if fields[2] == "skipped" {
        skippedAtCollection = skippedAtCollection ?? Self.skipReason(fields[3])
      } else {
        collectErrors.append(Self.complaint(fields[1], fields[3...]))
      }
    case ("deselected", 2): deselected += max(0, Int(fields[1]) ?? 0) & 0xff_ffff
    case ("internal", 2): internalError = OutputLines.firstLine(fields[1])
    case ("finish", 1): isFinished = true
    default: break
    }
  }

  private mutating func add(_ name: String) {
    if cases[name] == nil {
      cases[name] = Case()
      names.append(name)
    }
  }

  private mutating func phase(_ fields: [String]) {
    let (name, when, outcome) = (fields[1], fields[2], fields[3])
    var found = cases[name] ?? Case()
    if let microseconds = Int64(fields[5]), (0..<(1 << 50)).contains(microseconds) {
      found.duration += .microseconds(microseconds)
    }
    switch (outcome, when) {
    case ("passed", "call"):
      if found.verdict == nil || found.verdict == .skipped { found.verdict = .passed }
    case ("passed", _): break
    case ("skipped", _):
      // An expected failure that failed counts like a skip: nothing was assessed as good.
      if found.verdict == nil { found.verdict = .skipped }
      found.note = Self.skipReason(fields[6])
    case ("failed", "call"):
      found.verdict = .failed
      found.complaints.append(Self.complaint(name, fields[6...]))
    case ("failed", _):
      if found.verdict != .failed { found.verdict = .error }
      var complaint = Self.complaint(name, fields[6...])
      complaint.message = "in \(when): \(complaint.message)"
      found.complaints.append(complaint)
    default:
      // `rerun`: a plugin starts the case again; only its last attempt counts.
      found = Case()
    }
    cases[name] = found
  }

  private static func skipReason(_ text: String) -> String {
    OutputLines.firstLine(text.hasPrefix("Skipped: ") ? String(text.dropFirst(9)) : text)
  }

  /// From message, file and line.
  private static func complaint(_ name: String, _ fields: ArraySlice<String>) -> Complaint {
    let fields = Array(fields)
    return Complaint(
      name: name, message: OutputLines.firstLine(fields[0]), file: fields[1].isEmpty ? nil : fields[1],
      line: Int(fields[2]).flatMap { $0 > 0 ? $0 : nil })
  }
}
