internal import Model

/// Settings as one text that is the same for the same settings: what a digest is taken of.
enum CanonicalText {
  static func of(_ settings: ProjectSettings) -> String {
    var lines = Schema.project.compactMap { key in key.get(settings).map { key.name + ": " + $0.yaml } }
    for domain in settings.domains {
      lines.append("domain: " + domain.name.text)
      lines += Schema.domain.compactMap { key in key.get(domain).map { key.name + ": " + $0.yaml } }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
