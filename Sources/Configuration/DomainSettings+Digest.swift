package import Model
internal import Platform

extension DomainSettings {
  /// Of the settings in their canonical form: two domains with the same digest are run in the same way.
  package var digest: Digest {
    var settings = ProjectSettings(name: "")
    settings.domains = [self]
    return Digester.digest(of: Array((CanonicalText.of(settings) + directory.text).utf8))
  }
}
