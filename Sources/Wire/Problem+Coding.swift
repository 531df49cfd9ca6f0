extension Problem: WireWritable, WireReadable {
  package func write(to writer: inout JSONWriter) {
    writer.object {
      $0.field("type", "about:blank")
      $0.field("title", title)
      $0.field("status", status)
      $0.field("detail", detail)
      $0.field("code", code)
      if let hint { $0.field("hint", hint) }
      if let pointer { $0.field("pointer", pointer) }
    }
  }

  package init(reading reader: JSONReader) throws(WireError) {
    self.init(
      status: try reader.integer("status"), code: try reader.string("code"),
      title: try reader.optionalString("title") ?? "", detail: try reader.optionalString("detail") ?? "",
      hint: try reader.optionalString("hint"), pointer: try reader.optionalString("pointer"))
  }

  /// A body that is no JSON.
  package init(_ malformed: JSON.Malformed) {
    self.init(
      status: 400, code: "bad-json", title: "The body is not JSON",
      detail: "the body is not JSON: \(malformed.description)")
  }

  /// A body of the wrong shape.
  package init(_ error: WireError) {
    self.init(
      status: 400, code: "bad-request", title: "The body has the wrong shape", detail: error.description,
      pointer: error.pointer)
  }
}
