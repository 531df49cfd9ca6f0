internal import Model
internal import Wire

/// One page that needs nothing else: no script, no font, no request.
enum HTMLReport {
  static func render(_ results: [ResultBody]) -> String {
    let red = results.filter { $0.verdict?.isRed == true }.count
    let unknown = results.filter { $0.verdict == nil }.count
    let green = results.count - red - unknown
    let rows = results.map(row).joined()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>mcpd: \(red) red, \(green) green, \(unknown) unknown</title>
      <style>
      :root { color-scheme: light dark; }
      body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
      table { border-collapse: collapse; width: 100%; }
      th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
      td.number { text-align: right; font-variant-numeric: tabular-nums; }
      code { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; }
      .red { color: #c0392b; } .green { color: #2e8b57; } .unknown { color: #b8860b; }
      </style>
      </head>
      <body>
      <h1>\(red) red, \(green) green, \(unknown) unknown</h1>
      <table>
      <thead><tr><th>verdict</th><th>domain</th><th>unit</th><th>took</th><th>message</th></tr></thead>
      <tbody>
      \(rows)</tbody>
      </table>
      </body>
      </html>

      """
  }

  private static func row(_ body: ResultBody) -> String {
    let result = body.result
    let kind = body.verdict.map { $0.isRed ? "red" : "green" } ?? "unknown"
    var messages = result.failures.map { failure in
      let place = Place.text(failure.file, failure.line)
      return (failure.caseName.map { "<code>\(Markup.escaped($0))</code> " } ?? "")
        + Markup.escaped(failure.message)
        + (place.isEmpty ? "" : " <code>\(Markup.escaped(place))</code>")
    }
    if messages.isEmpty { messages = [Markup.escaped(Complaints.first(body).text)] }
    return "<tr><td class=\"\(kind)\">\(Verdicts.word(body.verdict))</td>"
      + "<td>\(Markup.escaped(result.unit.domain.text))</td><td><code>\(Markup.escaped(result.unit.unit))</code></td>"
      + "<td class=\"number\">\(HumanTime.duration(result.duration))</td><td>\(messages.joined(separator: "<br>"))</td></tr>\n"
  }
}
