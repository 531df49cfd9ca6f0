extension Status: WireWritable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("clock", clock)
      $0.field("state", state.rawValue)
      $0.field("daemon", daemon)
      $0.field("degraded", degraded)
      $0.field("projects", projects)
    }
  }
}

extension Status: WireReadable {
  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      clock: try reader.unsigned("clock"), state: try reader.word("state") ?? .unknown,
      daemon: try Daemon(reading: try reader.member("daemon")), degraded: try reader.list("degraded"),
      projects: try reader.list("projects"))
  }
}

extension Status.Daemon: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("version", version)
      $0.field("pid", pid)
      $0.field("started", started)
      $0.field("state_directory", stateDirectory)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      version: try reader.string("version"), pid: try reader.integer("pid"),
      started: try reader.string("started"), stateDirectory: try reader.string("state_directory"))
  }
}

extension Status.Project: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("name", name)
      $0.field("root", root)
      $0.field("state", state.rawValue)
      $0.field("sniffing", sniffing)
      $0.field("gate", gate)
      $0.field("watch", watch)
      $0.field("domains", domains)
      $0.field("failures", failures)
      $0.field("failing", failing)
      $0.field("degraded", degraded)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      name: try reader.string("name"), root: try reader.string("root"),
      state: try reader.word("state") ?? .unknown,
      sniffing: try reader.bool("sniffing"), gate: try Status.GateBody(reading: try reader.member("gate")),
      watch: try Status.Watch(reading: try reader.member("watch")), domains: try reader.list("domains"),
      failures: try reader.list("failures"), failing: try reader.integer("failing"),
      degraded: try reader.list("degraded"))
  }
}

extension Status.GateBody: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("state", isOpen ? "open" : "closed")
      $0.field("reason", reason)
      $0.field("text", text)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      isOpen: try reader.string("state") != "closed", reason: try reader.optionalString("reason"),
      text: try reader.optionalString("text") ?? "")
  }
}

extension Status.Watch: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("mode", mode)
      $0.field("directories", directories)
      $0.field("files", files)
      $0.field("overflows", overflows)
      $0.field("rescans", rescans)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      mode: try reader.string("mode"), directories: try reader.integer("directories"),
      files: try reader.integer("files"), overflows: try reader.integer("overflows"),
      rescans: try reader.integer("rescans"))
  }
}

extension Status.Domain: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("name", name)
      $0.field("state", state.rawValue)
      $0.field("units", units)
      $0.field("passed", passed)
      $0.field("failed", failed)
      $0.field("error", error)
      $0.field("timed_out", timedOut)
      $0.field("skipped", skipped)
      $0.field("flaky", flaky)
      $0.field("unknown", unknown)
      $0.field("queued", queued)
      $0.field("running", running)
      $0.field("budget", budget)
      $0.field("isolation", isolation)
      $0.field("tracing", tracing)
      $0.field("waiting", waiting)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      name: try reader.string("name"), state: try reader.word("state") ?? .unknown,
      units: try reader.integer("units"), passed: try reader.integer("passed"),
      failed: try reader.integer("failed"), error: try reader.integer("error"),
      timedOut: try reader.integer("timed_out"), skipped: try reader.integer("skipped"),
      flaky: try reader.integer("flaky"), unknown: try reader.integer("unknown"),
      queued: try reader.integer("queued"), running: try reader.integer("running"),
      budget: try reader.string("budget"), isolation: try reader.string("isolation"),
      tracing: try reader.string("tracing"), waiting: try reader.optionalString("waiting"))
  }
}

extension Status.UnitFailure: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("domain", domain)
      $0.field("unit", unit)
      $0.field("case", caseName)
      $0.field("verdict", verdict)
      $0.field("message", message)
      $0.field("file", file)
      $0.field("line", line)
      $0.field("since", since)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      domain: try reader.string("domain"), unit: try reader.string("unit"),
      caseName: try reader.optionalString("case"), verdict: try reader.string("verdict"),
      message: try reader.optionalString("message"), file: try reader.optionalString("file"),
      line: try reader.optionalInteger("line"), since: try reader.string("since"))
  }
}

extension Status.Complaint: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("code", code)
      $0.field("text", text)
      $0.field("hint", hint)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      code: try reader.string("code"), text: try reader.string("text"),
      hint: try reader.optionalString("hint"))
  }
}
