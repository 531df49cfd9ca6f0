internal import Glibc

/// Which files are read beside a project's own, outermost first.
package struct ConfigurationLayers: Hashable, Sendable {
  /// Absent files are no mistake.
  package var machineFile: String?
  /// Its `*.yaml` files are read in the order of their names, after the machine's file.
  package var machineFolder: String?
  package var userFile: String?
  /// Named by hand (`--config`): its absence is a mistake.
  package var isUserFileRequired: Bool

  package init(
    machineFile: String? = nil, machineFolder: String? = nil, userFile: String? = nil,
    isUserFileRequired: Bool = false
  ) {
    self.machineFile = machineFile
    self.machineFolder = machineFolder
    self.userFile = userFile
    self.isUserFileRequired = isUserFileRequired
  }

  /// No file but the project's own.
  package static let none = ConfigurationLayers()

  /// The machine's files, and the user's or the one named by `--config` in its stead.
  ///
  /// - Parameter variable: looks up an environment variable.
  package static func standard(
    configFile: String? = nil, variable: (String) -> String? = ConfigurationLayers.environmentVariable
  ) -> ConfigurationLayers {
    var layers = ConfigurationLayers(machineFile: "/etc/mcpd/mcpd.yaml", machineFolder: "/etc/mcpd/conf.d")
    if let configFile {
      layers.userFile = configFile
      layers.isUserFileRequired = true
    } else if let folder = variable("XDG_CONFIG_HOME"), folder.hasPrefix("/") {
      layers.userFile = folder + "/mcpd/mcpd.yaml"
    } else if let home = variable("HOME"), home.hasPrefix("/") {
      layers.userFile = home + "/.config/mcpd/mcpd.yaml"
    }
    return layers
  }

  package static func environmentVariable(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }
}
