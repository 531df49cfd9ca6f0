import Bench

/// How long `mcpd-client status` takes as a whole process, and `redis-cli ping` in turns with it.
@main struct ClientStart {
  static func main() {
    benchmark {
      let daemon = try Daemon()
      let redis = try Redis(in: daemon.scratch)
      let status = [daemon.client, "--socket", daemon.socket, "status"]
      let ping = redis.flatMap { redis in Program.find("redis-cli").map { [$0, "-s", redis.socket, "ping"] } }
      var ours: [Int64] = []
      var theirs: [Int64] = []
      for round in 0..<320 {
        // 1 is an answer too: something in the example is red.
        let time = try Self.time(status, codes: [0, 1])
        let peer = try ping.map { try Self.time($0, codes: [0]) }
        if round < 20 { continue }
        ours.append(time)
        if let peer { theirs.append(peer) }
      }
      let (p50, peer) = (ours.percentile(0.5), theirs.percentile(0.5))
      var figures = Figures("client-start")
      figures.add("p50_ms", p50)
      figures.add("p99_ms", ours.percentile(0.99))
      figures.add("runs", ours.count)
      figures.add("redis_cli_p50_ms", peer)
      figures.add("ratio_to_redis_cli", peer.flatMap { peer in p50.map { $0 / peer } })
      figures.add("target_p50_ms", 5)
      figures.add("met", (p50 ?? .infinity) <= 5)
      return figures
    }
  }

  private static func time(_ command: [String], codes: Set<Int32>) throws -> Int64 {
    let start = now()
    try Program.run(command, codes: codes)
    return now() - start
  }
}
