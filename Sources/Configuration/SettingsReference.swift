internal import Model

/// One setting as the documentation has it.
package struct SettingReference: Hashable, Sendable {
  /// With dots: `settle.quiet`, `budget.cpu`.
  package let name: String
  package let type: String
  /// What counts when nobody says anything.
  package let standard: String
  package let text: String
  package let example: String

  /// A row of the table in `Docs/configuration.md`.
  package var row: String { "| `\(name)` | \(type) | \(standard) | \(text) | `\(example)` |" }

  /// As it stands in a file: sections are maps.
  package var line: String {
    let parts = name.split(separator: ".", maxSplits: 1)
    return parts.count == 2 ? "\(parts[0]): {\(parts[1]): \(example)}" : "\(name): \(example)"
  }
}

/// Everything that can be set, from the tables that the parser reads.
package enum SettingsReference {
  package static let project = rows(Schema.project, of: ProjectSettings(name: ""))

  package static let domain = rows(
    Schema.domain, of: DomainSettings(name: DomainName("unit")!, runner: .command))

  private static func rows<Subject>(_ keys: [Key<Subject>], of subject: Subject) -> [SettingReference] {
    keys.map { key in
      SettingReference(
        name: key.name, type: key.shape.name,
        standard: key.unset ?? key.get(subject).map { "`\($0.yaml)`" } ?? "",
        text: key.text, example: key.example)
    }
  }
}
