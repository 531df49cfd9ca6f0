internal import API
internal import Engine
internal import Glibc
internal import HTTP
internal import Model
internal import Platform

/// Brings the parts together, waits for a signal, and takes them apart in order.
enum Daemon {
  static let version = Version.text

  static func run(_ options: DaemonOptions) -> Int32 {
    // Blocked before any thread starts, so that all threads leave them to the one that waits for them.
    let signals = Signals.block([SIGTERM, SIGINT, SIGHUP])
    Signals.ignore(SIGPIPE)
    let log = Log(level: options.level)
    guard let supervisor = Companions.path(of: "mcpd-exec") else {
      Complaint.say(
        "mcpd-exec is not there, and without it nothing can be run", hints: ["it is installed beside mcpd"])
      return 70
    }
    let state = Places.absolute(options.stateDirectory ?? Places.stateDirectory)
    let engine: Engine
    do throws(Diagnostic) {
      engine = try Engine(
        options: .init(
          stateDirectory: state, configurationFile: options.configurationFile.map(Places.absolute),
          supervisor: supervisor, environment: Places.environment, version: version))
    } catch {
      Complaint.say(error.message, hints: error.hints)
      return 5
    }
    let server: Server
    let reporter = Reporter(engine, log)
    do throws(SystemError) {
      let socket = try listen(options)
      try engine.start(projects: options.projects.map(Places.absolute))
      let api = API(door: engine)
      server = try Server(listening: socket) { request, responder in api.handle(request, responder) }
    } catch {
      engine.stop()
      let isTaken = error.number == EADDRINUSE
      Complaint.say(
        isTaken ? "a daemon listens on \(socketPath(options)) already" : error.description,
        hints: isTaken ? ["look at it: mcpd-client status"] : error.hint.map { [$0] } ?? [])
      return 5
    }
    reporter.start()
    announceReady(engine, options, log)
    let watchdog = Watchdog.start(engine)

    wait: while true {
      switch signals.next() {
      case SIGHUP:
        ServiceManager.tell("RELOADING=1")
        log(.info, "reading the configuration again")
        engine.command(.reloadConfiguration) { _ in ServiceManager.tell("READY=1") }
      default: break wait
      }
    }
    ServiceManager.tell("STOPPING=1")
    log(.info, "stopping")
    watchdog?.stop()
    server.stop()
    engine.stop()
    return 0
  }

  private static func socketPath(_ options: DaemonOptions) -> String {
    Places.absolute(options.socket ?? Places.socket)
  }

  private static func listen(_ options: DaemonOptions) throws(SystemError) -> ListeningSocket {
    if let socket = try ServiceManager.takeSocket() { return socket }
    // A directory of our own name is ours alone; one that the user named is taken as it is.
    return try ListeningSocket.bind(socketPath(options), directory: options.socket == nil ? .own : .asFound)
  }

  private static func announceReady(_ engine: Engine, _ options: DaemonOptions, _ log: Log) {
    engine.whenReady {
      ServiceManager.tell("READY=1")
      let watched = engine.projectSummary
      if watched.isEmpty {
        log(.info, "no project is watched; add one: mcpd-client projects add DIR")
      }
      for line in watched { log(.info, line) }
    }
  }
}
