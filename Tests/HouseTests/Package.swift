import Foundation

/// The package as SwiftPM itself reads it.
struct Package: Decodable {
  struct Target: Decodable {
    let name: String
    let type: String
    let dependencies: [Dependency]
    let path: String?

    var folder: String { path ?? (type == "test" ? "Tests/" : "Sources/") + name }
  }

  /// `{"byName": ["Model", null]}`, or `target` in place of `byName`.
  struct Dependency: Decodable {
    let name: String

    init(from decoder: any Decoder) throws {
      let forms = try decoder.singleValueContainer().decode([String: [Part]].self)
      name = forms.values.first?.first?.text ?? "?"
    }

    /// The name comes first; what follows (a condition) is of no interest here.
    private struct Part: Decodable {
      let text: String?

      init(from decoder: any Decoder) throws {
        text = try? decoder.singleValueContainer().decode(String.self)
      }
    }
  }

  let targets: [Target]

  /// Read once: SwiftPM takes a second for it, in a scratch folder of its own so as not to wait for a build.
  static let here = Result {
    try House.withScratch { scratch in
      let output = try House.run(["swift", "package", "--scratch-path", scratch, "dump-package"])
      let json = output.text[(output.text.firstIndex(of: "{") ?? output.text.endIndex)...]
      return try JSONDecoder().decode(Package.self, from: Data(json.utf8))
    }
  }
}

extension Package.Target {
  struct Import: Hashable {
    let module: String
    let place: String
  }

  /// Every import in the target's Swift files.
  var imports: [Import] {
    House.files(under: [folder]).filter { $0.hasSuffix(".swift") }.flatMap { file in
      Package.imports(in: (try? House.text(file)) ?? "").map {
        Import(module: $0.module, place: "\(file):\($0.line)")
      }
    }
  }
}

extension Package {
  /// What a file imports; what stands in a text of several lines (a Python program) is no import.
  static func imports(in text: String) -> [(module: String, line: Int)] {
    var isText = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
      index, line in
      defer {
        let quotes = line.ranges(of: "\"\"\"").count - line.ranges(of: "\\\"\"\"").count
        if quotes % 2 == 1 { isText.toggle() }
      }
      return isText ? nil : module(importedBy: line).map { ($0, index + 1) }
    }
  }

  /// `internal import struct Model.Tick` imports `Model`; nil for a line that imports nothing.
  static func module(importedBy line: Substring) -> String? {
    let words = line.split(separator: " ").map(String.init)
    let modifiers: Set = ["public", "package", "internal", "fileprivate", "private"]
    let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
    var rest = words.drop { modifiers.contains($0) || $0.hasPrefix("@") }
    guard rest.first == "import" else { return nil }
    rest = rest.dropFirst().drop { kinds.contains($0) }
    return rest.first?.split(separator: ".").first.map(String.init)
  }
}
