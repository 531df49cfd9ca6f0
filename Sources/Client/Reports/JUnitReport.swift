internal import Model
internal import Wire

/// JUnit XML: a suite for each unit, a case for each case; a unit without cases is its own single case.
enum JUnitReport {
  static func render(_ results: [ResultBody]) -> String {
    var suites = ""
    var total = Counts()
    for body in results { suites += suite(body, &total) }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="mcpd"\(total.attributes)>
      \(suites)</testsuites>

      """
  }

  private struct Counts {
    var tests = 0
    var failures = 0
    var errors = 0
    var skipped = 0
    var time = Duration.zero

    var attributes: String {
      " tests=\"\(tests)\" failures=\"\(failures)\" errors=\"\(errors)\" skipped=\"\(skipped)\" time=\"\(seconds(time))\""
    }

    mutating func add(_ other: Counts) {
      tests += other.tests
      failures += other.failures
      errors += other.errors
      skipped += other.skipped
      time += other.time
    }
  }

  /// `1.041`
  static func seconds(_ duration: Duration) -> String {
    let milliseconds = max(0, duration.wholeMilliseconds)
    let fraction = String(milliseconds % 1000)
    return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  private struct Case {
    let name: String
    let verdict: Verdict
    let duration: Duration?
    let failures: [Failure]
  }

  /// The unit's cases, and whatever made it red beside them: a complaint without a case of its name, or none at all.
  private static func cases(_ body: ResultBody) -> [Case] {
    let result = body.result
    let unit = result.unit.unit
    guard let verdict = body.verdict else {
      // Unknown is not assessed: neither passed nor failed.
      return [Case(name: unit, verdict: .skipped, duration: nil, failures: [])]
    }
    var cases = result.cases.map { one in
      Case(
        name: one.name, verdict: one.verdict, duration: one.duration,
        failures: result.failures.filter { $0.caseName == one.name })
    }
    let names = Set(result.cases.map(\.name))
    let others = result.failures.filter { failure in failure.caseName.map { !names.contains($0) } ?? true }
    let isTold = !verdict.isRed || cases.contains { $0.verdict.isRed }
    if cases.isEmpty || !others.isEmpty || !isTold {
      let isAlone = cases.isEmpty
      cases.append(
        Case(name: unit, verdict: verdict, duration: isAlone ? result.duration : nil, failures: others))
    }
    return cases
  }

  private static func suite(_ body: ResultBody, _ total: inout Counts) -> String {
    let result = body.result
    var counts = Counts()
    counts.time = result.duration
    var text = ""
    for one in cases(body) {
      counts.tests += 1
      text +=
        "    <testcase classname=\"\(Markup.escaped(result.unit.unit))\" name=\"\(Markup.escaped(one.name))\""
      if let duration = one.duration { text += " time=\"\(seconds(duration))\"" }
      text += element(one, body, &counts)
    }
    total.add(counts)
    let name = Markup.escaped("\(result.unit.domain.text)/\(result.unit.unit)")
    let project = Markup.escaped(result.unit.project.text)
    return
      "  <testsuite name=\"\(name)\"\(counts.attributes) timestamp=\"\(result.started.rfc3339)\">\n"
      + "    <properties><property name=\"project\" value=\"\(project)\"/></properties>\n" + text
      + "  </testsuite>\n"
  }

  private static func element(_ one: Case, _ body: ResultBody, _ counts: inout Counts) -> String {
    let message = Markup.escaped(one.failures.first?.message ?? body.result.note ?? one.verdict.rawValue)
    let lines = one.failures.map { failure in
      let place = Place.text(failure.file, failure.line)
      let name = failure.caseName.map { $0 == one.name ? "" : $0 + ": " } ?? ""
      return Markup.escaped(name + failure.message + (place.isEmpty ? "" : " (\(place))"))
    }.joined(separator: "\n")
    switch one.verdict {
    case .passed: return "/>\n"
    case .skipped:
      counts.skipped += 1
      let why = body.verdict == nil ? " message=\"unknown: it has not run on these inputs\"" : ""
      return "><skipped\(why)/></testcase>\n"
    case .failed, .flaky:
      counts.failures += 1
      return
        "><failure type=\"\(one.verdict.rawValue)\" message=\"\(message)\">\(lines)</failure></testcase>\n"
    case .error, .timedOut:
      counts.errors += 1
      return "><error type=\"\(one.verdict.rawValue)\" message=\"\(message)\">\(lines)</error></testcase>\n"
    }
  }
}

/// Text inside XML and HTML.
enum Markup {
  /// Characters that XML 1.0 cannot hold become U+FFFD.
  static func escaped(_ text: String) -> String {
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": safe.append(contentsOf: "&amp;".unicodeScalars)
      case "<": safe.append(contentsOf: "&lt;".unicodeScalars)
      case ">": safe.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": safe.append(contentsOf: "&quot;".unicodeScalars)
      case "\n": safe.append(contentsOf: "&#10;".unicodeScalars)
      case "\t": safe.append(contentsOf: "&#9;".unicodeScalars)
      default:
        let isUnfit = scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff
        safe.append(isUnfit ? "\u{fffd}" : scalar)
      }
    }
    return String(safe)
  }
}
