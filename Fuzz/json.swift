// Any bytes as JSON: refused with a place, or read into a value that is written and read again as itself.
import Wire

@_cdecl("LLVMFuzzerTestOneInput")
public func json(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  guard let value = try? JSON(parsing: text) else { return 0 }
  var writer = JSONWriter()
  value.write(to: &writer)
  let again = try? JSON(parsing: writer.bytes)
  precondition(again == value, "written as \(String(decoding: writer.bytes, as: UTF8.self))")
  _ = try? SniffRequest(json: value)
  _ = try? ResultBody(json: value)
  _ = try? Status(json: value)
  return 0
}
