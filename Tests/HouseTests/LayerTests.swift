import Testing

/// The rooms and who may use whom; `Docs/architecture.md` says why.
@Suite struct `The layers` {
  /// A target imports only from layers of smaller numbers; within layer 1, `Platform` stands on `Model`.
  static let layers: [String: Double] = [
    "CLinux": 0, "CSQLite": 0, "CSystemd": 0, "CYAML": 0, "CMicrohttpd": 0, "CNettle": 0,
    "Model": 1, "Platform": 1.5, "Executors": 1.7,
    "Wire": 2, "Configuration": 2, "Watching": 2, "Planning": 2, "Execution": 2, "Storage": 2, "HTTP": 2,
    "Engine": 3,
    "API": 4, "Client": 4,
    "mcpd": 5, "mcpd-client": 5, "mcpd-exec": 5,
  ]

  /// Narrower than its layer: the only package modules that a target may use.
  static let narrowed: [String: Set<String>] = [
    "Model": [],
    "Wire": ["Model"],
    "Planning": ["Model"],
    "Client": ["Model", "Platform", "Wire", "Configuration"],
    "mcpd-client": ["Client"],
    "mcpd-exec": ["Model", "Platform", "CLinux"],
  ]

  /// Comes with the language or the C library. Foundation is missing on purpose.
  static let system: Set = ["Glibc", "Synchronization", "Swift", "_Concurrency"]

  /// The complaints about one target; empty is well.
  static func complaints(about target: Package.Target, imports: [Package.Target.Import]) -> [String] {
    let isTest = target.type == "test"
    let declared = Set(target.dependencies.map(\.name))
    var complaints: [String] = []
    guard let layer = isTest ? 9 : layers[target.name] else {
      return ["\(target.name) stands in no layer: give it one here and in Docs/architecture.md"]
    }
    for found in imports {
      guard let other = layers[found.module] else {
        if !isTest && !system.contains(found.module) {
          complaints.append("\(found.place): \(target.name) may not import \(found.module)")
        }
        continue
      }
      if !declared.contains(found.module) {
        complaints.append(
          "\(found.place): \(found.module) is not declared in Package.swift for \(target.name)")
      }
      if other >= layer || !(narrowed[target.name]?.contains(found.module) ?? true) {
        complaints.append("\(found.place): \(target.name) may not use \(found.module)")
      }
    }
    return complaints
  }

  @Test func `every import goes down the layers and is declared`() throws {
    let package = try Package.here.get()
    #expect(package.targets.count > 20)
    let code = package.targets.filter { ["regular", "executable", "test"].contains($0.type) }
    #expect(code.flatMap { Self.complaints(about: $0, imports: $0.imports) } == [])
  }

  @Test(arguments: [
    ("Planning", "regular", ["Model"], ["Model", "Platform"], "may not use Platform"),
    ("Watching", "regular", ["Model", "Wire"], ["Model", "Wire"], "may not use Wire"),
    ("Client", "regular", ["Engine"], ["Engine"], "may not use Engine"),
    ("Model", "regular", [], ["Foundation"], "may not import Foundation"),
    ("API", "regular", ["Model"], ["Model", "Wire"], "not declared"),
    ("Attic", "regular", [], [], "stands in no layer"),
  ])
  func `a breach is named`(
    name: String, type: String, declared: [String], imported: [String], complaint: String
  ) throws {
    let target = try Package.Target(name: name, type: type, declaring: declared)
    let found = Self.complaints(
      about: target, imports: imported.map { .init(module: $0, place: "Sources/\(name)/File.swift:1") })
    #expect(found.contains { $0.contains(complaint) }, "\(found)")
  }

  @Test(
    arguments: [
      ("import Model", "Model"), ("package import Model", "Model"), ("@preconcurrency import Glibc", "Glibc"),
      ("internal import struct Model.Tick", "Model"), ("// import Model", nil), ("important = 1", nil),
    ] as [(String, String?)])
  func `imports are found in every spelling`(line: String, module: String?) {
    #expect(Package.module(importedBy: line[...]) == module)
  }

  @Test func `a program inside a text imports nothing`() {
    let text = "import Model\nlet python = \"\"\"\nimport os\n\"\"\"\nimport Platform\n"
    #expect(Package.imports(in: text).map(\.module) == ["Model", "Platform"])
    #expect(Package.imports(in: text).map(\.line) == [1, 5])
  }
}

extension Package.Target {
  init(name: String, type: String, declaring dependencies: [String]) throws {
    self.init(
      name: name, type: type, dependencies: dependencies.map(Package.Dependency.init(name:)), path: nil)
  }
}

extension Package.Dependency {
  init(name: String) {
    self.name = name
  }
}
