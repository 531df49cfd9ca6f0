package import Model

extension Reason {
  /// How many paths a reason names; more are only counted.
  package static let namedPaths = 20

  /// `src/cart.py changed`, `src/cart.py and 3 others changed`.
  package static func changed(_ changes: [Change]) -> Reason {
    let paths = changes.map(\.path)
    let verb =
      switch changes.count {
      case 1: changes[0].kind == .created ? "appeared" : changes[0].kind == .deleted ? "vanished" : "changed"
      default: "changed"
      }
    let others =
      switch paths.count {
      case 0: "something"
      case 1: paths[0].text
      case 2: "\(paths[0].text) and \(paths[1].text)"
      default: "\(paths[0].text) and \(paths.count - 1) others"
      }
    return Reason(.changed, paths: Array(paths.prefix(namedPaths)), text: "\(others) \(verb)")
  }

  package static let isNew = Reason(.new, text: "it has no verdict yet")
  package static let forced = Reason(.forced, text: "it was asked for")

  package static func configuration(of domain: DomainName) -> Reason {
    Reason(.configuration, text: "the settings of domain \(domain) changed")
  }
}
