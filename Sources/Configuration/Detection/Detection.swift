internal import Model

/// What lies in a project that can be tested, and why that was concluded.
struct Detection: Sendable {
  struct Domain: Sendable {
    struct Setting: Sendable {
      let key: String
      let value: Value
      /// What was found that made it so; one sentence without a full stop.
      let because: String
    }

    var name: DomainName
    let directory: String
    let framework: Framework
    /// What was found that made it a domain.
    let because: String
    var settings: [Setting]
  }

  var domains: [Domain]
  /// What was seen and left aside; one sentence each.
  var notes: [String]
  /// What to do when there is nothing.
  var hint: String?

  /// One sentence for each domain, then the notes.
  var explanations: [String] {
    domains.map { domain in
      let place = domain.directory.isEmpty ? "" : " in \(domain.directory)/"
      return "\(domain.name): \(domain.framework.title)\(place), because \(domain.because)"
    } + notes + (hint.map { [$0] } ?? [])
  }

  var layer: Layer {
    var layer = Layer()
    layer.isDetected = true
    for domain in domains {
      var said = Layer.Domain(name: domain.name)
      for setting in domain.settings {
        if case .map(let fields) = setting.value, setting.key == "environment" {
          for field in fields {
            said.table["environment." + field.name] = .init(
              value: field.value, origin: .detected(setting.because))
          }
        } else {
          said.table[setting.key] = .init(value: setting.value, origin: .detected(setting.because))
        }
        said.table.attempted.insert(setting.key)
      }
      layer.domains.append(said)
    }
    return layer
  }
}

/// A way in which people write tests.
enum Framework: String, Sendable, CaseIterable {
  case pytest, unittest, tox, swift, cargo, go, node, ctest, bats, prove, make

  var title: String {
    switch self {
    case .pytest, .unittest, .tox, .bats, .prove, .make: rawValue
    case .swift: "swift test"
    case .cargo: "cargo test"
    case .go: "go test"
    case .node: "Node tests"
    case .ctest: "CTest"
    }
  }
}
