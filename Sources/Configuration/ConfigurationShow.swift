internal import Model

/// One setting as `config show` prints it.
package struct ShownSetting: Hashable, Sendable {
  /// With dots, as in `domains.unit.budget.memory`.
  package let name: String
  /// Nil: nothing is said, and `unset` says what then counts.
  package let value: Value?
  package let unset: String?
  package let origin: Origin
}

extension LoadedConfiguration {
  /// Every setting there is, in the order of the documentation, domain by domain; empty without settings.
  package var shown: [ShownSetting] {
    guard let settings else { return [] }
    var all = Self.shown(Schema.project, of: settings, prefix: "", origins)
    for domain in settings.domains {
      all += Self.shown(Schema.domain, of: domain, prefix: "domains.\(domain.name).", origins)
    }
    return all
  }

  private static func shown<Subject>(
    _ keys: [Key<Subject>], of subject: Subject, prefix: String, _ origins: [String: Origin]
  ) -> [ShownSetting] {
    keys.flatMap { key -> [ShownSetting] in
      let name = prefix + key.name
      if key.isDictionary, let fields = key.get(subject)?.fields, !fields.isEmpty {
        return fields.map { field in
          let name = name + "." + field.name
          return ShownSetting(name: name, value: field.value, unset: nil, origin: origins[name] ?? .builtIn)
        }
      }
      return [
        ShownSetting(
          name: name, value: key.get(subject), unset: key.unset, origin: origins[name] ?? .builtIn)
      ]
    }
  }

  /// The same as text in three columns: setting, value, origin.
  ///
  /// - Parameter directory: files inside of it are named relative to it.
  package func shownText(relativeTo directory: String? = nil) -> String {
    let rows = shown.map { setting -> (name: String, value: String, origin: String) in
      var origin = setting.origin.text
      if let directory, case .file(let place) = setting.origin, place.file.hasPrefix(directory + "/") {
        origin = place.file.dropFirst(directory.count + 1) + ":\(place.line)"
      }
      let value = setting.value?.yaml ?? "(\(setting.unset ?? "unset"))"
      return (setting.name, value, origin)
    }
    let nameWidth = rows.map(\.name.count).max() ?? 0
    let valueWidth = min(48, rows.map(\.value.count).max() ?? 0)
    var text = ""
    for row in rows {
      text +=
        Self.padded(row.name, nameWidth) + "  " + Self.padded(row.value, valueWidth) + "  " + row.origin
        + "\n"
    }
    return text
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
