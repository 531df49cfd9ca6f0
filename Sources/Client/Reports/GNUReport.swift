internal import Model
internal import Wire

/// `FILE:LINE: error: message`, as compilers write it and editors jump to it. What is not red says nothing.
enum GNUReport {
  static func render(_ results: [ResultBody]) -> String {
    var text = ""
    for body in results where body.verdict?.isRed == true {
      let result = body.result
      if result.failures.isEmpty {
        text += line(result.unit.unit, nil, result.note ?? Verdicts.word(body.verdict), result.unit)
      }
      for failure in result.failures {
        let message = (failure.caseName.map { $0 + ": " } ?? "") + failure.message
        text += line(
          failure.file ?? result.unit.unit, failure.file == nil ? nil : failure.line, message, result.unit)
      }
    }
    return text
  }

  private static func line(_ file: String, _ line: Int?, _ message: String, _ unit: UnitID) -> String {
    Text.oneLine(Place.text(file, line) + ": error: \(message) [\(unit.domain.text)]") + "\n"
  }
}
