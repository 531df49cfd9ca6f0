internal import Model
internal import Platform
package import Wire

extension Session {
  func doctor() throws(Stop) -> ExitCode {
    var checks = Doctor(environment: surroundings.environment, user: surroundings.user).checks()
    checks.insert(daemonCheck(), at: 0)
    let code: ExitCode = checks.contains { $0.state == .bad } ? .red : .done
    if invocation.wantsDocument {
      var writer = JSONWriter()
      writer.object { $0.field("checks", checks) }
      if invocation.wantsLines {
        for check in checks {
          output.write(check.encoded)
          output.write("\n")
        }
        return code
      }
      output.write(writer.bytes)
      output.write("\n")
      return code
    }
    output.write(Doctor.render(checks, style))
    return code
  }

  private func daemonCheck() -> Doctor.Check {
    let impatient = Daemon(
      candidates: daemon.candidates, isNamed: daemon.isNamed, user: surroundings.user,
      clock: surroundings.clock,
      project: nil, deadline: daemon.deadline ?? surroundings.clock.now() + .seconds(5))
    do throws(Stop) {
      let answer = try impatient.json("GET", "/api/v1/status")
      let status = try Daemon.read(Status.self, from: answer.json)
      let text =
        "\(status.daemon.version), process \(status.daemon.pid), \(Text.count(status.projects.count, "project"))"
      return Doctor.Check("daemon", .good, text)
    } catch {
      return Doctor.Check("daemon", .bad, error.message, cure: error.hints.first)
    }
  }
}

/// Looks for what is missing on this machine. It reads and looks only; it changes nothing.
package struct Doctor {
  package struct Check: Hashable, Sendable, WireWritable {
    package enum State: String, Sendable {
      case good, notice, bad
    }

    package let name: String
    package let state: State
    package let text: String
    package let cure: String?

    package init(_ name: String, _ state: State, _ text: String, cure: String? = nil) {
      self.name = name
      self.state = state
      self.text = text
      self.cure = cure
    }

    package func write(to writer: inout JSONWriter) {
      writer.object {
        $0.field("name", name)
        $0.field("state", state.rawValue)
        $0.field("text", text)
        $0.field("cure", cure)
      }
    }
  }

  private let environment: [String: String]
  private let user: UInt32

  package init(environment: [String: String], user: UInt32) {
    self.environment = environment
    self.user = user
  }

  package func checks() -> [Check] {
    [
      bubblewrap(), namespaces(), seccomp(), watches(), cgroup(),
      tool("git", "changes of branches are not seen as one", "git"),
      tool("python3", "Python tests cannot run", "python3"), state(),
    ]
  }

  /// The failed ones last, where the eye rests.
  package static func render(_ checks: [Check], _ style: Style) -> String {
    let width = checks.map { Text.width($0.name) }.max() ?? 0
    let ordered = [Check.State.good, .notice, .bad].flatMap { state in checks.filter { $0.state == state } }
    return ordered.map { check in
      let (symbol, color): (Style.Symbol, Style.Color) =
        switch check.state {
        case .good: (.good, .green)
        case .notice: (.notice, .yellow)
        case .bad: (.bad, .red)
        }
      let line =
        "\(style.paint(style.symbol(symbol), color)) \(Text.padded(check.name, to: width))  \(Text.oneLine(check.text))\n"
      return line + (check.cure.map { "  \(Text.oneLine($0))\n" } ?? "")
    }.joined()
  }

  private func text(_ path: String) -> String? {
    guard let bytes = try? Files.read(path, limit: 1 << 16) else { return nil }
    return String(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" })
  }

  /// Where the program lies by `PATH`.
  private func find(_ program: String) -> String? {
    (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
      .map { $0 + "/" + program }.first { Files.kind(of: $0) == .file }
  }

  private func bubblewrap() -> Check {
    if let path = find("bwrap") { return Check("bubblewrap", .good, path) }
    return Check(
      "bubblewrap", .bad, "not found: tests cannot be isolated",
      cure: "install it: sudo apt install bubblewrap")
  }

  private func namespaces() -> Check {
    if text("/proc/sys/user/max_user_namespaces") == "0" {
      return Check(
        "namespaces", .bad, "the kernel gives no user namespaces: tests cannot be isolated",
        cure: "allow them: sudo sysctl user.max_user_namespaces=15000")
    }
    if user != 0, text("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
      return Check(
        "namespaces", .bad, "user namespaces are root's alone: tests cannot be isolated",
        cure: "allow them: sudo sysctl kernel.unprivileged_userns_clone=1")
    }
    return Check("namespaces", .good, "user namespaces are there")
  }

  private func seccomp() -> Check {
    let actions = text("/proc/sys/kernel/seccomp/actions_avail") ?? ""
    if actions.split(separator: " ").contains("user_notif") {
      return Check("seccomp", .good, "user notification is there")
    }
    return Check("seccomp", .notice, "no user notification: what a test looks at is not observed")
  }

  private func watches() -> Check {
    guard let number = text("/proc/sys/fs/inotify/max_user_watches").flatMap({ Int($0) }) else {
      return Check("watches", .bad, "the kernel has no inotify: changes are not seen")
    }
    if number < 65_536 {
      return Check(
        "watches", .notice, "\(number) directories at most: large projects are polled in part",
        cure: "raise it: sudo sysctl fs.inotify.max_user_watches=524288")
    }
    return Check("watches", .good, "\(number) directories at most")
  }

  private func cgroup() -> Check {
    let path = "/sys/fs/cgroup/cgroup.controllers"
    let controllers = (text(path) ?? "").split(separator: " ").map(String.init)
    let missing = ["cpu", "memory", "pids"].filter { !controllers.contains($0) }
    if missing.isEmpty { return Check("cgroup", .good, "budgets hold by control group") }
    let why =
      controllers.isEmpty
      ? "no control groups of version 2" : "no \(missing.joined(separator: ", ")) controller"
    return Check("cgroup", .notice, "\(why): budgets are soft")
  }

  private func tool(_ program: String, _ loss: String, _ package: String) -> Check {
    if let path = find(program) { return Check(program, .good, path) }
    return Check(program, .notice, "not found: \(loss)", cure: "install it: sudo apt install \(package)")
  }

  /// The place for databases: it, or the first directory above it that is there, must take files.
  private func state() -> Check {
    var place = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    place = place ?? environment["HOME"].map { $0 + "/.local/state" }
    guard let place else {
      return Check(
        "state", .bad, "neither XDG_STATE_HOME nor HOME is set", cure: "name a place: mcpd --state-dir DIR")
    }
    let directory = place + "/mcpd"
    var nearest = directory
    while Files.kind(of: nearest) == nil && nearest != "/" { nearest = Files.parent(of: nearest) }
    if Files.kind(of: nearest) == .directory, Access.isWritable(nearest) {
      return Check("state", .good, directory)
    }
    return Check(
      "state", .bad, "\(directory) cannot be written: nothing would be remembered",
      cure: "check who owns \(nearest), or name another place: mcpd --state-dir DIR")
  }
}
