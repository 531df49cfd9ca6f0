// Any bytes as `.mcpd.yaml`: answered with settings or mistakes that have a place inside the text, soon.
import Configuration

@_cdecl("LLVMFuzzerTestOneInput")
public func settings(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  let loaded = ConfigurationLoader.check(text)
  for mistake in loaded.diagnostics {
    guard let place = mistake.place else { fatalError("a mistake without a place: \(mistake)") }
    precondition(place.line >= 1 && place.column >= 1, "\(mistake)")
  }
  return 0
}
