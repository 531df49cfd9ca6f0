package import Model

/// A project's configuration as it was found: settings, where each comes from, and all that is wrong with it.
package struct LoadedConfiguration: Sendable {
  package enum Source: Hashable, Sendable {
    /// The project's own file, by its absolute path.
    case file(String)
    /// There is none; what was found instead, one sentence each.
    case detected([String])
  }

  /// Complete, with every default filled in; nil when there is an error: whoever has earlier settings keeps them.
  package let settings: ProjectSettings?
  /// In the order of files, lines and columns; warnings may stand beside settings.
  package let mistakes: [Mistake]
  /// Absolute, without links.
  package let root: String
  package let source: Source
  /// By setting (`settle.quiet`, `domains.unit.budget.memory`); what is not in it is built-in.
  package let origins: [String: Origin]
  /// Of the settings in their canonical form, comments and origins aside; nil without settings.
  package let digest: Digest?
  /// Every file that was read or looked for: a change to one of them is a change of the configuration.
  package let files: [String]
  /// Nested projects' directories below the root.
  package let nested: [RelativePath]
  /// Texts of the files, for messages that show a line.
  let texts: [String: SourceText]

  package var diagnostics: [Diagnostic] { mistakes.map(\.diagnostic) }

  package var hasErrors: Bool { mistakes.contains { $0.diagnostic.severity == .error } }

  package func origin(of setting: String) -> Origin { origins[setting] ?? .builtIn }
}
