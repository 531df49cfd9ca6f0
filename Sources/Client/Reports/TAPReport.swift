internal import Model
internal import Wire

/// Test Anything Protocol, version 13: one point for each unit, complaints as a YAML block.
enum TAPReport {
  static func render(_ results: [ResultBody]) -> String {
    var text = "TAP version 13\n1..\(results.count)\n"
    for (index, body) in results.enumerated() {
      let result = body.result
      let isGood = body.verdict.map { !$0.isRed } ?? true
      text += (isGood ? "ok" : "not ok") + " \(index + 1) - " + description(result.unit)
      if body.verdict == .skipped { text += " # SKIP" }
      if body.verdict == nil { text += " # SKIP unknown: it has not run on these inputs" }
      text += "\n"
      if !isGood { text += block(body) }
    }
    return text
  }

  private static func description(_ unit: UnitID) -> String {
    // A `#` would begin a directive.
    var escaped = ""
    for character in Text.oneLine("\(unit.domain.text): \(unit.unit)") {
      escaped += character == "#" || character == "\\" ? "\\\(character)" : String(character)
    }
    return escaped
  }

  private static func block(_ body: ResultBody) -> String {
    var text = "  ---\n  verdict: \(body.verdict?.rawValue ?? "unknown")\n"
    text += "  duration_ms: \(body.result.duration.wholeMilliseconds)\n"
    if let note = body.result.note { text += "  note: \(quoted(note))\n" }
    if !body.result.failures.isEmpty {
      text += "  failures:\n"
      for failure in body.result.failures {
        text += "    - message: \(quoted(failure.message))\n"
        if let name = failure.caseName { text += "      case: \(quoted(name))\n" }
        let place = Place.text(failure.file, failure.line)
        if !place.isEmpty { text += "      at: \(quoted(place))\n" }
      }
    }
    return text + "  ...\n"
  }

  /// A JSON string is a double-quoted YAML scalar.
  private static func quoted(_ text: String) -> String {
    String(decoding: JSON.string(text).encoded, as: UTF8.self)
  }
}
