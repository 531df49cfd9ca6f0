package import Model

/// Where a setting's value comes from.
package enum Origin: Hashable, Sendable {
  case builtIn
  /// What was found that made it so.
  case detected(String)
  case file(Diagnostic.Place)

  package var text: String {
    switch self {
    case .builtIn: "built-in"
    case .detected(let what): "detected: " + what
    case .file(let place): "\(place.file):\(place.line)"
    }
  }
}

/// A value and its place.
struct Setting: Sendable {
  var value: Value
  var origin: Origin
  /// For lists: the place and width of each item.
  var items: [(place: Diagnostic.Place, width: Int)] = []
  var width = 1

  var place: Diagnostic.Place? { if case .file(let place) = origin { place } else { nil } }
}

/// Settings by name, in the order in which they were said.
struct SettingTable: Sendable {
  private(set) var names: [String] = []
  private var settings: [String: Setting] = [:]
  /// Also those whose values were refused: what was tried and failed is not missing.
  var attempted: Set<String> = []

  subscript(_ name: String) -> Setting? {
    get { settings[name] }
    set {
      if settings[name] == nil && newValue != nil { names.append(name) }
      if newValue == nil { names.removeAll { $0 == name } }
      settings[name] = newValue
    }
  }

  /// The names of a dictionary's entries, without its own.
  func entries(of dictionary: String) -> [String] {
    names.filter { $0.hasPrefix(dictionary + ".") }.map { String($0.dropFirst(dictionary.utf8.count + 1)) }
  }
}

/// What one file says, checked key by key; nothing of it depends on other files.
struct Layer: Sendable {
  struct Domain: Sendable {
    var name: DomainName
    var place: Diagnostic.Place?
    var width = 1
    var table = SettingTable()
    /// Its place has been complained about: what is missing from it may be behind that.
    var isPartial = false
  }

  var project = SettingTable()
  var domains: [Domain] = []
  /// Names of domains that were refused: others may still say that they need them.
  var refusedDomains: Set<String> = []
  var isPartial = false
  /// Found, not written: any file overrides it.
  var isDetected = false
}
