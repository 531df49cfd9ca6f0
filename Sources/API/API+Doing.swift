internal import Engine
internal import HTTP
internal import Model
internal import Platform
internal import Wire

// What changes something, or waits for something.
extension API {
  // MARK: Sniffing

  func sniff(_ call: Call) throws(Problem) { try sniff(call, wanting: nil) }
  func sniffFile(_ call: Call) throws(Problem) { try sniff(call, wanting: "file") }
  func sniffFiles(_ call: Call) throws(Problem) { try sniff(call, wanting: "files") }
  func sniffOneDomain(_ call: Call) throws(Problem) { try sniff(call, wanting: "domain") }
  func sniffDomains(_ call: Call) throws(Problem) { try sniff(call, wanting: "domains") }

  /// `wanted` is the member that the route cannot do without.
  private func sniff(_ call: Call, wanting wanted: String?) throws(Problem) {
    let request = try SniffRequest.decode(call.request.body).get()
    let body = try call.body()
    if let wanted {
      let isList = wanted.hasSuffix("s")
      let other = isList ? String(wanted.dropLast()) : wanted + "s"
      if body.json[wanted]?.isNull ?? true, body.json[other]?.isNull ?? true {
        throw .missing("/" + wanted, "`\(wanted)` is missing: what is to be tested")
      }
    }
    sniff(request, call) { problem in
      // The engine sees lists; somebody who wrote the singular is pointed at that.
      guard var pointer = problem.pointer else { return problem }
      for name in ["domain", "file", "unit"] where !(body.json[name]?.isNull ?? true) {
        let prefix = "/\(name)s/"
        guard pointer.hasPrefix(prefix), let index = Int(pointer.dropFirst(prefix.utf8.count)) else {
          continue
        }
        pointer = index == 0 ? "/\(name)" : prefix + String(index - 1)
      }
      var problem = problem
      problem.pointer = pointer
      return problem
    }
  }

  func sniffDomain(_ call: Call) throws(Problem) {
    let name = call.parameters[0]
    guard DomainName(name) != nil else { throw .unknownDomain(name) }
    var request = try SniffRequest.decode(call.request.body).get()
    request.domains = [name]
    sniff(request, call) { problem in
      guard problem.code == "unknown-domain" else { return problem }
      var problem = problem
      problem.status = 404
      problem.pointer = nil
      return problem
    }
  }

  private func sniff(
    _ given: SniffRequest, _ call: Call, _ mend: @escaping @Sendable (Problem) -> Problem
  ) {
    var request = given
    request.project = given.project ?? call.project
    let reply = mendingReply(call, mend)
    if request.wait {
      let giveUp = door.sniff(request, accepted: { _ in }) { [writer] result in
        writer.enqueue { reply(result.map(SniffAnswer.results)) }
      }
      call.onGone(giveUp)
    } else {
      begin(request, reply)
    }
  }

  private func mendingReply(
    _ call: Call, _ mend: @escaping @Sendable (Problem) -> Problem
  ) -> @Sendable (Result<SniffAnswer, Problem>) -> Void {
    { result in
      switch result {
      case .failure(let problem): call.reply(Reply(mend(problem)))
      case .success(let answer):
        var reply = Reply(answer)
        if case .accepted(let job, _) = answer {
          reply.status = 202
          reply.headers.append(Field("Location", "/api/v1/jobs/" + job))
        }
        call.reply(reply)
      }
    }
  }

  // MARK: Waiting and steering

  func sync(_ call: Call) throws(Problem) {
    let seenOnly: Bool
    let body = try call.body()
    do throws(WireError) { seenOnly = try body.optionalBool("seen") ?? false } catch { throw Problem(error) }
    let giveUp = door.sync(project: try call.projectOfBody(), seenOnly: seenOnly) { call.reply($0) }
    call.onGone(giveUp)
  }

  func startSniffing(_ call: Call) throws(Problem) {
    command(.startSniffing(project: try call.projectOfBody()), call)
  }

  func stopSniffing(_ call: Call) throws(Problem) {
    command(.stopSniffing(project: try call.projectOfBody()), call)
  }

  func pause(_ call: Call) throws(Problem) { command(.pause(project: try call.projectOfBody()), call) }
  func resume(_ call: Call) throws(Problem) { command(.resume(project: try call.projectOfBody()), call) }
  func cancel(_ call: Call) { command(.cancel(run: call.parameters[0]), call) }
  func removeProject(_ call: Call) { command(.removeProject(name: call.parameters[0]), call) }

  private func command(_ command: Command, _ call: Call) {
    door.command(command) { [door] result in
      switch result {
      case .success: call.reply(.object { $0.field("clock", door.clock.number) })
      case .failure(let problem): call.reply(Reply(problem))
      }
    }
  }

  func addProject(_ call: Call) throws(Problem) {
    let body = try call.body()
    let directory: String
    do throws(WireError) { directory = try body.string("directory") } catch { throw Problem(error) }
    guard directory.hasPrefix("/"), !directory.utf8.contains(0) else {
      throw Problem(
        status: 400, code: "bad-request", title: "Not an absolute path",
        detail: "a project is added by its directory's absolute path", pointer: "/directory")
    }
    command(.addProject(directory: directory, toolchain: try Self.variables(body)), call)
  }

  /// The variables of the caller's shell that say where its tools are; what else is among them is left out further down.
  private static func variables(_ body: JSONReader) throws(Problem) -> [String: String] {
    var variables: [String: String] = [:]
    do throws(WireError) {
      guard let environment = try body.find("environment"), !environment.json.isNull else { return [:] }
      guard case .object(let members) = environment.json else {
        throw environment.error("must be an object of texts")
      }
      for member in members {
        guard let value = member.value.string else {
          throw WireError(pointer: "/environment/\(member.name)", reason: "must be a text")
        }
        variables[member.name] = value
      }
    } catch {
      throw Problem(error)
    }
    return variables
  }
}
