package import Model

/// Any command: exit code 0 is passed, another code or a signal failed.
package struct CommandRunner: Runner {
  package init() {}

  package func units(_ settings: DomainSettings, in project: ProjectFiles) -> [DiscoveredUnit] {
    guard CommandTemplate(settings.command ?? []).namesUnit else {
      return [DiscoveredUnit(name: settings.name.text, path: nil)]
    }
    let patterns = settings.includePatterns ?? []
    return DiscoveredUnit.each(
      of: project.files.filter { settings.includes($0, patterns: patterns) }.sorted())
  }

  package func discoveryInputs(_ settings: DomainSettings) -> [RelativePath] { [] }

  package func command(for request: RunRequest, in place: RunPlace) -> Result<RunCommand, Diagnostic> {
    guard let template = request.settings.command, !template.isEmpty else {
      return .failure(
        Diagnostic(
          code: "command-missing", "the domain `\(request.settings.name)` has no `command`",
          hints: ["add `command: [PROGRAM, ARGUMENT…]` to it in .mcpd.yaml"]))
    }
    return CommandTemplate(template).filled(for: request, report: place.report).flatMap { words in
      place.toolchain.program(words[0], for: request, environment: place.environment).map { program in
        RunCommand(command: [program] + words.dropFirst() + request.settings.arguments)
      }
    }
  }

  package func judge(_ leavings: RunLeavings, of request: RunRequest) -> Judgement {
    if let judgement = OutcomeWords.judgement(of: leavings.outcome, timeLimit: request.settings.budget.time) {
      return judgement
    }
    let end: String
    switch leavings.outcome.end {
    case .exited(code: 0): return Judgement(verdict: .passed)
    case .exited(let code): end = "exit code \(code)"
    case .signaled(let signal): end = OutcomeWords.signal(signal)
    default: end = "ended"
    }
    let complaint = OutputLines.complaint(
      in: leavings.output, root: request.root, directory: request.settings.directory, isFile: leavings.isFile)
    return Judgement(
      verdict: .failed,
      failures: [
        Failure(
          caseName: nil, message: complaint?.message ?? end, file: complaint?.file, line: complaint?.line)
      ], note: end)
  }
}
