import Bench
import Glibc

/// How large the programs are without symbols, and how much memory the daemon holds when it has nothing to do.
@main struct Binary {
  static func main() {
    benchmark {
      let daemon = try Daemon()
      var figures = Figures("binary")
      var client = Int.max
      for name in ["mcpd", "mcpd-client", "mcpd-exec"] {
        let stripped = daemon.scratch.path + "/" + name
        try Program.run(["strip", "-o", stripped, (Program.variable("MCPD_BIN") ?? ".") + "/" + name])
        var status = stat()
        guard stat(stripped, &status) == 0 else { throw Trouble("\(name) could not be stripped") }
        if name == "mcpd-client" { client = Int(status.st_size) }
        figures.add("\(name.map { $0 == "-" ? "_" : String($0) }.joined())_bytes", Int(status.st_size))
      }
      say("five seconds of quiet")
      sleep(5)
      let fields = try memory(of: daemon.program.pid)
      let resident = fields["Rss"] ?? .max
      figures.add("idle_resident_bytes", resident)
      figures.add("idle_private_bytes", (fields["Private_Clean"] ?? 0) + (fields["Private_Dirty"] ?? 0))
      figures.add("idle_anonymous_bytes", fields["Anonymous"])
      figures.add("target_client_bytes", 8_000_000)
      figures.add("target_resident_bytes", 25_000_000)
      figures.add("met", client <= 8_000_000 && resident <= 25_000_000)
      return figures
    }
  }

  private static func memory(of pid: pid_t) throws -> [Substring: Int] {
    guard let text = content(of: "/proc/\(pid)/smaps_rollup") else { throw Trouble("the daemon has gone") }
    var fields: [Substring: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 3, words[2] == "kB", let kilobytes = Int(words[1]) {
        fields[words[0].dropLast()] = kilobytes * 1024
      }
    }
    return fields
  }
}
