internal import Model

/// Which files pytest would collect, found from their names alone.
struct PytestDiscovery {
  let settings: DomainSettings
  let project: ProjectFiles

  var files: [RelativePath] {
    if let patterns = settings.includePatterns {
      return project.files.filter { settings.includes($0, patterns: patterns) }.sorted()
    }
    let configuration = PytestConfiguration.find(for: settings.directory, read: project.read)
    let environments = Set(
      project.files.compactMap { file -> RelativePath? in
        let name = Array(file.name)
        if name == Array("pyvenv.cfg".utf8) { return file.parent }
        let isConda =
          name == Array("history".utf8) && file.parent?.name.elementsEqual("conda-meta".utf8) == true
        return isConda ? file.parent?.parent : nil
      }
    ).subtracting([.root])
    let candidates = project.files.filter { file in
      file.isInside(settings.directory)
        && configuration.pythonFiles.contains { Self.matches($0, path: file) }
        && file.name.suffix(3).elementsEqual(".py".utf8) && !isIgnored(file, configuration)
    }
    // `testpaths` counts only where pytest is started beside its configuration, and only if it leads anywhere.
    if configuration.directory == settings.directory, !configuration.testPaths.isEmpty {
      let found = candidates.filter { file in
        starts(of: file, configuration.testPaths).contains {
          isReached(file, below: $0, configuration, environments)
        }
      }
      if !found.isEmpty { return found.sorted() }
    }
    return candidates.filter { isReached($0, below: 0, configuration, environments) }.sorted()
  }

  /// How many leading components of the file (below the domain's directory) are one of the paths to start from.
  private func starts(of file: RelativePath, _ paths: [String]) -> [Int] {
    guard let inside = file.relative(to: settings.directory) else { return [] }
    let components = inside.components
    return (0...components.count).filter { count in
      let prefix = components[..<count].joined(separator: [UInt8(ascii: "/")])
      return paths.contains { path in
        guard let clean = RelativePath(path) else { return false }
        return clean.bytes.elementsEqual(prefix)
          || !clean.isRoot && Wildmatch(clean.bytes).matches(Array(prefix))
      }
    }
  }

  /// Whether no directory between the start and the file is one that pytest does not enter.
  private func isReached(
    _ file: RelativePath, below start: Int, _ configuration: PytestConfiguration,
    _ environments: Set<RelativePath>
  ) -> Bool {
    guard let inside = file.relative(to: settings.directory) else { return false }
    var current = settings.directory
    for (index, component) in inside.components.dropLast().enumerated() {
      current = current.appending(component)
      if index < start { continue }
      if environments.contains(current) || Self.neverEntered.contains(Array(component)) { return false }
      if configuration.skippedDirectories.contains(where: { Self.matches($0, path: current) }) {
        return false
      }
    }
    return true
  }

  /// Whatever `norecursedirs` says: nobody's tests are here.
  private static let neverEntered: Set<[UInt8]> = Set(
    [".git", ".hg", ".svn", ".tox", ".nox", "node_modules", "__pycache__", "site-packages"].map {
      Array($0.utf8)
    })

  private func isIgnored(_ file: RelativePath, _ configuration: PytestConfiguration) -> Bool {
    guard let inside = file.relative(to: settings.directory) else { return true }
    return configuration.ignored.contains { RelativePath($0).map { inside.isInside($0) } ?? false }
      || configuration.ignoredGlobs.contains { pattern in
        // It covers whatever lies below what it matches.
        var current: RelativePath? = inside
        while let here = current, !here.isRoot {
          if FNMatch.matches(Array(pattern.utf8), here.bytes) { return true }
          current = here.parent
        }
        return false
      }
  }

  /// As pytest matches: a pattern without a slash against the name, one with a slash against the end of the path.
  private static func matches(_ pattern: String, path: RelativePath) -> Bool {
    let bytes = Array(pattern.utf8)
    if !bytes.contains(UInt8(ascii: "/")) { return FNMatch.matches(bytes, Array(path.name)) }
    return FNMatch.matches([UInt8(ascii: "*"), UInt8(ascii: "/")] + bytes, [UInt8(ascii: "/")] + path.bytes)
  }
}

/// Python's `fnmatch`: `*` crosses slashes, nothing is quoted.
enum FNMatch {
  static func matches(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
    var p = 0
    var t = 0
    var star: (p: Int, t: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
        star = (p, t)
        p += 1
      } else if p < pattern.count, let next = single(pattern, p, text[t]) {
        p = next
        t += 1
      } else if let (starP, starT) = star {
        // Let the last star take one byte more.
        star = (starP, starT + 1)
        p = starP + 1
        t = starT + 1
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  /// The index after one element of the pattern when it matches the byte.
  private static func single(_ pattern: [UInt8], _ p: Int, _ byte: UInt8) -> Int? {
    switch pattern[p] {
    case UInt8(ascii: "?"): return p + 1
    case UInt8(ascii: "["):
      var q = p + 1
      let isNegated = q < pattern.count && pattern[q] == UInt8(ascii: "!")
      if isNegated { q += 1 }
      let first = q
      guard let close = pattern[min(q + 1, pattern.count)...].firstIndex(of: UInt8(ascii: "]")) else {
        return byte == pattern[p] ? p + 1 : nil
      }
      var found = false
      while q < close {
        if q + 2 < close, pattern[q + 1] == UInt8(ascii: "-"), q >= first {
          found = found || (pattern[q] <= byte && byte <= pattern[q + 2])
          q += 3
        } else {
          found = found || pattern[q] == byte
          q += 1
        }
      }
      return found != isNegated ? close + 1 : nil
    default: return pattern[p] == byte ? p + 1 : nil
    }
  }
}
