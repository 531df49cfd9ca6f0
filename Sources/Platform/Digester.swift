internal import CNettle
package import Model

/// SHA-256 by libnettle, which uses the processor's own instructions where it has them.
package struct Digester: Sendable {
  private var context = sha256_ctx()

  package init() {
    unsafe nettle_sha256_init(&context)
  }

  package mutating func update(_ bytes: some Collection<UInt8>) {
    let fed: Void? = bytes.withContiguousStorageIfAvailable { buffer in
      unsafe nettle_sha256_update(&context, buffer.count, buffer.baseAddress)
    }
    if fed == nil {
      unsafe Array(bytes).withUnsafeBufferPointer {
        unsafe nettle_sha256_update(&context, $0.count, $0.baseAddress)
      }
    }
  }

  package mutating func finish() -> Digest {
    var bytes = [UInt8](repeating: 0, count: 32)
    unsafe bytes.withUnsafeMutableBufferPointer { unsafe nettle_sha256_digest(&context, 32, $0.baseAddress) }
    return Digest(bytes: bytes)!
  }

  package static func digest(of bytes: some Collection<UInt8>) -> Digest {
    var digester = Digester()
    digester.update(bytes)
    return digester.finish()
  }
}
