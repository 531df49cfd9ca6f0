package import Platform

/// A name with a value, as in a head or a query.
package struct Field: Hashable, Sendable {
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One request, complete: its body has arrived whole.
package struct Request: Sendable {
  package var method: String
  package var target: Target
  package var headers: [Field]
  package var body: [UInt8]
  /// Nil when the connection is no Unix socket.
  package var peer: Peer?

  package init(
    method: String, target: Target, headers: [Field] = [], body: [UInt8] = [], peer: Peer? = nil
  ) {
    self.method = method
    self.target = target
    self.headers = headers
    self.body = body
    self.peer = peer
  }

  package var path: String { target.path }
  package var query: [Field] { target.query }

  /// The first value of the header; names are compared without case.
  package func header(_ name: String) -> String? {
    headers.first { Self.isSame($0.name, name) }?.value
  }

  static func isSame(_ left: String, _ right: String) -> Bool {
    let left = left.utf8
    let right = right.utf8
    return left.count == right.count && zip(left, right).allSatisfy { lowered($0) == lowered($1) }
  }

  private static func lowered(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
  }
}
