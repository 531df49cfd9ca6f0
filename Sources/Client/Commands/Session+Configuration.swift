internal import Configuration
internal import Model
internal import Platform
internal import Wire

// Commands about a project's own file; they need no daemon.
extension Session {
  /// `--project DIR`, else the current directory.
  private func projectDirectory() throws(Stop) -> String {
    let directory = Paths.absolute(invocation.value("--project") ?? ".", in: surroundings.directory)
    guard invocation.value("--project") != nil || surroundings.directory != nil else {
      throw .usage("the current directory is gone", hints: ["name the project: --project DIR"])
    }
    return directory
  }

  func config() throws(Stop) -> ExitCode {
    let environment = surroundings.environment
    let layers = ConfigurationLayers.standard { environment[$0] }
    let loaded = ConfigurationLoader.load(project: try projectDirectory(), layers: layers)
    let code: ExitCode = loaded.hasErrors ? .usage : .done
    complaints.write(style.plain(loaded.text(relativeTo: surroundings.directory)))
    if invocation.operands[0] == "check" {
      if invocation.wantsDocument {
        write(loaded)
      } else if !loaded.hasErrors {
        output.line(Self.summary(loaded))
      }
      return code
    }
    if invocation.wantsDocument {
      writeSettings(of: loaded)
    } else if !loaded.hasErrors {
      output.write(loaded.shownText(relativeTo: surroundings.directory))
    }
    return code
  }

  private static func summary(_ loaded: LoadedConfiguration) -> String {
    let domains = Text.count(loaded.settings?.domains.count ?? 0, "domain")
    return switch loaded.source {
    case .file(let path): "\(Text.oneLine(path)) is right: \(domains)"
    case .detected:
      "\(Text.oneLine(loaded.root)) has no \(ConfigurationLoader.fileName): \(domains) found by looking"
    }
  }

  private func write(_ loaded: LoadedConfiguration) {
    printOne { writer in
      writer.field("root", loaded.root)
      writer.array("mistakes") { for diagnostic in loaded.diagnostics { Self.write(diagnostic, to: &$0) } }
    }
  }

  private func writeSettings(of loaded: LoadedConfiguration) {
    printOne { writer in
      writer.field("root", loaded.root)
      writer.field("digest", loaded.digest?.hex)
      writer.array("settings") {
        for setting in loaded.shown {
          $0.object {
            $0.field("name", setting.name)
            $0.field("value", setting.value?.yaml)
            $0.field("origin", setting.origin.text)
          }
        }
      }
      writer.array("mistakes") { for diagnostic in loaded.diagnostics { Self.write(diagnostic, to: &$0) } }
    }
  }

  private static func write(_ diagnostic: Diagnostic, to writer: inout JSONWriter) {
    writer.object {
      $0.field("severity", diagnostic.severity.rawValue)
      $0.field("code", diagnostic.code)
      $0.field("message", diagnostic.message)
      $0.field("file", diagnostic.place?.file)
      $0.field("line", diagnostic.place?.line)
      $0.field("column", diagnostic.place?.column)
      $0.field("hints", diagnostic.hints)
    }
  }

  private func printOne(_ members: (inout JSONWriter) -> Void) {
    var writer = JSONWriter()
    writer.object(members)
    output.write(writer.bytes)
    output.write("\n")
  }

  func initialise() throws(Stop) -> ExitCode {
    let file = InitialFile.make(project: try projectDirectory())
    do throws(InitialFile.WriteFailure) { try file.write(force: invocation.has("--force")) } catch {
      switch error {
      case .exists(let path):
        throw Stop(
          .refused, "\(path) is there already and stays as it is",
          hints: ["replace it: mcpd-client init --force", "check it: mcpd-client config check"])
      case .system(let failure):
        throw Stop(.refused, failure.description, hints: failure.hint.map { [$0] } ?? [])
      }
    }
    if invocation.wantsDocument {
      printOne {
        $0.field("path", file.path)
        $0.field("domains", file.domains)
        $0.field("explanations", file.explanations)
      }
      return .done
    }
    for explanation in file.explanations { output.line("found: \(Text.oneLine(explanation))") }
    if file.domains.isEmpty { output.line("found nothing to test: the file shows how to name it") }
    output.line("wrote \(Text.oneLine(file.path))")
    return .done
  }
}
