import Glibc
import HTTP
import Platform
import Synchronization
import Testing

@Suite struct RequestTests {
  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: x\r\n", "GET / [] 0:"),
    ("GET /api//v1/./a/../status/ HTTP/1.1\r\nHost: x\r\n", "GET /api/v1/status [] 0:"),
    ("GET /a%20b?x=1&y=a+b%2Bc&z HTTP/1.1\r\nHost: x\r\n", "GET /a b [x=1&y=a b+c&z=] 0:"),
    ("GET /runs/a%2Fb HTTP/1.1\r\nHost: x\r\n", "GET /runs/a/b [] 0:"),
    ("GET http://localhost:80/x?q=1#f HTTP/1.1\r\nHost: x\r\n", "GET /x [q=1] 0:"),
    ("GET http://localhost HTTP/1.1\r\nHost: x\r\n", "GET / [] 0:"),
    ("DELETE /x HTTP/1.0\r\n", "DELETE /x [] 0:"),
    ("BREW /pot HTTP/1.1\r\nhOsT: x\r\n", "BREW /pot [] 0:"),
    ("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n", "GET / [] 0:"),
    ("GET / HTTP/1.1\r\nHost: x\r\nX:\r\nY: \t z \t\r\n", "GET / [] 0:"),
  ])
  func `a request arrives decoded`(head: String, echo: String) throws {
    let rig = try Rig()
    let answer = try #require(try rig.answer(head + "\r\n"))
    #expect(answer.status == "200")
    #expect(answer.hasSuffix("\r\n\r\n" + echo))
  }

  @Test func `bodies arrive whole, by length and in chunks`() throws {
    let rig = try Rig()
    let client = try rig.client()
    client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
    client.send("lo")
    #expect(client.response()?.body == "POST /a [] 5:hello")
    client.send(
      "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n"
    )
    #expect(client.response()?.body == "POST /b [] 5:abcde")
    client.send("PUT /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    #expect(client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("ok")
    #expect(client.response()?.body == "PUT /c [] 2:ok")
    // A mebibyte exactly is not too much.
    client.send("POST /d HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n")
    client.send([UInt8](repeating: 0x61, count: 1 << 20))
    #expect(client.response()?.body.hasPrefix("POST /d [] 1048576:aaa") == true)
  }

  @Test func `pipelined requests are answered in order, also after the client has closed its half`() throws {
    let rig = try Rig()
    let one = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nPOST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
    let answer = try #require(try rig.answer(one + "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n"))
    let found = ["GET /1 [] 0:", "POST /2 [] 2:hi", "GET /3 [] 0:"].compactMap {
      answer.firstRange(of: $0)?.lowerBound
    }
    #expect(found.count == 3 && found == found.sorted())
  }

  @Test func `a client that closes its half with its last words is closed after its answers`() throws {
    let rig = try Rig()
    for round in 0..<20 {
      let client = try rig.client()
      for _ in 0..<(round % 3) {
        client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(client.response() != nil)
      }
      client.send("GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
      client.closeWriting()
      #expect(client.everything(within: 2000)?.hasSuffix("GET /b [] 0:") == true)
    }
  }

  @Test func `HEAD has the length and no body`() throws {
    let rig = try Rig()
    let answer = try #require(try rig.answer("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n"))
    #expect(answer.contains("Content-Length: 13\r\n"))
    #expect(answer.hasSuffix("\r\n\r\n"))
  }
}

@Suite struct RefusalTests {
  static let host = "GET / HTTP/1.1\r\nHost: x\r\n"

  /// Name, bytes, and what may come back: statuses, or `closed`.
  static let table: [(String, [UInt8], Set<String>)] = [
    ("two hosts", Array((host + "Host: x\r\n\r\n").utf8), ["400"]),
    ("no host", Array("GET / HTTP/1.1\r\n\r\n".utf8), ["400"]),
    ("two lengths", Array((host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na").utf8), ["400"]),
    ("two lengths in one", Array((host + "Content-Length: 1, 1\r\n\r\na").utf8), ["400"]),
    (
      "length and chunks",
      Array((host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").utf8), ["400"]
    ),
    (
      "chunks and length",
      Array((host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n").utf8), ["400"]
    ),
    ("an encoding that is not chunked", Array((host + "Transfer-Encoding: gzip\r\n\r\n").utf8), ["400"]),
    (
      "two encodings",
      Array((host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").utf8),
      ["400"]
    ),
    (
      "chunks in HTTP/1.0", Array("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".utf8),
      ["400"]
    ),
    ("a negative length", Array((host + "Content-Length: -1\r\n\r\n").utf8), ["400"]),
    ("a signed length", Array((host + "Content-Length: +1\r\n\r\na").utf8), ["400"]),
    ("an empty length", Array((host + "Content-Length:\r\n\r\n").utf8), ["400"]),
    ("a length in hex", Array((host + "Content-Length: 0x1\r\n\r\na").utf8), ["400"]),
    ("a length beyond 64 bits", Array((host + "Content-Length: 99999999999999999999\r\n\r\n").utf8), ["413"]),
    ("a length beyond reason", Array((host + "Content-Length: 9223372036854775807\r\n\r\n").utf8), ["413"]),
    ("a blank before the colon", Array((host + "Content-Length : 3\r\n\r\nabc").utf8), ["400"]),
    ("a tab before the colon", Array((host + "X\t: 3\r\n\r\n").utf8), ["400"]),
    ("a blank in a name", Array((host + "a b: 3\r\n\r\n").utf8), ["400"]),
    ("an empty name", Array((host + ": 3\r\n\r\n").utf8), ["400"]),
    ("no colon", Array((host + "nothing\r\n\r\n").utf8), ["400"]),
    ("a folded line", Array((host + "X: a\r\n b\r\n\r\n").utf8), ["400"]),
    ("a bare LF after a header", Array((host + "X: a\nY: b\r\n\r\n").utf8), ["400"]),
    ("a bare LF after the request", Array("GET / HTTP/1.1\nHost: x\r\n\r\n".utf8), ["400"]),
    ("only bare LF", Array("GET / HTTP/1.1\nHost: x\n\n".utf8), ["400"]),
    ("a bare CR in a value", Array((host + "X: a\rb\r\n\r\n").utf8), ["400"]),
    ("a NUL in a value", Array((host + "X: a\0b\r\n\r\n").utf8), ["400"]),
    ("a NUL at a value's end", Array((host + "X: a\0\r\nY: b\r\n\r\n").utf8), ["400"]),
    ("a NUL in a name", Array((host + "X\0Y: a\r\n\r\n").utf8), ["400"]),
    ("a NUL in the path", Array("GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400", "closed"]),
    ("a NUL in the version", Array("GET / HTTP/1.1\0\r\nHost: x\r\n\r\n".utf8), ["400", "closed"]),
    ("a NUL in the method", Array("G\0T / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400", "closed"]),
    ("an escaped NUL", Array("GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400"]),
    ("a bad escape", Array("GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400"]),
    ("half an escape", Array("GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400"]),
    ("a path that is not UTF-8", Array("GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400"]),
    ("a path above the root", Array("GET /a/../../b HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400"]),
    ("no path", Array("GET * HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400"]),
    ("an authority", Array("CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400"]),
    ("a blank in the path", Array("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400", "closed"]),
    ("no version", Array("GET /\r\n\r\n".utf8), ["400", "closed"]),
    ("a wrong version", Array("GET / HTTP/x.y\r\nHost: x\r\n\r\n".utf8), ["400", "closed"]),
    ("HTTP/2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), ["400", "505", "closed"]),
    ("a bad method", Array("G(T / HTTP/1.1\r\nHost: x\r\n\r\n".utf8), ["400", "closed"]),
    ("not HTTP", Array("hello\r\n\r\n".utf8), ["400", "closed"]),
    (
      "TLS", [0x16, 3, 1, 0, 0xf4, 1, 0, 0, 0xf0, 3, 3] + [UInt8](repeating: 0x0a, count: 64),
      ["400", "closed"]
    ),
    ("nothing", [], ["closed"]),
    ("half a head", Array("GET / HTTP/1.1\r\nHost".utf8), ["closed"]),
    ("half a body", Array((host + "Content-Length: 9\r\n\r\nabc").utf8), ["closed"]),
    ("a wrong chunk", Array((host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n").utf8), ["400"]),
    (
      "a huge chunk", Array((host + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n").utf8),
      ["413", "400"]
    ),
    ("a long line", Array("GET /".utf8) + [UInt8](repeating: 0x61, count: 70_000), ["414", "431", "closed"]),
    (
      "a long path",
      Array("GET /".utf8) + [UInt8](repeating: 0x61, count: 70_000) + Array(" HTTP/1.1\r\n\r\n".utf8),
      ["414", "431", "closed"]
    ),
    (
      "a long header",
      Array((host + "X: ").utf8) + [UInt8](repeating: 0x61, count: 70_000) + Array("\r\n\r\n".utf8),
      ["431", "closed"]
    ),
    ("many headers", Array((host + String(repeating: "a: b\r\n", count: 300) + "\r\n").utf8), ["431"]),
    (
      "very many headers", Array((host + String(repeating: "a: b\r\n", count: 20_000) + "\r\n").utf8),
      ["431", "closed"]
    ),
    (
      "a body over the bound",
      Array((host + "Content-Length: 1048577\r\n\r\n").utf8) + [UInt8](repeating: 1, count: 1_048_577),
      ["413"]
    ),
    (
      "a body over the bound that is announced",
      Array((host + "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n").utf8), ["413"]
    ),
    (
      "chunks over the bound",
      Array((host + "Transfer-Encoding: chunked\r\n\r\n180000\r\n").utf8)
        + [UInt8](repeating: 1, count: 0x180000)
        + Array("\r\n0\r\n\r\n".utf8), ["413"]
    ),
  ]

  @Test func `what is no request is refused and its connection closed`() throws {
    let handled = Atomic<Int>(0)
    let rig = try Rig { request, responder in
      handled.add(1, ordering: .relaxed)
      Rig.echo(request, responder)
    }
    for (name, bytes, allowed) in Self.table {
      let answer = try #require(try rig.answer(bytes), "\(name): the connection stays open")
      #expect(allowed.contains(answer.status), "\(name): \(answer.prefix(200))")
      #expect(handled.load(ordering: .relaxed) == 0, "\(name) was handled")
      handled.store(0, ordering: .relaxed)
    }
    #expect(try rig.answer("GET /alive HTTP/1.1\r\nHost: x\r\n\r\n")?.status == "200")
  }

  @Test func `a refusal is a problem in JSON`() throws {
    let rig = try Rig()
    let answer = try #require(try rig.answer(Self.host + "Host: y\r\n\r\n"))
    #expect(answer.contains("\r\nContent-Type: application/problem+json\r\n"))
    #expect(answer.contains("\r\nConnection: close\r\n"))
    #expect(
      answer.hasSuffix(
        #"{"type":"about:blank","title":"Bad Request","status":400,"detail":"the request's head is not HTTP/1.1","code":"bad-request"}"#
      ))
  }

  @Test func `a stranger is closed before anything is read`() throws {
    let rig = try Rig(
      allow: { peer in
        #expect(peer?.uid == geteuid())
        return false
      }, handler: Rig.echo)
    #expect(try rig.answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n", closing: false) == "")
  }

  @Test func `random bytes harm nobody`() throws {
    let seed =
      unsafe getenv("MCPD_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
      ?? UInt64.random(in: 0...(.max))
    print("MCPD_SEED=\(seed)")
    var chance = Chance(state: seed)
    let rig = try Rig()
    let pieces = Self.table.map(\.1).filter { $0.count < 1000 } + [[0], [0x0d, 0x0a], [0xff, 0xfe]]
    for _ in 0..<300 {
      var bytes: [UInt8] = []
      for _ in 0...chance.next(6) {
        var piece = pieces[chance.next(pieces.count)]
        for _ in 0..<chance.next(4) where !piece.isEmpty {
          let index = chance.next(piece.count)
          switch chance.next(3) {
          case 0: piece[index] = UInt8(chance.next(256))
          case 1: piece.remove(at: index)
          default: piece.insert(UInt8(chance.next(256)), at: index)
          }
        }
        bytes += piece
      }
      #expect(try rig.answer(bytes) != nil, "MCPD_SEED=\(seed): left open by \(bytes)")
    }
    #expect(try rig.answer("GET /alive HTTP/1.1\r\nHost: x\r\n\r\n")?.status == "200")
  }
}

/// A small generator that can be started again from its seed.
struct Chance {
  var state: UInt64

  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
