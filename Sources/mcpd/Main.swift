internal import Glibc

/// The daemon: wiring only. What it does is in `Engine`, what it says in `API`.
@main
enum Main {
  static func main() {
    switch Invocation.parse(Array(CommandLine.arguments.dropFirst())) {
    case .daemon(let options): exit(Daemon.run(options))
    case .client(let arguments): exit(ClientHandOver.run(arguments))
    case .help:
      print(Invocation.usage, terminator: "")
      exit(0)
    case .version:
      print("mcpd \(Daemon.version)")
      exit(0)
    case .wrong(let complaint):
      Complaint.say(complaint.text, hints: complaint.hints)
      exit(2)
    }
  }
}
