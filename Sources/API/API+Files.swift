internal import Engine
internal import HTTP
internal import Model
internal import Wire

// What is known of single files: the units that they are.
extension API {
  func filesResults(_ call: Call) throws(Problem) {
    var results: [ResultBody] = []
    for (_, found) in try resultsOfFiles(call) { results += found }
    reply(call, ResultsPage(clock: door.clock.number, results: results, nextCursor: nil))
  }

  func filesStatus(_ call: Call) throws(Problem) {
    let files = try resultsOfFiles(call)
    call.reply(
      .object { writer in
        writer.field("clock", door.clock.number)
        writer.array("files") { writer in
          for (file, results) in files {
            writer.object { writer in
              writer.field("file", file)
              writer.field("state", Self.worst(results.map(Self.state)))
              writer.array("units") { writer in
                for body in results {
                  writer.object {
                    $0.field("project", body.result.unit.project.text)
                    $0.field("domain", body.result.unit.domain.text)
                    $0.field("unit", body.result.unit.unit)
                    $0.field("verdict", body.verdict?.rawValue)
                  }
                }
              }
            }
          }
        }
        writer.field("next_cursor", String?.none)
      })
  }

  private static func state(_ body: ResultBody) -> String {
    guard let verdict = body.verdict else { return "unknown" }
    return verdict.isRed ? "red" : "green"
  }

  private func resultsOfFiles(_ call: Call) throws(Problem) -> [(file: String, results: [ResultBody])] {
    let files = call.request.target.values("file").filter { !$0.isEmpty }
    guard !files.isEmpty else { throw .badQuery("file", "`file` is missing") }
    let roots = (try statusDocument(call.project)["projects"]?.array ?? []).compactMap { $0["root"]?.string }
    var found: [(String, [ResultBody])] = []
    for file in files {
      var query = ResultsQuery()
      query.project = call.project
      query.domain = call.text("domain")
      query.unit = Self.relative(file, to: roots)
      query.limit = 10_000
      found.append((file, try door.results(query).get().results))
    }
    return found
  }

  /// Units are named by their paths below the root; the innermost root counts.
  static func relative(_ file: String, to roots: [String]) -> String {
    let holding = roots.filter { file.hasPrefix($0 + "/") }.max { $0.utf8.count < $1.utf8.count }
    return holding.map { String(file.dropFirst($0.count + 1)) } ?? RelativePath(file)?.text ?? file
  }
}
