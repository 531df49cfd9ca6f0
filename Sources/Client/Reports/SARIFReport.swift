internal import Model
internal import Wire

/// SARIF 2.1.0: every complaint of a red unit as a result of one run of `mcpd`.
enum SARIFReport {
  static func render(_ results: [ResultBody]) -> String {
    let red = results.filter { $0.verdict?.isRed == true }
    let domains = Array(Set(red.map(\.result.unit.domain))).sorted()
    var writer = JSONWriter()
    writer.object {
      $0.field("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
      $0.field("version", "2.1.0")
      $0.array("runs") {
        $0.object {
          $0.object("tool") {
            $0.object("driver") {
              $0.field("name", "mcpd")
              $0.field("version", Version.text)
              $0.array("rules") { for domain in domains { $0.object { $0.field("id", domain.text) } } }
            }
          }
          $0.array("results") { for body in red { write(body, to: &$0) } }
        }
      }
    }
    return String(decoding: writer.bytes, as: UTF8.self) + "\n"
  }

  private static func write(_ body: ResultBody, to writer: inout JSONWriter) {
    let unit = body.result.unit
    var failures = body.result.failures
    if failures.isEmpty {
      failures = [Failure(caseName: nil, message: body.result.note ?? Verdicts.word(body.verdict))]
    }
    for failure in failures {
      writer.object {
        $0.field("ruleId", unit.domain.text)
        $0.field("level", "error")
        $0.object("message") {
          $0.field("text", unit.unit + (failure.caseName.map { "::" + $0 } ?? "") + ": " + failure.message)
        }
        $0.array("locations") {
          $0.object {
            $0.object("physicalLocation") {
              $0.object("artifactLocation") { $0.field("uri", uri(failure.file ?? unit.unit)) }
              if let line = failure.line, failure.file != nil, line > 0 {
                $0.object("region") { $0.field("startLine", line) }
              }
            }
          }
        }
      }
    }
  }

  /// A relative reference, or a file URI for a place outside the project.
  private static func uri(_ path: String) -> String {
    let encoded = path.split(separator: "/", omittingEmptySubsequences: false)
      .map { Daemon.percentEncoded(String($0)) }.joined(separator: "/")
    return path.hasPrefix("/") ? "file://" + encoded : encoded
  }
}
