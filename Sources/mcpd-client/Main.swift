internal import Client
internal import Glibc

@main
enum Main {
  static func main() {
    TerminalGuard.install()
    exit(Client.run(Array(CommandLine.arguments.dropFirst()), .ofProcess()).rawValue)
  }
}
