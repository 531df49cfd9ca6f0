internal import Glibc
package import Model
package import Platform
package import Wire

/// The daemon as commands see it: documents by method and path, and streams. One kept-alive connection, made when first
/// needed.
package final class Daemon {
  package let candidates: [String]
  /// Whether the user named the socket, by option or variable.
  package let isNamed: Bool
  private let user: UInt32
  package let clock: any Clock
  /// `project=…` for every request that takes one; nil asks about all.
  package var project: String?
  /// When everything must be done, from `--timeout`.
  package let deadline: Instant?
  private var connection: Connection?

  /// How long an answer may take that waits for nothing but the daemon itself.
  package static let patience = Duration.seconds(15)

  package init(
    candidates: [String], isNamed: Bool, user: UInt32, clock: any Clock, project: String?, deadline: Instant?
  ) {
    self.candidates = candidates
    self.isNamed = isNamed
    self.user = user
    self.clock = clock
    self.project = project
    self.deadline = deadline
  }

  /// An answer that is no problem.
  package struct Document {
    package let status: Int
    package let contentType: String
    package let body: [UInt8]
  }

  // MARK: Requests

  /// What a request waits for.
  package enum Wait {
    /// The daemon itself: bounded always, and its silence means that none is reachable.
    case answer
    /// A verdict: bounded by `--timeout` alone, and its absence is exit code 4.
    case verdict
  }

  /// Sends a request and reads the whole answer; a problem is thrown.
  package func request(
    _ method: String, _ path: String, query: [(String, String?)] = [], body: [UInt8]? = nil,
    wait: Wait = .answer,
    accept: String = "application/json", tick: ((Instant) -> Void)? = nil
  ) throws(Stop) -> Document {
    let bytes = head(method, path, query, body, accept: accept) + (body ?? [])
    let limit = wait == .verdict ? deadline : earliest(clock.now() + Self.patience)
    do throws(Stop) {
      // A connection kept alive may have been closed meanwhile: then once more on a new one.
      if let kept = connection, method == "GET" {
        do throws(Stop) { return try exchange(kept, bytes, limit, tick) } catch  where error.code == .noDaemon
        {
          connection = nil
        }
      }
      let fresh: Connection
      if let connection { fresh = connection } else { fresh = try connect() }
      connection = fresh
      return try exchange(fresh, bytes, limit, tick)
    } catch {
      connection = nil
      if error.code == .noVerdict, error.problem == nil, wait == .answer {
        throw Stop(.noDaemon, error.message, hints: ["see what holds it up: journalctl --user -u mcpd"])
      }
      throw error
    }
  }

  /// The answer as JSON.
  package func json(
    _ method: String, _ path: String, query: [(String, String?)] = [], body: [UInt8]? = nil,
    wait: Wait = .answer,
    tick: ((Instant) -> Void)? = nil
  ) throws(Stop) -> (document: Document, json: JSON) {
    let document = try request(method, path, query: query, body: body, wait: wait, tick: tick)
    return (document, try Self.parse(document.body))
  }

  /// Reads an answer as one of the wire's shapes.
  package static func read<Shape: WireReadable>(_ shape: Shape.Type = Shape.self, from json: JSON)
    throws(Stop) -> Shape
  {
    do { return try Shape(json: json) } catch {
      throw Stop(
        .defect, "the daemon's answer has not the shape agreed on: \(error.description)",
        hints: ["is the daemon of another version? compare: mcpd-client version"])
    }
  }

  package static func parse(_ bytes: [UInt8]) throws(Stop) -> JSON {
    do { return try JSON(parsing: bytes) } catch {
      throw Stop(
        .noDaemon,
        "what listens there does not answer like mcpd: its answer is not JSON (\(error.description))")
    }
  }

  private func exchange(
    _ connection: Connection, _ bytes: [UInt8], _ limit: Instant?, _ tick: ((Instant) -> Void)?
  ) throws(Stop) -> Document {
    connection.reset()
    try connection.send(bytes, deadline: limit)
    let body = try connection.document(deadline: limit, tick: tick)
    let parser = connection.parser
    if parser.header("connection")?.lowercased() == "close" { self.connection = nil }
    if parser.status >= 400 { throw Self.refusal(parser, body) }
    return Document(status: parser.status, contentType: parser.contentType, body: body)
  }

  /// An answer that says no: a problem document, or anything else that claims to be an error.
  private static func refusal(_ parser: AnswerParser, _ body: [UInt8]) -> Stop {
    if parser.contentType == "application/problem+json", let json = try? JSON(parsing: body),
      let problem = try? Problem(json: json)
    {
      return Stop(problem)
    }
    let code: ExitCode = (500...599).contains(parser.status) ? .defect : .usage
    return Stop(code, "the daemon answers \(parser.status) without saying why")
  }

  // MARK: Streams

  /// Starts a request whose answer goes on for as long as it likes, on a connection of its own.
  package func stream(
    _ path: String, query: [(String, String?)] = [], accept: String
  ) throws(Stop) -> Connection {
    let connection = try connect()
    let limit = earliest(clock.now() + Self.patience)
    try connection.send(head("GET", path, query, nil, accept: accept), deadline: limit)
    while !connection.parser.hasHead {
      do throws(Stop) { if try !connection.receive(deadline: limit) { break } } catch
        where error.code == .noVerdict
      {
        throw Stop(.noDaemon, error.message)
      }
    }
    if connection.parser.status >= 400 {
      let body = try connection.document(deadline: limit, limit: 1 << 20)
      throw Self.refusal(connection.parser, body)
    }
    return connection
  }

  private func earliest(_ moment: Instant) -> Instant { deadline.map { min($0, moment) } ?? moment }

  private func head(
    _ method: String, _ path: String, _ query: [(String, String?)], _ body: [UInt8]?, accept: String
  ) -> [UInt8] {
    var target = path
    var separator = "?"
    for (name, value) in query {
      guard let value else { continue }
      target += separator + name + "=" + Self.percentEncoded(value)
      separator = "&"
    }
    var text =
      "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nUser-Agent: mcpd-client/\(Version.text)\r\n"
    text += "Accept: \(accept)\r\n"
    if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
    return Array((text + "\r\n").utf8)
  }

  package static func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.append(byte)
      default: encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  // MARK: Connecting

  private func connect() throws(Stop) -> Connection {
    for path in candidates {
      if !isNamed { try SocketPath.check(path, user: user) }
      let limit = max(earliest(clock.now() + Self.patience) - clock.now(), .milliseconds(1))
      let descriptor: Descriptor
      do throws(SystemError) {
        descriptor = try UnixSocket.connect(to: path, timeout: limit)
      } catch {
        let isAbsent = [ENOENT, ECONNREFUSED, ENOTDIR].contains(error.number)
        if isAbsent && path != candidates.last { continue }
        throw unreachable(path, error, isAbsent: isAbsent)
      }
      try refuseStranger(descriptor.number, path)
      return Connection(connectedTo: path, by: descriptor, clock: clock)
    }
    throw Stop(.noDaemon, "no socket is known to look for the daemon on")
  }

  private func unreachable(_ path: String, _ error: SystemError, isAbsent: Bool) -> Stop {
    if isAbsent {
      return Stop(.noDaemon, "no daemon listens on \(candidates[0])", hints: [Self.howToStart])
    }
    if error.number == EACCES || error.number == EPERM {
      return Stop(.refused, "the daemon's socket \(path) is not open to you: \(error.reason)")
    }
    if error.number == ETIMEDOUT {
      return Stop(.noDaemon, "the daemon on \(path) does not take connections")
    }
    return Stop(.noDaemon, error.description)
  }

  package static let howToStart =
    "start it: systemctl --user start mcpd     or, without systemd: mcpd --project ."

  /// Whoever named a socket as root may talk to any user's daemon; all others only to their own or root's.
  private func refuseStranger(_ socket: Int32, _ path: String) throws(Stop) {
    let peer: Peer
    do { peer = try Peer.of(socket: socket) } catch { throw Stop(.refused, error.description) }
    if peer.uid == user || peer.uid == 0 || isNamed && user == 0 { return }
    throw Stop(
      .refused, "user \(peer.uid) listens on \(path), not you (\(user)): not talking to it",
      hints: ["name the socket to use: --socket PATH"])
  }
}
