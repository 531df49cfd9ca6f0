internal import Model
internal import Wire

/// Comma-separated values by RFC 4180, a row for each unit.
enum CSVReport {
  static func render(_ results: [ResultBody]) -> String {
    var rows = [
      [
        "project", "domain", "unit", "verdict", "source", "started", "duration_ms", "passed", "failed",
        "skipped",
        "message", "file", "line",
      ]
    ]
    for body in results {
      let result = body.result
      let failure = result.failures.first
      let counts = body.caseCounts
      rows.append([
        result.unit.project.text, result.unit.domain.text, result.unit.unit,
        body.verdict?.rawValue ?? "unknown",
        result.source.rawValue, result.started.rfc3339, String(result.duration.wholeMilliseconds),
        String(counts.passed), String(counts.failed), String(counts.skipped),
        failure?.message ?? result.note ?? "",
        failure?.file ?? "", failure?.line.map(String.init) ?? "",
      ])
    }
    return rows.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func field(_ text: String) -> String {
    var text = text
    // A spreadsheet would take these for formulas.
    if let first = text.first, "=+-@\t\r".contains(first), Int(text) == nil { text = "'" + text }
    guard text.contains(where: { ",\"\r\n".contains($0) || $0 == "\r\n" }) else { return text }
    var quoted = "\""
    for character in text { quoted += character == "\"" ? "\"\"" : String(character) }
    return quoted + "\""
  }
}
