// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled with the same strictness; a warning anywhere stops the build.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// Code that ships goes without the module for regular expressions: a megabyte in every program (`Model/TextSearch.swift`).
let shipped: [SwiftSetting] =
  strict + [.unsafeFlags(["-Xfrontend", "-disable-implicit-string-processing-module-import"])]

func room(
  _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = []
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: shipped + settings)
}

/// Rooms in which no time is spent, and which every start of the client has to read from the disk.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// Programs that start in a millisecond and run without a toolchain. `scripts/link` stands in front of the system's
/// folders and turns small shared libraries into static ones: each costs a fifth of a millisecond at every start. Without
/// exported symbols the linker drops what nothing uses. Packed relocations save half a megabyte; the toolchain's own
/// linker knows them.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, swiftSettings: shipped,
    linkerSettings: [
      .unsafeFlags([
        "-use-ld=lld", "-L\(Context.packageDirectory)/scripts/link", "-Xclang-linker", "-static-libgcc",
        "-Xlinker", "--no-export-dynamic", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
      ])
    ])
}

/// `golden` is a folder of texts that the tests compare with; they find it beside their sources.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], golden: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: golden, resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "mcpd",
  products: [
    .executable(name: "mcpd", targets: ["mcpd"]),
    .executable(name: "mcpd-client", targets: ["mcpd-client"]),
    .executable(name: "mcpd-exec", targets: ["mcpd-exec"]),
  ],
  targets: [
    // Layer 0: the system.
    .target(name: "CLinux", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    // Without pkg-config, whose folder would stand in front of `scripts/link`.
    .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
    .systemLibrary(
      name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CNettle", providers: [.apt(["nettle-dev"])]),

    // Layer 1: values, and the platform under them.
    room("Model"),
    room("Platform", ["CLinux", "CNettle", "Model"]),
    room("Executors", ["Platform"]),

    // Layer 2: siblings that never import each other.
    room("Wire", ["Model"]),
    room("Configuration", ["Model", "Platform", "CYAML"], settings: small),
    room("Watching", ["Model", "Platform", "CLinux"]),
    room("Planning", ["Model"]),
    room("Execution", ["Model", "Platform", "CLinux"]),
    room("Storage", ["Model", "Platform", "CSQLite"]),
    room("HTTP", ["Model", "Platform", "CLinux", "CMicrohttpd"]),

    // Layer 3: the only place where they meet.
    room(
      "Engine",
      ["Model", "Platform", "Wire", "Configuration", "Watching", "Planning", "Execution", "Storage"]),

    // Layer 4: the faces.
    room("API", ["Model", "Platform", "Wire", "HTTP", "Engine"]),
    room("Client", ["Model", "Platform", "Wire", "Configuration"], settings: small),

    // Layer 5: wiring only.
    program("mcpd", ["API", "CSystemd", "Engine", "HTTP", "Model", "Platform", "Wire"]),
    program("mcpd-client", ["Client"]),
    program("mcpd-exec", ["Model", "Platform", "CLinux"]),

    tests("ModelTests", ["Model"]),
    tests("PlatformTests", ["Platform", "Executors", "Model", "CLinux"]),
    tests("WireTests", ["Wire", "Model"]),
    tests("ConfigurationTests", ["Configuration", "Model", "Platform"]),
    tests("WatchingTests", ["Watching", "Model", "Platform", "CLinux"]),
    tests("PlanningTests", ["Planning", "Model"]),
    tests("ExecutionTests", ["Execution", "Model", "Platform"]),
    tests("StorageTests", ["Storage", "Model", "Platform", "CSQLite"]),
    tests("HTTPTests", ["HTTP", "Model", "Platform"]),
    tests("EngineTests", ["Engine", "Model", "Planning", "Storage", "Wire"]),
    tests("APITests", ["API", "Engine", "HTTP", "Wire", "Model", "Platform"]),
    tests("ClientTests", ["CLinux", "Client", "Wire", "Model", "Platform"], golden: ["Golden"]),
    tests("HouseTests", []),
    tests("SystemTests", ["CLinux", "Model", "Platform", "Wire"]),
  ],
  cLanguageStandard: .gnu11
)
