package import Model

/// pytest, a file at a time, with a plugin of ours that tells what happens to each case.
package struct PytestRunner: Runner {
  package init() {}

  package func units(_ settings: DomainSettings, in project: ProjectFiles) -> [DiscoveredUnit] {
    DiscoveredUnit.each(of: PytestDiscovery(settings: settings, project: project).files)
  }

  package func discoveryInputs(_ settings: DomainSettings) -> [RelativePath] {
    settings.include == nil ? PytestConfiguration.places(for: settings.directory) : []
  }

  package func command(for request: RunRequest, in place: RunPlace) -> Result<RunCommand, Diagnostic> {
    let words: [String]
    var variables: [String: String] = [:]
    if let template = request.settings.command, !template.isEmpty {
      let filled = CommandTemplate(template).filled(for: request, report: place.report).flatMap { words in
        place.toolchain.program(words[0], for: request, environment: place.environment).map {
          [$0] + words.dropFirst()
        }
      }
      switch filled {
      case .success(let filled): words = filled
      case .failure(let diagnostic): return .failure(diagnostic)
      }
    } else {
      switch (
        request.unitArgument,
        place.toolchain.python(for: request, environment: place.environment, user: place.user)
      ) {
      case (.success(let unit), .success(let python)):
        words = [python.file, "-m", "pytest", unit]
        variables = place.toolchain.activation(of: python.file, environment: place.environment)
      case (.failure(let diagnostic), _), (_, .failure(let diagnostic)): return .failure(diagnostic)
      }
    }
    var command = RunCommand(command: words + request.settings.arguments)
    command.environment = variables
    let plugins = place.directory + "/plugin"
    let original = ["PYTHONPATH", "PYTEST_ADDOPTS"].reduce(into: [:]) { $0[$1] = place.environment[$1] }
    command.files["plugin/\(PytestPlugin.module).py"] = PytestPlugin.source(
      report: Array(place.report.utf8), root: request.root,
      privateDirectory: Array("\(place.directory)/kept".utf8),
      original: original)
    // Through the environment, so that a command of the user's own (a wrapper, `uv run`) brings the plugin along too.
    let paths = [plugins, original["PYTHONPATH"] ?? ""]
    command.environment["PYTHONPATH"] = paths.filter { !$0.isEmpty }.joined(separator: ":")
    let options = [original["PYTEST_ADDOPTS"] ?? "", "-p \(PytestPlugin.module)"]
    command.environment["PYTEST_ADDOPTS"] = options.filter { !$0.isEmpty }.joined(separator: " ")
    // What plug-ins keep between runs would change the checkout.
    for (name, file) in [("HYPOTHESIS_STORAGE_DIRECTORY", "hypothesis"), ("COVERAGE_FILE", "coverage")] {
      command.environment[name] = place.environment[name] ?? "\(place.directory)/\(file)"
    }
    return .success(command)
  }

  package func judge(_ leavings: RunLeavings, of request: RunRequest) -> Judgement {
    PytestJudge(leavings: leavings, request: request).judgement
  }
}
