internal import Model
internal import Platform
internal import Wire

// Commands that change how the daemon works.
extension Session {
  private var projectBody: [UInt8] {
    var writer = JSONWriter()
    writer.object { if let project = daemon.project { $0.field("project", project) } }
    return writer.bytes
  }

  enum Steering: String {
    case start, stop, pause, resume

    var text: String {
      switch self {
      case .start: "continuous testing is on"
      case .stop: "continuous testing is off; changes are still seen"
      case .pause: "paused: nothing starts until `mcpd-client resume`"
      case .resume: "going on"
      }
    }
  }

  @discardableResult
  func steer(_ steering: Steering) throws(Stop) -> Daemon.Document {
    try daemon.request("POST", "/sniffing/\(steering.rawValue)", query: [projectQuery], body: projectBody)
  }

  func steer() throws(Stop) -> ExitCode {
    guard let steering = Steering(rawValue: invocation.command.name) else {
      throw Stop(.defect, "`\(invocation.command.name)` steers nothing")
    }
    let document = try steer(steering)
    if try !printDocument(document) { note(steering.text) }
    return .done
  }

  func cancel() throws(Stop) -> ExitCode {
    let run = invocation.operands[0]
    guard RunID(run) != nil else {
      throw .usage(
        "`\(run)` is no run's id: they look like r1042", hints: ["see what runs: mcpd-client queue"])
    }
    let document = try daemon.request("DELETE", "/api/v1/runs/\(run)")
    if try !printDocument(document) {
      note("\(run) is ended; its unit stays unknown until something changes")
    }
    return .done
  }

  func projects() throws(Stop) -> ExitCode {
    switch invocation.operands.first {
    case "add": return try addProject()
    case "remove": return try removeProject()
    default: break
    }
    let document = try daemon.request("GET", "/api/v1/projects")
    if try printDocument(document, list: "projects") { return .done }
    let reader = JSONReader(try Daemon.parse(document.body))
    var columns = Columns()
    do throws(WireError) {
      for entry in try reader.find("projects")?.elements() ?? [] {
        let state: Status.State = try entry.word("state") ?? .unknown
        columns.rows.append([
          Columns.Cell(Text.oneLine(try entry.string("name"))),
          Columns.Cell(state.rawValue, StatusView.color(state)),
          Columns.Cell(Text.oneLine(try entry.string("root")), .dim),
        ])
      }
    } catch { throw Self.misshapen(error) }
    output.write(
      columns.rows.isEmpty
        ? "no project is watched\n  add one: mcpd-client projects add DIR\n" : columns.render(style))
    return .done
  }

  private func addProject() throws(Stop) -> ExitCode {
    let given = invocation.operands.dropFirst().first ?? "."
    let directory = Paths.absolute(given, in: surroundings.directory)
    guard Files.kind(of: directory) == .directory else {
      let isThere = Files.kind(of: directory) != nil
      throw .usage("\(directory) is \(isThere ? "no directory" : "not there")")
    }
    var writer = JSONWriter()
    let toolchain = ToolchainVariables.recorded(from: surroundings.environment).sorted { $0.key < $1.key }
    writer.object { writer in
      writer.field("directory", directory)
      writer.object("environment") { writer in
        for (name, value) in toolchain {
          writer.name(name)
          writer.value(value)
        }
      }
    }
    let document = try daemon.request("POST", "/api/v1/projects", body: writer.bytes)
    if try !printDocument(document) { note("\(Text.oneLine(directory)) is watched") }
    return .done
  }

  private func removeProject() throws(Stop) -> ExitCode {
    guard let name = invocation.operands.dropFirst().first else {
      throw .usage("`projects remove` wants NAME", hints: ["`mcpd-client projects` lists them"])
    }
    let document = try daemon.request("DELETE", "/api/v1/projects/" + Daemon.percentEncoded(name))
    if try !printDocument(document) {
      note("\(Text.oneLine(name)) is no longer watched; its files stay as they are")
    }
    return .done
  }
}
