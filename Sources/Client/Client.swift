internal import Wire

/// What `mcpd-client` does: reads the command line, asks the daemon, shows the answer.
package enum Client {
  package static func run(_ arguments: [String], _ surroundings: Surroundings) -> ExitCode {
    let output = Output(surroundings.output)
    let complaints = Output(surroundings.error)
    var code = perform(arguments, surroundings, output, complaints)
    output.flush()
    if let failure = output.failure {
      complaints.line("mcpd-client: cannot write the output: \(failure)")
      if code == .done { code = .refused }
    }
    complaints.flush()
    return code
  }

  private static func perform(
    _ arguments: [String], _ surroundings: Surroundings, _ output: Output, _ complaints: Output
  ) -> ExitCode {
    var wantsDocument = false
    do throws(Stop) {
      let invocation = try ArgumentParser.parse(arguments)
      wantsDocument = invocation.wantsDocument
      return try Session(invocation, surroundings, output, complaints).perform()
    } catch {
      if wantsDocument, let problem = error.problem {
        output.write(problem.encoded)
        output.write("\n")
      }
      output.flush()
      complaints.line("mcpd-client: \(Text.oneLine(error.message))")
      for hint in error.hints { complaints.line("  \(Text.oneLine(hint))") }
      return error.code
    }
  }
}

extension Session {
  /// Outside every watched project the command is about the only one, or all of them, unless one was named. A request
  /// that failed has changed nothing, so the whole command begins again.
  func perform() throws(Stop) -> ExitCode {
    do throws(Stop) { return try work() } catch
      where error.problem?.code == "unknown-project" && daemon.project != nil
      && invocation.value("--project") == nil
    {
      daemon.project = nil
      return try work()
    }
  }

  /// The command's work; its name is one of `CommandTable`.
  private func work() throws(Stop) -> ExitCode {
    switch invocation.command.name {
    case "status": try status()
    case "run": try runUnits()
    case "sync": try sync()
    case "results": try results()
    case "history": try history()
    case "log": try log()
    case "watch": try watch()
    case "events": try events()
    case "changes": try changes()
    case "queue": try queue()
    case "domains": try domains()
    case "projects": try projects()
    case "start", "stop", "pause", "resume": try steer()
    case "cancel": try cancel()
    case "config": try config()
    case "init": try initialise()
    case "doctor": try doctor()
    case "completion": completion()
    case "version": try version()
    case "help": try help()
    default: throw Stop(.defect, "the command `\(invocation.command.name)` has no work to do")
    }
  }

  private func help() throws(Stop) -> ExitCode {
    guard let name = invocation.operands.first else {
      output.write(style.plain(Help.overview()))
      return .done
    }
    guard let command = CommandTable.command(name) else {
      if CommandTable.later.contains(name) { throw .usage("this build does not have `\(name)` yet") }
      let names = CommandTable.commands.flatMap { [$0.name] + $0.aliases }
      throw .usage("unknown command `\(name)`", hints: Nearest.hints(name, in: names))
    }
    output.write(style.plain(Help.of(command)))
    return .done
  }
}
