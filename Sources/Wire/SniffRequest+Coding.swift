extension SniffRequest: WireWritable, WireReadable {
  /// More names than this in one list are a mistake or an attack.
  package static let longestList = 10_000

  package func write(to writer: inout JSONWriter) {
    writer.object {
      if let project { $0.field("project", project) }
      if let domains { $0.field("domains", domains) }
      if let files { $0.field("files", files) }
      if let units { $0.field("units", units) }
      if failedOnly { $0.field("failed", true) }
      if all { $0.field("all", true) }
      $0.field("force", force)
      $0.field("wait", wait)
    }
  }

  /// Takes the singular `domain`, `file` and `unit` of the short routes too, in front of the lists.
  package init(reading reader: JSONReader) throws(WireError) {
    self.init()
    guard case .object = reader.json else { throw reader.error("must be an object, not \(reader.json.kind)") }
    project = try reader.optionalString("project")
    domains = try Self.names(reader, "domain", "domains")
    files = try Self.names(reader, "file", "files")
    units = try Self.names(reader, "unit", "units")
    failedOnly = try reader.optionalBool("failed") ?? false
    all = try reader.optionalBool("all") ?? false
    force = try reader.optionalBool("force") ?? false
    wait = try reader.optionalBool("wait") ?? true
  }

  /// Reads a request's body; an empty one asks for nothing in particular. The problem points at what is wrong.
  package static func decode(_ body: [UInt8]) -> Result<SniffRequest, Problem> {
    if body.isEmpty { return .success(SniffRequest()) }
    let json: JSON
    do { json = try JSON(parsing: body) } catch { return .failure(Problem(error)) }
    do { return .success(try SniffRequest(json: json)) } catch { return .failure(Problem(error)) }
  }

  private static func names(
    _ reader: JSONReader, _ one: String, _ many: String
  ) throws(WireError) -> [String]? {
    var readers: [JSONReader] = []
    let single = try reader.find(one)
    let list = try reader.find(many)
    if single == nil && list == nil { return nil }
    if let single { readers.append(single) }
    if let list { readers += try list.elements() }
    if readers.count > longestList {
      throw WireError(pointer: reader.pointer + "/" + many, reason: "has more than \(longestList) entries")
    }
    var names: [String] = []
    for reader in readers {
      let name = try reader.string()
      if name.isEmpty { throw reader.error("must not be empty") }
      if name.utf8.contains(0) { throw reader.error("must not contain a NUL character") }
      names.append(name)
    }
    return names
  }
}
