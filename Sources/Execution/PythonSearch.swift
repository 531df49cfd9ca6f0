internal import Model
internal import Platform

/// Which interpreters a project could mean, most telling first. Looks only; runs nothing.
struct PythonSearch {
  struct Candidate: Hashable {
    let file: String
    let why: String
    /// The project's own environment: if it cannot be used that is said, and no other is taken in its place.
    var isBinding = false
  }

  let lookup: FileLookup
  let root: String
  let directory: String
  let environment: [String: String]

  var candidates: [Candidate] {
    var found: [Candidate] = []
    for place in Set([directory, root]).sorted(by: { $0.utf8.count > $1.utf8.count }) {
      for name in [".venv", "venv"] {
        found += executable("\(place)/\(name)/bin/python", "\(place)/\(name)", isBinding: true)
      }
    }
    found += poetry + conda
    if let active = environment["VIRTUAL_ENV"] {
      found += executable("\(active)/bin/python", "VIRTUAL_ENV is \(active)")
    }
    found += pinned
    for entry in (environment["PATH"] ?? "").split(separator: ":") where entry.hasPrefix("/") {
      for name in ["python3", "python"] {
        found += executable("\(entry)/\(name)", "the first \(name) on PATH that has pytest")
      }
    }
    var seen: Set<String> = []
    return found.filter { seen.insert($0.file).inserted }
  }

  private func executable(_ file: String, _ why: String, isBinding: Bool = false) -> [Candidate] {
    lookup.isExecutable(file) ? [Candidate(file: file, why: why, isBinding: isBinding)] : []
  }

  private func text(_ name: String) -> String? {
    lookup.read("\(directory)/\(name)").map { String(decoding: $0, as: UTF8.self) }
  }

  /// Poetry keeps environments outside the project, under a name made of the project's and a digest of its path.
  private var poetry: [Candidate] {
    guard let project = text("pyproject.toml"), project.contains("[tool.poetry") || text("poetry.lock") != nil
    else { return [] }
    let toml = TOMLLines(project)
    guard let name = toml.strings("tool.poetry", "name")?.first ?? toml.strings("project", "name")?.first
    else { return [] }
    let forbidden: Set<Character> = [" ", "$", "`", "!", "*", "@", "\"", "\\", "\r", "\n", "\t"]
    let clean = String(name.lowercased().map { forbidden.contains($0) ? "_" : $0 }.prefix(42))
    let digest = Self.base64(Digester.digest(of: Array(directory.utf8)).bytes.prefix(6))
    let caches =
      environment["POETRY_CACHE_DIR"]
      ?? (environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "/root") + "/.cache") + "/pypoetry"
    let prefix = "\(clean)-\(digest)-py"
    return lookup.names("\(caches)/virtualenvs").filter { $0.hasPrefix(prefix) }.reversed().flatMap {
      executable("\(caches)/virtualenvs/\($0)/bin/python", "poetry's environment \($0)", isBinding: true)
    }
  }

  /// The URL-safe alphabet; six bytes are eight digits.
  static func base64(_ bytes: some Collection<UInt8>) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    let bits = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let count = bytes.count * 8 / 6
    return String(
      decoding: (0..<count).map { digits[Int(bits >> UInt64((count - 1 - $0) * 6) & 63)] }, as: UTF8.self)
  }

  /// `environment.yml` names it; it lies below one of conda's usual roots.
  private var conda: [Candidate] {
    guard let file = text("environment.yml") ?? text("environment.yaml"),
      let line = file.split(separator: "\n").first(where: { $0.hasPrefix("name:") })
    else { return [] }
    let name = line.dropFirst(5).filter { !" \t\r\"'".contains($0) }
    if name.isEmpty || name.contains("/") { return [] }
    let home = environment["HOME"] ?? "/root"
    var roots = ["miniconda3", "miniforge3", "mambaforge", "anaconda3", ".conda", "micromamba"].map {
      "\(home)/\($0)"
    }
    roots += ["/opt/conda", "/opt/miniconda3", "/opt/anaconda3"]
    return roots.flatMap {
      executable("\($0)/envs/\(name)/bin/python", "conda's environment \(name)", isBinding: true)
    }
  }

  /// `.python-version` with pyenv's interpreters: the exact one, else the newest of that line.
  private var pinned: [Candidate] {
    guard
      let wanted =
        (text(".python-version")
        ?? lookup.read("\(root)/.python-version").map { String(decoding: $0, as: UTF8.self) })?
        .split(whereSeparator: \.isWhitespace).first.map(String.init), !wanted.contains("/")
    else { return [] }
    let versions = (environment["PYENV_ROOT"] ?? (environment["HOME"] ?? "/root") + "/.pyenv") + "/versions"
    let newestFirst = lookup.names(versions).filter { $0 == wanted || $0.hasPrefix(wanted + ".") }.sorted {
      Self.number($0).lexicographicallyPrecedes(Self.number($1))
    }.reversed()
    return newestFirst.flatMap {
      executable("\(versions)/\($0)/bin/python", ".python-version says \(wanted)")
    }
  }

  private static func number(_ version: String) -> [Int] {
    version.split(separator: ".").map { Int($0) ?? -1 }
  }

  func hints(for candidate: Candidate?) -> [String] {
    if text("uv.lock") != nil { return ["run `uv sync` in \(directory)"] }
    if text("poetry.lock") != nil { return ["run `poetry install` in \(directory)"] }
    if let candidate { return ["run `\(candidate.file) -m pip install pytest`"] }
    return ["make an environment: `python3 -m venv .venv && .venv/bin/pip install pytest` in \(directory)"]
  }
}
