// swift-tools-version: 6.2
import Foundation
import PackageDescription

// A package of its own: the product builds without it, and it sees the product only from outside, as programs.
// Each directory beside `Bench` is one benchmark of that name.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]
let sources = Context.packageDirectory + "/Sources"
let benchmarks = try FileManager.default.contentsOfDirectory(atPath: sources).filter { $0 != "Bench" }
  .sorted()

let package = Package(
  name: "Benchmarks",
  targets: [.target(name: "Bench", swiftSettings: settings)]
    + benchmarks.map { .executableTarget(name: $0, dependencies: ["Bench"], swiftSettings: settings) }
)
