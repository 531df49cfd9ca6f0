package import Model

extension ResultBody: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    write(to: &writer, withCases: false)
  }

  /// `withCases` adds `cases_detail`, one entry a case.
  package func write(to writer: inout JSONWriter, withCases: Bool) {
    writer.object {
      $0.field("run", result.run.description)
      $0.field("project", result.unit.project.text)
      $0.field("domain", result.unit.domain.text)
      $0.field("unit", result.unit.unit)
      $0.field("verdict", holds ? result.verdict?.rawValue : nil)
      $0.field("holds", holds)
      if !holds { $0.field("last", result.verdict?.rawValue) }
      $0.field("source", result.source.rawValue)
      $0.field("clock", result.clock.number)
      $0.field("started", result.started)
      $0.field("duration_ms", result.duration.wholeMilliseconds)
      $0.field("attempts", result.attempts)
      $0.field("reason", result.reason)
      $0.field("cases", caseCounts)
      if withCases { $0.field("cases_detail", result.cases) }
      $0.field("failures", result.failures)
      $0.object("usage") {
        $0.field("cpu_ms", result.usage.cpu?.wholeMilliseconds)
        $0.field("memory_peak_bytes", result.usage.memoryPeakBytes)
      }
      $0.field("isolation", result.isolation.rawValue)
      $0.field("budget", result.budget.rawValue)
      $0.field("tracing", result.tracing.rawValue)
      if result.discarded { $0.field("discarded", true) }
      if let note = result.note { $0.field("note", note) }
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    let name = try reader.string("domain")
    guard let domain = DomainName(name) else {
      throw WireError(pointer: reader.pointer + "/domain", reason: "is no domain's name")
    }
    guard let run = RunID(try reader.string("run")) else {
      throw WireError(pointer: reader.pointer + "/run", reason: "is no run's id")
    }
    let holds = try reader.optionalBool("holds") ?? true
    let usage = try reader.find("usage")
    self.init(
      result: RunResult(
        run: run,
        unit: UnitID(
          project: ProjectName(try reader.string("project")), domain: domain, unit: try reader.string("unit")),
        verdict: try Self.verdict(reader, holds ? "verdict" : "last"),
        source: try reader.word("source") ?? .run, clock: Tick(try reader.unsigned("clock")),
        started: try reader.member("started").time(),
        duration: .milliseconds(try reader.integer("duration_ms")),
        attempts: try reader.optionalInteger("attempts") ?? 1,
        reason: try Reason(reading: try reader.member("reason")), cases: try reader.list("cases_detail"),
        failures: try reader.list("failures"),
        usage: Usage(
          cpu: try usage?.optionalInteger("cpu_ms").map { .milliseconds($0) },
          memoryPeakBytes: try usage?.optionalUnsigned("memory_peak_bytes")),
        isolation: try Self.word(reader, "isolation") ?? .none,
        budget: try Self.word(reader, "budget") ?? .soft,
        tracing: try Self.word(reader, "tracing") ?? .none,
        discarded: try reader.optionalBool("discarded") ?? false, note: try reader.optionalString("note")),
      holds: holds, log: nil,
      counts: try reader.find("cases").map { (counts) throws(WireError) in
        try CaseCounts(reading: counts)
      })
  }

  private static func verdict(_ reader: JSONReader, _ name: String) throws(WireError) -> Verdict? {
    try reader.optionalString(name).flatMap(Verdict.init(rawValue:))
  }

  private static func word<Word: RawRepresentable<String>>(
    _ reader: JSONReader, _ name: String
  ) throws(WireError) -> Word? {
    try reader.optionalString(name).flatMap(Word.init(rawValue:))
  }
}

extension CaseCounts: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("passed", passed)
      $0.field("failed", failed)
      $0.field("skipped", skipped)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      passed: try reader.integer("passed"), failed: try reader.integer("failed"),
      skipped: try reader.integer("skipped"))
  }
}

extension Reason: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("kind", kind.rawValue)
      WirePath.write(paths, to: &$0)
      $0.field("text", text)
    }
  }

  /// A kind that this side does not know yet reads as `changed`; the text says what it is.
  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      try reader.word("kind") ?? .changed, paths: try WirePath.readList(reader),
      text: try reader.optionalString("text") ?? "")
  }
}

extension CaseResult: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("case", name)
      $0.field("verdict", verdict.rawValue)
      $0.field("duration_ms", duration?.wholeMilliseconds)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    guard let verdict: Verdict = try reader.word("verdict") else {
      throw WireError(pointer: reader.pointer + "/verdict", reason: "is no verdict")
    }
    self.init(
      name: try reader.string("case"), verdict: verdict,
      duration: try reader.optionalInteger("duration_ms").map { .milliseconds($0) })
  }
}

extension Failure: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("case", caseName)
      $0.field("message", message)
      $0.field("file", file)
      $0.field("line", line)
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      caseName: try reader.optionalString("case"), message: try reader.string("message"),
      file: try reader.optionalString("file"), line: try reader.optionalInteger("line"))
  }
}
