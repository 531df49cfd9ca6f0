package import Model

/// Settings written out as a configuration file, every value in its place; reading it gives the same settings.
package enum SettingsText {
  package static func yaml(of settings: ProjectSettings) -> String {
    var lines = lines(of: settings, Schema.project, indent: "")
    if settings.domains.isEmpty { return (lines + ["domains: {}"]).joined(separator: "\n") + "\n" }
    lines.append("domains:")
    for domain in settings.domains {
      lines.append("  \(domain.name):")
      lines += Self.lines(of: domain, Schema.domain, indent: "    ")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lines<Subject>(of subject: Subject, _ keys: [Key<Subject>], indent: String) -> [String]
  {
    var lines: [String] = []
    var sections: [String: [Value.Field]] = [:]
    var order: [String] = []
    for key in keys {
      guard let value = key.get(subject) else { continue }
      guard let section = key.rule.section.map(String.init) else {
        lines.append("\(indent)\(key.name): \(value.yaml)")
        continue
      }
      if sections[section] == nil { order.append(section) }
      sections[section, default: []].append(.init(String(key.rule.leaf), value))
    }
    return lines + order.map { "\(indent)\($0): \(Value.map(sections[$0] ?? []).yaml)" }
  }
}
