import Foundation
import Testing

/// What `make` leaves in `.build/release`, and what would be installed of it.
@Suite struct `The release binaries` {
  static let libraries = ["libc.so", "libm.so", "libgcc_s.so", "libstdc++.so", "ld-linux", "libnettle.so"]

  /// Beyond what every program needs.
  static let own = [
    ("mcpd", ["libsystemd.so", "libmicrohttpd.so", "libsqlite3.so", "libyaml-0.so"]),
    ("mcpd-client", ["libyaml-0.so"]),
    ("mcpd-exec", []),
  ]

  private func binary(_ name: String) throws -> String {
    let path = House.root + "/.build/release/" + name
    guard FileManager.default.isExecutableFile(atPath: path) else {
      try Test.cancel("\(name) is not built for release; `make` builds it")
    }
    return path
  }

  @Test(arguments: own)
  func `a program needs only Debian's libraries, and no Swift ones`(name: String, own: [String]) throws {
    let dynamic = try House.run(["readelf", "-d", try binary(name)]).text
    let needed = dynamic.split(separator: "\n").filter { $0.contains("(NEEDED)") }
      .compactMap { $0.split(separator: "[").last?.dropLast() }.map(String.init)
    #expect(needed.contains { $0.hasPrefix("libc.so") }, "this test read no libraries at all")
    let strange = needed.filter { library in !(Self.libraries + own).contains { library.hasPrefix($0) } }
    #expect(strange == [])
    let runpath = dynamic.split(separator: "\n").filter { $0.contains("RUNPATH") || $0.contains("RPATH") }
    #expect(runpath.allSatisfy { $0.contains("[$ORIGIN]") }, "\(runpath)")
  }

  @Test(arguments: own.map(\.0))
  func `a program holds no Foundation, no ICU and no path of this machine`(name: String) throws {
    let path = try binary(name)
    let symbols = try House.run(["nm", path]).text
    #expect(symbols.contains("$sSS"), "this test read no symbols at all")
    let strange = symbols.split(separator: "\n").filter {
      $0.contains("10Foundation") || $0.contains("20FoundationEssentials") || $0.contains("_FoundationICU")
        || $0.contains("ucol_") || $0.contains("icudt")
    }
    #expect(strange.prefix(5).map(String.init) == [])
    try House.withScratch { scratch in
      let stripped = scratch + "/" + name
      #expect(try House.run(["strip", "-o", stripped, path]).code == 0)
      let bytes = try Data(contentsOf: URL(filePath: stripped))
      #expect(bytes.range(of: Data(House.root.utf8)) == nil, "it holds \(House.root)")
      #expect(bytes.count <= 8_000_000 || name == "mcpd", "\(bytes.count) bytes stripped; 8 MB are allowed")
    }
  }
}
