internal import Model

/// A command with places to fill in: `{unit}`, `{units}`, `{project}`, `{report}`.
struct CommandTemplate {
  let words: [String]

  init(_ words: [String]) {
    self.words = words
  }

  /// Whether it runs one unit at a time, so that there is one for each `include` match.
  var namesUnit: Bool {
    words.contains { $0.contains("{unit}") || $0.contains("{units}") }
  }

  /// Other braces are left as they are: they are the command's own.
  func filled(for request: RunRequest, report: String) -> Result<[String], Diagnostic> {
    let unit: String
    switch request.unitArgument {
    case .success(let text): unit = text
    case .failure(let diagnostic): return .failure(diagnostic)
    }
    let project = String(decoding: request.root, as: UTF8.self)
    return .success(
      words.map { word in
        Self.fill(word, ["unit": unit, "units": unit, "project": project, "report": report])
      })
  }

  /// In one pass, so that a unit's name that holds braces is not filled again.
  static func fill(_ word: String, _ values: [String: String]) -> String {
    var filled = ""
    var rest = word[...]
    while let open = rest.firstIndex(of: "{") {
      filled += rest[..<open]
      rest = rest[open...]
      guard let close = rest.firstIndex(of: "}") else { break }
      if let value = values[String(rest[rest.index(after: open)..<close])] {
        filled += value
        rest = rest[rest.index(after: close)...]
      } else {
        filled += "{"
        rest = rest.dropFirst()
      }
    }
    return filled + rest
  }
}

extension RunRequest {
  /// The unit as an argument: its file relative to the domain's directory, where the run stands.
  var unitArgument: Result<String, Diagnostic> {
    guard let path else { return .success(unit.unit) }
    guard path.isUTF8 else {
      return .failure(
        Diagnostic(
          code: "unit-name-not-utf8", "the name of \(path.text) is not UTF-8 and cannot be an argument",
          hints: ["rename the file"]))
    }
    let text = (path.relative(to: settings.directory) ?? path).text
    // A name that looks like an option is no option.
    return .success(text.hasPrefix("-") ? "./" + text : text)
  }

  /// Where the run stands, absolute.
  var workingDirectory: [UInt8] {
    settings.directory.isRoot ? root : root + [UInt8(ascii: "/")] + settings.directory.bytes
  }
}
