import API
import Engine
import HTTP
import Model
import Platform
import Synchronization
import Testing
import Wire

@Suite struct `Waiting` {
  @Test func `a sniff that waits holds up nobody, and gets its results`() throws {
    let rig = try Rig()
    // More than there are threads.
    let waiting = try (0..<8).map { _ in try rig.open("POST", "/api/v1/sniff", "", ["Connection: close"]) }
    while rig.door.state.withLock({ $0.openSniffs.count }) < 8 { _ = try rig.ask("GET", "/health") }
    #expect(waiting.allSatisfy { $0.isSilent(for: 0) })
    rig.door.finishSniffs()
    for wire in waiting {
      let answer = try wire.rest()
      #expect(answer.hasPrefix("HTTP/1.1 200") && answer.contains(#""clock":1050,"results":[{"run":"r7""#))
    }
  }

  @Test func `a client that leaves gives up its sync`() throws {
    let rig = try Rig()
    rig.door.state.withLock { $0.holdsSyncs = true }
    do {
      let wire = try rig.open("POST", "/api/v1/sync")
      while rig.door.state.withLock({ $0.openSyncs.isEmpty }) { _ = try rig.ask("GET", "/health") }
      withExtendedLifetime(wire) {}
    }
    while rig.door.state.withLock({ $0.givenUp }) == 0 { _ = try rig.ask("GET", "/health") }
    // In a batch as well.
    do {
      let wire = try rig.open(
        "POST", "/api/v1/batch", #"{"requests":[{"method":"POST","path":"/api/v1/sync"}]}"#)
      while rig.door.state.withLock({ $0.openSyncs.count }) < 2 { _ = try rig.ask("GET", "/health") }
      withExtendedLifetime(wire) {}
    }
    while rig.door.state.withLock({ $0.givenUp }) < 2 { _ = try rig.ask("GET", "/health") }
  }

  @Test func `a sniff that nobody waits for is a job`() throws {
    let rig = try Rig()
    let answer = try rig.ask("POST", "/api/v1/sniff", #"{"units":["tests/a.py"],"wait":false}"#)
    #expect(answer.status == 202 && answer.body == #"{"job":"j1","clock":1042}"#)
    #expect(answer.head.contains("\r\nLocation: /api/v1/jobs/j1"))
    let running = try rig.ask("GET", "/api/v1/jobs/j1").json()
    #expect(running["state"]?.string == "running" && running["finished"] == .null)
    #expect(running["request"]?["units"]?.array == [.string("tests/a.py")])
    rig.door.finishSniffs()
    let done = try rig.ask("GET", "/api/v1/jobs/j1").json()
    #expect(done["state"]?.string == "done" && done["results"]?.array?.count == 1)
    #expect(try rig.ask("GET", "/api/v1/jobs").json()["jobs"]?.array?.first?["job"]?.string == "j1")
    #expect(try rig.ask("DELETE", "/api/v1/jobs/j1").body == #"{"clock":1042}"#)
    #expect(try rig.ask("DELETE", "/api/v1/jobs/j1").status == 404)
    #expect(rig.door.state.withLock { $0.givenUp } == 0)
    _ = try rig.ask("POST", "/api/v1/sniff", #"{"wait":false}"#)
    #expect(try rig.ask("DELETE", "/api/v1/jobs/j2").status == 200)
    #expect(rig.door.state.withLock { $0.givenUp } == 1, "its wait is given up")
    #expect(rig.door.asked.filter { $0.hasPrefix("sniff") }.count == 2, "each was asked for once")
  }

  @Test func `a job that is refused leaves nothing, and one while paused begins later`() throws {
    let rig = try Rig()
    let refused = try rig.ask("POST", "/api/v1/sniff", #"{"domains":["x"],"wait":false}"#)
    #expect(refused.status == 400)
    #expect(try refused.json()["pointer"]?.string == "/domains/0")
    #expect(try rig.ask("GET", "/api/v1/jobs").json()["jobs"]?.array == [])
    rig.door.state.withLock { $0.isPaused = true }
    #expect(try rig.ask("POST", "/api/v1/sniff", #"{"wait":false}"#).status == 202)
    #expect(try rig.ask("POST", "/api/v1/sniff", "{}").status == 409)
  }

  @Test func `jobs are bounded: finished ones make room, running ones do not`() throws {
    let rig = try Rig()
    for _ in 0..<256 { #expect(try rig.ask("POST", "/api/v1/sniff", #"{"wait":false}"#).status == 202) }
    let full = try rig.ask("POST", "/api/v1/sniff", #"{"wait":false}"#)
    #expect(full.status == 503)
    #expect(try full.json()["code"]?.string == "too-many-jobs")
    rig.door.finishSniffs()
    #expect(try rig.ask("POST", "/api/v1/sniff", #"{"wait":false}"#).status == 202)
    #expect(try rig.ask("GET", "/api/v1/jobs/j1").status == 404)
    #expect(try rig.ask("GET", "/api/v1/jobs").json()["jobs"]?.array?.count == 256)
  }
}

@Suite struct `The event stream` {
  static func text(_ tick: UInt64, _ kind: String = "state") -> String {
    "id: \(tick)\nevent: \(kind)\ndata: {\"id\":\(tick),\"clock\":\(tick),\"time\":\"2026-01-02T03:04:05.678Z\",\"project\":\"shop\",\"kind\":\"\(kind)\",\"state\":\"green\"}\n\n"
  }

  private func stored(_ count: UInt64) throws -> Rig {
    let rig = try Rig()
    for tick in 1...count { rig.door.happen(tick, tick % 2 == 0 ? .change : .state) }
    return rig
  }

  @Test func `it goes on from where the reader was, and follows`() throws {
    let rig = try stored(5)
    rig.door.state.withLock { $0.clock = 5 }
    let wire = try rig.open("GET", "/api/v1/events?since=3")
    let start = try wire.read(until: "id: 5")
    #expect(start.contains("Content-Type: text/event-stream"))
    #expect(start.contains(Self.text(4, "change")) && !start.contains("id: 3"))
    for tick in UInt64(6)...50 {
      rig.door.happen(tick)
      #expect(try wire.read(until: "\n\n").contains(Self.text(tick)))
    }
    // Last-Event-ID goes before `since`; without either only what is new comes.
    #expect(
      !(try rig.open("GET", "/api/v1/events?since=3", "", ["Last-Event-ID: 48"]).read(until: "id: 50")
        .contains("id: 48")))
    let live = try rig.open("GET", "/api/v1/events?kind=gate")
    #expect(!(try live.read(until: "\r\n\r\n").contains("id:")))
    rig.door.happen(51)
    rig.door.happen(52, .gate)
    #expect(try !live.read(until: "id: 52").contains("id: 51"))
  }

  @Test func `other forms: lines, one document, and an end at the present clock`() throws {
    let rig = try stored(300)
    rig.door.state.withLock { $0.clock = 300 }
    let lines = try rig.ask("GET", "/api/v1/events?follow=0&since=0", "", "Accept: application/x-ndjson")
    #expect(lines.head.contains("Content-Type: application/x-ndjson"))
    let events = lines.body.split(separator: "\n")
    #expect(events.count == 300)
    for (index, line) in events.enumerated() {
      #expect(try JSON(parsing: Array(line.utf8))["id"]?.integer == Int64(index + 1))
    }
    let document = try rig.ask("GET", "/api/v1/events?kind=change", "", "Accept: application/json").json()
    #expect(document["clock"]?.integer == 300 && document["next_cursor"] == .null)
    #expect(document["events"]?.array?.count == 150)
    let none = try rig.ask("GET", "/api/v1/events?since=300", "", "Accept: application/json")
    #expect(none.body == #"{"clock":300,"events":[],"next_cursor":null}"#)
    #expect(
      try rig.ask("GET", "/api/v1/events?follow=false&since=298").body == Self.text(299)
        + Self.text(300, "change"))
  }

  @Test func `a clock that is too old is 410, and all means all that is kept`() throws {
    let rig = try stored(300)
    rig.door.state.withLock { state in
      state.clock = 300
      state.lost = 173
      state.events.removeAll { $0.tick.number <= 173 }
    }
    let old = try rig.ask("GET", "/api/v1/events?since=172")
    #expect(old.status == 410)
    #expect(try old.json()["code"]?.string == "clock-expired")
    let kept = try rig.ask("GET", "/api/v1/events", "", "Accept: application/json").json()
    #expect(kept["events"]?.array?.count == 127)
    #expect(kept["events"]?.array?.first?["id"]?.integer == 174)
  }

  @Test(arguments: [
    ("since=x", "/since"), ("since=-1", "/since"), ("since=99999999999999999999", "/since"),
    ("kind=x", "/kind"),
    ("follow=maybe", "/follow"),
  ])
  func `a wrong query is refused`(query: String, pointer: String) throws {
    let rig = try Rig()
    let answer = try rig.ask("GET", "/api/v1/events?" + query)
    #expect(answer.status == 400)
    #expect(try answer.json()["pointer"]?.string == pointer)
  }

  @Test func `a slow reader costs nothing and loses nothing; one that leaves is forgotten`() throws {
    let rig = try stored(5_000)
    rig.door.state.withLock { $0.clock = 5_000 }
    let slow = try rig.open("GET", "/api/v1/events?since=0")
    let other = try rig.open("GET", "/api/v1/events?since=4999")
    _ = try other.read(until: "id: 5000")
    for _ in 0..<20 { _ = try rig.ask("GET", "/health") }
    // The sockets' own buffers hold a few hundred events; nothing asks for the rest.
    #expect(rig.door.state.withLock { $0.eventReads } < 60)
    let all = Rig.unchunked(
      String(try slow.read(until: "id: 5000").split(separator: "\r\n\r\n", maxSplits: 1)[1]))
    var expected = 1
    for line in all.split(separator: "\n") where line.hasPrefix("id: ") {
      #expect(line == "id: \(expected)")
      expected += 1
    }
    #expect(expected > 4_900)
    #expect(rig.door.state.withLock { $0.wakes.count } == 2)
    withExtendedLifetime((slow, other)) {}
  }

  @Test func `a reader that leaves follows no more, and silence is filled`() throws {
    var limits = Limits()
    limits.heartbeat = .milliseconds(50)
    let rig = try Rig(limits: limits)
    do {
      let wire = try rig.open("GET", "/api/v1/events")
      _ = try wire.read(until: ":\n\n")
      #expect(rig.door.state.withLock { $0.wakes.count } == 1)
    }
    while rig.door.state.withLock({ !$0.wakes.isEmpty }) { _ = try rig.ask("GET", "/health") }
  }
}
