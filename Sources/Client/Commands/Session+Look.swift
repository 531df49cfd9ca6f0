internal import Model
internal import Platform
internal import Wire

// Commands that ask one question and show the answer.
extension Session {
  func status() throws(Stop) -> ExitCode {
    if invocation.has("--watch") { return try watch() }
    let document = try daemon.request("GET", "/api/v1/status", query: [projectQuery])
    if try printDocument(document) { return .done }
    let status = try Daemon.read(Status.self, from: try Daemon.parse(document.body))
    output.write(StatusView(style: style, time: time).render(status))
    return .done
  }

  func changes() throws(Stop) -> ExitCode {
    guard let since = try invocation.tick("--after") else {
      throw .usage("`changes` wants --after CLOCK", hints: ["`mcpd-client status` shows the present one"])
    }
    let document = try daemon.request(
      "GET", "/api/v1/changes", query: [projectQuery, ("since", String(since))], wait: .verdict)
    if try printDocument(document, list: "changes") { return .done }
    let answer = try Daemon.read(ChangesAnswer.self, from: try Daemon.parse(document.body))
    if answer.fresh {
      output.line("what changed since \(since) is not known: every file is listed")
    }
    for change in answer.changes {
      output.line(Text.padded(change.kind.rawValue, to: 8) + "  " + Text.oneLine(change.path.text))
    }
    if answer.changes.isEmpty { output.line("nothing changed since \(since)") }
    output.line(style.paint("clock \(answer.clock)", .dim))
    return .done
  }

  func queue() throws(Stop) -> ExitCode {
    let document = try daemon.request("GET", "/api/v1/queues", query: [projectQuery])
    if try printDocument(document, list: "queues") { return .done }
    let page = try Daemon.read(QueuesPage.self, from: try Daemon.parse(document.body))
    if page.queues.isEmpty { output.line("nothing runs and nothing waits") }
    var columns = Columns(giving: [(4, 12), (3, 16)])
    for entry in page.queues {
      let isRunning = entry.state == .running
      let elapsed = entry.started.map {
        HumanTime.duration(.milliseconds(time.now.milliseconds - $0.milliseconds))
      }
      columns.rows.append([
        Columns.Cell(style.symbol(isRunning ? .pending : .dot), isRunning ? .yellow : .dim),
        Columns.Cell(entry.state.rawValue), Columns.Cell(entry.assignment.unit.domain.text),
        Columns.Cell(Text.oneLine(entry.assignment.unit.unit)),
        Columns.Cell(Text.oneLine(entry.waiting ?? entry.assignment.reason.text), .dim),
        Columns.Cell(entry.run ?? "", .dim), Columns.Cell(isRunning ? elapsed ?? "" : "", number: true),
      ])
    }
    output.write(columns.render(style))
    return .done
  }

  func domains() throws(Stop) -> ExitCode {
    let document = try daemon.request("GET", "/api/v1/domains", query: [projectQuery])
    if try printDocument(document, list: "domains") { return .done }
    let reader = JSONReader(try Daemon.parse(document.body))
    var columns = Columns()
    let entries: [JSONReader]
    do { entries = try reader.find("domains")?.elements() ?? [] } catch { throw Self.misshapen(error) }
    for entry in entries {
      let domain: Status.Domain
      let project: String?
      do {
        domain = try Status.Domain(reading: entry)
        project = try entry.optionalString("project")
      } catch { throw Self.misshapen(error) }
      columns.rows.append([
        Columns.Cell(Text.oneLine(project ?? "")), Columns.Cell(Text.oneLine(domain.name)),
        Columns.Cell(domain.state.rawValue, StatusView.color(domain.state)),
        Columns.Cell(Text.count(domain.units, "unit"), number: true),
        Columns.Cell(Text.oneLine("budget \(domain.budget)"), .dim),
        Columns.Cell(Text.oneLine("isolation \(domain.isolation)"), .dim),
        Columns.Cell(Text.oneLine(domain.waiting ?? ""), .dim),
      ])
    }
    output.write(columns.rows.isEmpty ? "no domains\n" : columns.render(style))
    return .done
  }

  static func misshapen(_ error: WireError) -> Stop {
    Stop(.defect, "the daemon's answer has not the shape agreed on: \(error.description)")
  }

  func version() throws(Stop) -> ExitCode {
    let limit = Duration.seconds(2)
    let impatient = Daemon(
      candidates: daemon.candidates, isNamed: daemon.isNamed, user: surroundings.user,
      clock: surroundings.clock,
      project: nil, deadline: daemon.deadline ?? surroundings.clock.now() + limit)
    var running: Status.Daemon?
    var why = ""
    do throws(Stop) {
      let answer = try impatient.json("GET", "/api/v1/status")
      running = try Daemon.read(Status.self, from: answer.json).daemon
    } catch {
      why = error.message
    }
    if invocation.wantsDocument {
      var writer = JSONWriter()
      writer.object {
        $0.field("client", Version.text)
        if let running { $0.field("daemon", running) } else { $0.field("daemon", String?.none) }
      }
      output.write(writer.bytes)
      output.write("\n")
      return .done
    }
    output.line("mcpd-client \(Version.text)")
    if let running {
      output.line("mcpd \(Text.oneLine(running.version)), process \(running.pid)")
    } else {
      output.line("mcpd: \(Text.oneLine(why))")
    }
    return .done
  }
}
