// Any bytes as a run's order or outcome: refused, or read into a value that is written as the same bytes.
import Model

@_cdecl("LLVMFuzzerTestOneInput")
public func order(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  if let order = try? RunOrder(decoding: text) { precondition(order.encoded == text) }
  if let outcome = try? RunOutcome(decoding: text) { precondition(outcome.encoded.count == text.count) }
  return 0
}
