import Glibc
import HTTP
import Platform
import Synchronization
import Testing

@Suite struct ConnectionTests {
  static func quick() -> Limits {
    var limits = Limits()
    limits.head = .milliseconds(200)
    limits.body = .milliseconds(200)
    limits.heartbeat = .milliseconds(100)
    return limits
  }

  @Test func `a head that is dripped is closed, and so is a connection that says nothing`() throws {
    let rig = try Rig(limits: Self.quick())
    let silent = try rig.client()
    let dripping = try rig.client()
    dripping.send("GET / HTTP/1.1\r\nHost: x\r\nX: ")
    var drops = 0
    // Each wait for an answer is the pause before the next drop.
    while dripping.receive(within: 20) == nil, drops < 200 {
      dripping.send("a")
      drops += 1
    }
    #expect(drops < 50)
    #expect(silent.everything() == "")
    // A connection that asks in time lives on.
    let live = try rig.client()
    for _ in 0..<5 {
      live.send("GET /on HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(live.response() != nil)
      #expect(live.receive(within: 60) == nil)
    }
  }

  @Test func `a body that is dripped gets a 408`() throws {
    let rig = try Rig(limits: Self.quick())
    for silent in [true, false] {
      let client = try rig.client()
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
      var drops = 0
      var answer: [UInt8]?
      while answer == nil, drops < 200 {
        if !silent { client.send("a") }
        answer = client.receive(within: 20)
        drops += 1
      }
      #expect(String(decoding: answer ?? [], as: UTF8.self).status == "408")
      #expect(client.everything() == "")
      #expect(drops < 50)
    }
  }

  @Test func `a thousand idle connections keep nobody out`() throws {
    var limits = Limits()
    limits.connections = 200
    // Both ends are in this process, and other tests go on meanwhile.
    var files = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #expect(unsafe getrlimit(kind, &files) == 0)
    files.rlim_cur = files.rlim_max
    #expect(unsafe setrlimit(kind, &files) == 0)
    let rig = try Rig(limits: limits)
    var idle: [Client] = []
    for number in 0..<1000 {
      idle.append(try rig.client())
      if number % 100 == 0 {
        #expect(try rig.answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n")?.status == "200")
      }
    }
    #expect(try rig.answer("GET / HTTP/1.1\r\nHost: x\r\n\r\n")?.status == "200")
    #expect(idle[0].everything() == "", "the oldest is closed first")
    let newest = idle[999]
    newest.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(newest.response() != nil)
    #expect(rig.server.connectionCount <= 250)
  }

  @Test func `an answer may come later, from any thread, once`() throws {
    let inbox = Inbox<Responder>()
    let rig = try Rig { _, responder in inbox.put(responder) }
    let client = try rig.client()
    let thread = WorkerThread(named: "later")
    defer { thread.close() }
    for round in 0..<20 {
      client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
      let responder = inbox.take()
      let body = Array("round \(round)".utf8)
      thread.enqueue {
        #expect(responder.respond(.full(status: 200, headers: [], body: body)))
        #expect(!responder.respond(.full(status: 500, headers: [], body: [])))
      }
      #expect(client.response()?.body == "round \(round)")
    }
    // Many at once, answered in the opposite order.
    let clients = try (0..<50).map { _ in try rig.client() }
    for client in clients { client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n") }
    let responders = clients.map { _ in inbox.take() }
    for responder in responders.reversed() { responder.respond(.full(status: 204, headers: [], body: [])) }
    for client in clients { #expect(client.response()?.head.status == "204") }
  }

  @Test func `a client that half-closes still gets its late answer; one that leaves is reported`() throws {
    let inbox = Inbox<Responder>()
    let gone = Inbox<Bool>()
    let rig = try Rig { _, responder in
      responder.onGone { gone.put(true) }
      inbox.put(responder)
    }
    let patient = try rig.client()
    patient.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    patient.closeWriting()
    let responder = inbox.take()
    #expect(patient.receive(within: 50) == nil)
    #expect(responder.respond(.full(status: 200, headers: [], body: [])))
    #expect(patient.everything()?.status == "200")
    #expect(gone.count == 0)

    do {
      let leaving = try rig.client()
      leaving.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = inbox.take()
      withExtendedLifetime(leaving) {}
    }
    #expect(gone.take())
    let late = Inbox<Bool>()
    let rude = try rig.client()
    rude.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    let unanswered = inbox.take()
    shutdown(rude.descriptor.number, Int32(SHUT_RDWR))
    #expect(gone.take())
    #expect(!unanswered.respond(.full(status: 200, headers: [], body: [])))
    unanswered.onGone { late.put(true) }
    #expect(late.take())
  }

  @Test func `a stream sends what it is fed, when it is fed`() throws {
    let source = FedSource()
    let rig = try Rig { _, responder in
      responder.respond(
        .stream(status: 200, headers: [Field("Content-Type", "text/event-stream")], source: source))
    }
    let client = try rig.client()
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    let head = try #require(client.read(until: "\r\n\r\n"))
    #expect(head.contains("Transfer-Encoding: chunked"))
    for number in 0..<100 {
      source.feed("event \(number);")
      #expect(client.read(until: "event \(number);") != nil)
    }
    source.feed(.end)
    #expect(client.everything()?.hasSuffix("0\r\n\r\n") == true)
    #expect(source.closed.take())
  }

  @Test func `a stream with nothing to say sends its heartbeat`() throws {
    let source = FedSource(heartbeat: ":\n\n")
    let rig = try Rig(limits: Self.quick()) { _, responder in
      responder.respond(.stream(status: 200, headers: [], source: source))
    }
    let client = try rig.client()
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    // Longer than any bound on idle connections: streams are not idle.
    for _ in 0..<5 { #expect(client.read(until: ":\n\n") != nil) }
  }

  @Test func `a reader that is slow is late and nothing is gathered for it`() throws {
    let source = FedSource()
    let rig = try Rig { request, responder in
      if request.path == "/other" { return Rig.echo(request, responder) }
      responder.respond(.stream(status: 200, headers: [], source: source))
    }
    let client = try rig.client()
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    let block = [UInt8](repeating: 0x2e, count: 64 << 10)
    for _ in 0..<200 { source.feed(.bytes(block)) }
    source.feed("last")
    source.feed(.end)
    // Nothing is read here, so the sockets' own buffers are all that fills; others are served meanwhile.
    for _ in 0..<10 {
      #expect(try rig.answer("GET /other HTTP/1.1\r\nHost: x\r\n\r\n")?.status == "200")
    }
    #expect(source.closed.count == 0)
    #expect(source.asked.load(ordering: .relaxed) < 50)
    #expect(client.everything()?.contains("last") == true)
    #expect(source.closed.take())
  }

  @Test func `a stream whose reader leaves is closed`() throws {
    let source = FedSource()
    let rig = try Rig { _, responder in
      responder.respond(.stream(status: 200, headers: [], source: source))
    }
    do {
      let client = try rig.client()
      client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
      source.feed("a")
      #expect(client.read(until: "a") != nil)
    }
    #expect(source.closed.take())
  }

  @Test func `stopping answers who waits, ends streams, and removes the socket`() throws {
    let inbox = Inbox<Responder>()
    let gone = Inbox<Bool>()
    let source = FedSource()
    let rig = try Rig { request, responder in
      if request.path == "/stream" {
        responder.respond(.stream(status: 200, headers: [], source: source))
      } else {
        responder.onGone { gone.put(true) }
        inbox.put(responder)
      }
    }
    let waiting = try rig.client()
    waiting.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    let responder = inbox.take()
    let streaming = try rig.client()
    streaming.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    source.feed("x")
    #expect(streaming.read(until: "x") != nil)
    let idle = try rig.client()
    rig.server.stop()
    #expect(gone.take())
    #expect(waiting.everything()?.status == "503")
    #expect(streaming.everything()?.hasSuffix("0\r\n\r\n") == true)
    #expect(source.closed.take())
    #expect(idle.everything() == "")
    #expect(!responder.respond(.full(status: 200, headers: [], body: [])))
    #expect(throws: SystemError.self) { _ = try rig.client() }
    rig.server.stop()
  }

  @Test func `stopping in the midst of anything leaves nobody suspended`() throws {
    let thread = WorkerThread(named: "later")
    defer { thread.close() }
    for round in 0..<40 {
      let source = FedSource()
      let rig = try Rig { request, responder in
        switch request.path {
        case "/later": thread.enqueue { responder.respond(.full(status: 200, headers: [], body: [])) }
        case "/never": responder.onGone {}
        case "/stream": responder.respond(.stream(status: 200, headers: [], source: source))
        default: Rig.echo(request, responder)
        }
      }
      let clients = try (0..<24).map { number in
        let client = try rig.client()
        client.send("GET \(["/later", "/never", "/stream", "/"][number % 4]) HTTP/1.1\r\nHost: x\r\n\r\n")
        return client
      }
      // In some rounds some are under way, in others all.
      for client in clients.prefix(round % 4) { _ = client.receive(within: 1) }
      source.feed("x")
      rig.server.stop(grace: .zero)
      for client in clients { #expect(client.everything(within: 5000) != nil) }
    }
  }
}
