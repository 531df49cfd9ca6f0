import Bench

/// How many `GET /api/v1/status` a second the daemon answers, daemon and load together on two cores.
@main struct StatusThroughput {
  static func main() {
    benchmark {
      let cores = try limitCores(to: 2)
      let daemon = try Daemon()
      // Redis answering PING to the same generator tells what this machine gives anybody.
      let peer = try Redis(in: daemon.scratch).map {
        try Load.redisPing(on: $0.socket).run(connections: 16, seconds: 4)
      }
      say("the load on /api/v1/status begins")
      let result = try Load.http("/api/v1/status", on: daemon.socket).run(connections: 16, seconds: 8)
      guard result.answers > 0 else { throw Trouble("no answer") }
      let p99 = result.latencies.percentile(0.99)
      var figures = Figures("status-throughput")
      figures.add("requests_per_second", Int(result.perSecond))
      figures.add("p50_ms", result.latencies.percentile(0.5))
      figures.add("p99_ms", p99)
      figures.add("connections", 16)
      figures.add("cores", cores)
      figures.add("answers", result.answers)
      figures.add("redis_ping_per_second", peer.map { Int($0.perSecond) })
      figures.add("ratio_to_redis_ping", peer.map { result.perSecond / $0.perSecond })
      figures.add("target_requests_per_second", 40_000)
      figures.add("target_p99_ms", 3)
      figures.add("met", result.perSecond >= 40_000 && (p99 ?? .infinity) <= 3)
      return figures
    }
  }
}
