internal import Model

/// What of a request lies in the run's directory, so that a daemon that comes later can judge the run. The settings are
/// not in it: that daemon has its own.
struct RunRecord: Hashable {
  var run: RunID
  var unit: UnitID
  var path: RelativePath?
  var clock: Tick
  var reason: Reason
  var attempt: Int
  var root: [UInt8]

  init(_ request: RunRequest) {
    run = request.run
    unit = request.unit
    path = request.path
    clock = request.clock
    reason = request.reason
    attempt = request.attempt
    root = request.root
  }

  func request(root: [UInt8], settings: DomainSettings) -> RunRequest {
    RunRequest(
      run: run, unit: unit, path: path, clock: clock, reason: reason, attempt: attempt, root: root,
      settings: settings)
  }

  private static let magic = "mcpd-run-1"

  var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.write(Self.magic)
    writer.write(run.tick.number)
    writer.write(unit.project.text)
    writer.write(unit.domain.text)
    writer.write(unit.unit)
    writer.write(path != nil)
    writer.write(path?.bytes ?? [])
    writer.write(clock.number)
    writer.write(reason.kind.rawValue)
    writer.write(UInt64(reason.paths.count))
    for path in reason.paths { writer.write(path.bytes) }
    writer.write(reason.text)
    writer.write(Int64(attempt))
    writer.write(root)
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws(ByteReader.Malformed) {
    var reader = ByteReader(bytes)
    guard try reader.text() == Self.magic else { throw ByteReader.Malformed(offset: 0) }
    run = RunID(Tick(try reader.unsigned()))
    let project = ProjectName(try reader.text())
    guard let domain = DomainName(try reader.text()) else {
      throw ByteReader.Malformed(offset: reader.offset)
    }
    unit = UnitID(project: project, domain: domain, unit: try reader.text())
    let hasPath = try reader.flag()
    let bytes = try Self.path(&reader)
    path = hasPath ? bytes : nil
    clock = Tick(try reader.unsigned())
    guard let kind = Reason.Kind(rawValue: try reader.text()) else {
      throw ByteReader.Malformed(offset: reader.offset)
    }
    var paths: [RelativePath] = []
    // Each path takes at least its length's eight bytes, so a huge count ends at once.
    for _ in 0..<(try reader.unsigned()) { paths.append(try Self.path(&reader)) }
    reason = Reason(kind, paths: paths, text: try reader.text())
    guard let attempt = Int32(exactly: try reader.signed()), attempt >= 1 else {
      throw ByteReader.Malformed(offset: reader.offset)
    }
    self.attempt = Int(attempt)
    root = try reader.data()
    guard reader.isAtEnd, root.first == UInt8(ascii: "/") else {
      throw ByteReader.Malformed(offset: reader.offset)
    }
  }

  private static func path(_ reader: inout ByteReader) throws(ByteReader.Malformed) -> RelativePath {
    let start = reader.offset
    let bytes = try reader.data()
    guard let path = RelativePath(normalizing: bytes), path.bytes == bytes else {
      throw ByteReader.Malformed(offset: start)
    }
    return path
  }
}
