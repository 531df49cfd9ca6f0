internal import Engine
internal import HTTP
internal import Model
internal import Platform
internal import Wire

// `GET /metrics`, in the text form that Prometheus reads.
extension API {
  func metrics(_ call: Call) {
    var text = MetricsText()
    requests(&text)
    if let status = try? statusDocument(nil) { projects(status, &text) }
    ProcessFigures.current.write(to: &text)
    call.reply(Reply(Array(text.text.utf8), type: "text/plain; version=0.0.4; charset=utf-8"))
  }

  private func requests(_ text: inout MetricsText) {
    let snapshot = counters.snapshot
    text.family("mcpd_http_requests_total", "counter", "Requests answered.")
    for (key, count) in snapshot.requests.sorted(by: {
      ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status)
    }) {
      text.sample(
        "mcpd_http_requests_total", [("route", key.route), ("status", String(key.status))], String(count))
    }
    text.family("mcpd_http_duration_seconds", "histogram", "From a complete request to its answer.")
    var sum: UInt64 = 0
    for (index, bound) in RequestCounters.bounds.enumerated() {
      sum += snapshot.buckets[index]
      text.sample("mcpd_http_duration_seconds_bucket", [("le", bound.text)], String(sum))
    }
    sum += snapshot.buckets[RequestCounters.bounds.count]
    text.sample("mcpd_http_duration_seconds_bucket", [("le", "+Inf")], String(sum))
    text.sample("mcpd_http_duration_seconds_sum", [], MetricsText.seconds(nanoseconds: snapshot.nanoseconds))
    text.sample("mcpd_http_duration_seconds_count", [], String(sum))
  }

  /// What the status knows; families without a sample are left out.
  private func projects(_ status: JSON, _ text: inout MetricsText) {
    let projects = status["projects"]?.array ?? []
    gauges(projects, "queued", "mcpd_queue_length", "Units that wait to run.", &text)
    gauges(projects, "running", "mcpd_running", "Units that run.", &text)
    text.family("mcpd_watch_directories", "gauge", "Directories that are watched.")
    for project in projects {
      let count = project["watch"]?["directories"]?.integer ?? 0
      text.sample("mcpd_watch_directories", [("project", project["name"]?.string ?? "")], String(count))
    }
    text.family("mcpd_overflows_total", "counter", "Times that the kernel's queue of changes ran over.")
    for project in projects {
      let count = project["watch"]?["overflows"]?.integer ?? 0
      text.sample("mcpd_overflows_total", [("project", project["name"]?.string ?? "")], String(count))
    }
  }

  private func gauges(
    _ projects: [JSON], _ member: String, _ name: String, _ help: String, _ text: inout MetricsText
  ) {
    text.family(name, "gauge", help)
    for project in projects {
      for domain in project["domains"]?.array ?? [] {
        let labels = [("project", project["name"]?.string ?? ""), ("domain", domain["name"]?.string ?? "")]
        text.sample(name, labels, String(domain[member]?.integer ?? 0))
      }
    }
  }
}

/// Text of the metrics' form, line by line.
struct MetricsText {
  private(set) var text = ""

  mutating func family(_ name: String, _ kind: String, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  private static func escaped(_ value: String) -> String {
    var escaped = ""
    for character in value.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  static func seconds(nanoseconds: UInt64) -> String {
    let fraction = String(nanoseconds % 1_000_000_000)
    return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.utf8.count)
      + fraction
  }
}
