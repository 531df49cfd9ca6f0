/// The variables of a person's shell that say where tools live and which of them to take. A service has no shell of its
/// own, so they are recorded for each project when it is added; they never go into `.mcpd.yaml`.
package enum ToolchainVariables {
  package static let names = [
    "PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "PYENV_VERSION", "CARGO_HOME", "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN", "GOPATH", "GOROOT", "GOCACHE", "GOMODCACHE", "GOTOOLCHAIN", "NVM_DIR", "NVM_BIN",
    "JAVA_HOME",
    "CC", "CXX", "AR", "LD", "PKG_CONFIG_PATH", "SWIFTLY_HOME_DIR", "SWIFTLY_BIN_DIR", "SDKROOT", "ASDF_DIR",
    "ASDF_DATA_DIR", "MISE_DATA_DIR",
  ]

  /// Only those of them, so that no token is ever recorded.
  package static func recorded(from environment: [String: String]) -> [String: String] {
    environment.filter { names.contains($0.key) }
  }
}
