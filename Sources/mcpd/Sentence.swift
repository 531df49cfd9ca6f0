internal import Model
internal import Wire

/// An event as a sentence for the log, with the fields that `journalctl` can filter by.
struct Sentence {
  let level: Log.Level
  let text: String
  var fields: [(String, String)] = []

  init?(_ event: Event, _ document: JSON) {
    let project = event.project?.text ?? "mcpd"
    fields = [("MESSAGE_ID", Self.messageID(event.kind)), ("MCPD_CLOCK", event.tick.description)]
    if event.project != nil { fields.append(("MCPD_PROJECT", project)) }
    for (field, key) in [
      ("MCPD_DOMAIN", "domain"), ("MCPD_UNIT", "unit"), ("MCPD_RUN", "run"), ("MCPD_VERDICT", "verdict"),
    ] {
      if let value = document[key]?.string { fields.append((field, value)) }
    }
    switch event.kind {
    case .runFinished:
      guard let body = try? ResultBody(reading: JSONReader(document)) else { return nil }
      (level, text) = Self.finished(body.result, project)
    case .change:
      (level, text) = (
        .debug, "\(project): \(document["path"]?.string ?? "?") \(document["change"]?.string ?? "changed")"
      )
    case .plan:
      let count = document["count"]?.integer ?? 0
      let recalled = document["recalled"]?.integer ?? 0
      let isFirst = document["first"]?.bool == true
      (level, text) = (
        isFirst && count > 0 ? .info : .debug,
        "\(project): \(isFirst ? "first run, " : "")\(count) to run, \(recalled) stand as they are"
      )
    case .state:
      (level, text) = (.info, "\(project): \(document["state"]?.string ?? "?"), \(Self.counts(document))")
    case .gate:
      (level, text) = (.info, "\(project): \(document["text"]?.string ?? "the gate moved")")
    case .overflow:
      (level, text) = (
        .warning, "\(project): the kernel's queue of changes overflowed; what was lost is looked for"
      )
    case .degraded, .config:
      guard let complaints = document["degraded"]?.array else { return nil }
      if complaints.isEmpty {
        (level, text) = (
          .info,
          "\(project): \(event.kind == .config ? "the configuration is right again" : "nothing is amiss any more")"
        )
      } else {
        let texts = complaints.map { complaint in
          let hint = complaint["hint"]?.string.map { " (\($0))" } ?? ""
          return (complaint["text"]?.string ?? "?") + hint
        }
        (level, text) = (.warning, "\(project): " + texts.joined(separator: "; "))
      }
    case .runStarted, .queue:
      (level, text) = (.debug, "\(project): \(document["unit"]?.string ?? "?") started")
    }
  }

  private static func finished(_ result: RunResult, _ project: String) -> (Log.Level, String) {
    let unit = result.unit.unit
    guard let verdict = result.verdict else {
      return (.debug, "\(project): a run of \(unit) gave no verdict: \(result.note ?? "its inputs moved")")
    }
    let took = "\(result.duration.wholeMilliseconds) ms"
    let why = result.reason.kind == .changed ? " after \(result.reason.text)" : ""
    guard verdict.isRed else { return (.info, "\(project): \(unit) \(verdict.rawValue) in \(took)\(why)") }
    let first = result.failures.first
    let place = first.flatMap { failure in
      failure.file.map { "\($0):\(failure.line.map(String.init) ?? "?")" }
    }
    let message = [first?.message ?? result.note, place].compactMap { $0 }.joined(separator: "  ")
    return (
      .warning,
      "\(project): \(unit) \(verdict.rawValue) in \(took)\(why)" + (message.isEmpty ? "" : ": \(message)")
    )
  }

  private static func counts(_ document: JSON) -> String {
    let names = ["failed", "error", "timed_out", "flaky", "passed", "skipped", "unknown"]
    let parts = names.compactMap { name -> String? in
      guard let count = document[name]?.integer, count > 0 else { return nil }
      return "\(count) \(name == "timed_out" ? "timed out" : name)"
    }
    return parts.isEmpty ? "nothing to test" : parts.joined(separator: ", ")
  }

  /// One catalogued id for each kind; the last digits tell them apart.
  private static func messageID(_ kind: Event.Kind) -> String {
    let index = Event.Kind.allCases.firstIndex(of: kind)!
    return "5c1d6c9e0b7f4d3fa2e86d0c70f1b4" + (index < 16 ? "0" : "") + String(index, radix: 16)
  }
}
