// Any bytes as `.mcpd.yaml`: answered soon with settings or with mistakes, each with a place inside the text; what is
// read can be written out and is read back the same.
import Configuration

@_cdecl("LLVMFuzzerTestOneInput")
public func configuration(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  let loaded = ConfigurationLoader.check(text)
  let lines = text.count { $0 == 0x0a || $0 == 0x0d } + 1
  for mistake in loaded.diagnostics {
    guard let place = mistake.place else { fatalError("a mistake without a place: \(mistake)") }
    precondition((1...lines + 1).contains(place.line) && place.column >= 1, "\(mistake)")
  }
  precondition(Set(loaded.mistakes).count == loaded.mistakes.count, "something is said twice")
  precondition((loaded.settings == nil) == loaded.hasErrors)
  precondition(loaded.text().utf8.count < 1 << 20)
  if let settings = loaded.settings {
    let again = ConfigurationLoader.check(Array(SettingsText.yaml(of: settings).utf8))
    precondition(again.settings == settings, again.text())
  }
  return 0
}
