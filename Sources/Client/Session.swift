internal import Model
internal import Platform
internal import Wire

/// One call of the client: what was asked, where from, and where the answer goes.
package final class Session {
  let invocation: Invocation
  let surroundings: Surroundings
  let output: Output
  let complaints: Output
  let style: Style
  let time: HumanTime
  let daemon: Daemon

  init(_ invocation: Invocation, _ surroundings: Surroundings, _ output: Output, _ complaints: Output)
    throws(Stop)
  {
    self.invocation = invocation
    self.surroundings = surroundings
    self.output = output
    self.complaints = complaints
    style = Style(
      environment: surroundings.environment, isTerminal: surroundings.isOutputTerminal,
      width: surroundings.width,
      noColor: invocation.has("--no-color"))
    time = HumanTime(now: surroundings.clock.wall(), zone: surroundings.zone)
    let named = invocation.value("--socket")
    let environment = surroundings.environment
    daemon = Daemon(
      candidates: SocketPath.candidates(option: named, environment: environment, user: surroundings.user),
      isNamed: named != nil || !(environment["MCPD_SOCKET"] ?? "").isEmpty, user: surroundings.user,
      clock: surroundings.clock, project: Self.selector(invocation, surroundings),
      deadline: try invocation.timeout().map { surroundings.clock.now() + $0 })
  }

  /// A name, or an absolute directory; without `--project` the current directory, whose project the daemon knows.
  private static func selector(_ invocation: Invocation, _ surroundings: Surroundings) -> String? {
    guard let given = invocation.value("--project") else { return surroundings.directory }
    let isDirectory = given.hasPrefix("/") || given == "." || given == ".." || given.contains("/")
    return isDirectory ? Paths.absolute(given, in: surroundings.directory) : given
  }

  var projectQuery: (String, String?) { ("project", daemon.project) }

  // MARK: Printing

  /// The answer as it came, with the newline that ends a text.
  func print(_ document: Daemon.Document) {
    output.write(document.body)
    if document.body.last != 0x0a { output.write("\n") }
  }

  /// One line for each entry of a list, or the document on one line.
  func printLines(_ json: JSON, list: String) {
    for element in json[list]?.array ?? [json] {
      output.write(element.encoded)
      output.write("\n")
    }
  }

  /// Prints the document in the form that was asked for; false when it is for people.
  func printDocument(_ document: Daemon.Document, list: String = "") throws(Stop) -> Bool {
    if invocation.wantsJSON {
      _ = try Daemon.parse(document.body)  // What is not JSON is not passed on as JSON.
      print(document)
    } else if invocation.wantsLines {
      printLines(try Daemon.parse(document.body), list: list)
    } else {
      return false
    }
    return true
  }

  func note(_ text: String) {
    if !invocation.wantsDocument { output.line(style.plain(text)) }
  }

  func complain(_ stop: Stop) {
    complaints.line("mcpd-client: \(Text.oneLine(stop.message))")
    for hint in stop.hints { complaints.line("  \(Text.oneLine(hint))") }
  }
}

/// Paths as text, without asking the file system.
enum Paths {
  /// Absolute and without `.`, `..` and doubled slashes; a relative one counts from the directory.
  static func absolute(_ path: String, in directory: String?) -> String {
    var parts: [Substring] = []
    let whole = path.hasPrefix("/") ? path : (directory ?? "") + "/" + path
    for part in whole.split(separator: "/") {
      switch part {
      case ".": continue
      case "..": _ = parts.popLast()
      default: parts.append(part)
      }
    }
    return "/" + parts.joined(separator: "/")
  }
}
