package import Wire

/// Results in the forms that other tools read. Each is a pure function of the results.
package enum Report: String, Sendable, CaseIterable {
  case junit, tap, sarif, html, csv, gnu

  package func render(_ results: [ResultBody]) -> String {
    switch self {
    case .junit: JUnitReport.render(results)
    case .tap: TAPReport.render(results)
    case .sarif: SARIFReport.render(results)
    case .html: HTMLReport.render(results)
    case .csv: CSVReport.render(results)
    case .gnu: GNUReport.render(results)
    }
  }
}
