internal import Model

/// Which domain waits for which.
struct NeedsGraph {
  private let names: [DomainName]
  private let needs: [[Int]]

  init(_ domains: [DomainSettings]) {
    names = domains.map(\.name)
    var indices: [DomainName: Int] = [:]
    for (index, name) in names.enumerated() where indices[name] == nil { indices[name] = index }
    needs = domains.map { $0.needs.uniqued().compactMap { indices[$0] } }
  }

  /// One cycle for each group of domains that wait for each other, each beginning with its first domain in the file.
  func cycles() -> [[DomainName]] {
    var found: [[DomainName]] = []
    var seen = Set<Int>()
    for start in names.indices where !seen.contains(start) {
      guard let path = shortestPath(from: start, to: start) else { continue }
      seen.formUnion(path)
      // Others of the same group would tell the same story again.
      seen.formUnion(reachable(from: start).filter { reachable(from: $0).contains(start) })
      found.append(path.map { names[$0] })
    }
    return found
  }

  private func shortestPath(from start: Int, to end: Int) -> [Int]? {
    var cameFrom: [Int: Int] = [:]
    var queue = [start]
    var next = 0
    while next < queue.count {
      let node = queue[next]
      next += 1
      for need in needs[node] {
        if need == end {
          var path = [node]
          while let previous = cameFrom[path[0]], path[0] != start { path.insert(previous, at: 0) }
          return path
        }
        if need != start && cameFrom[need] == nil {
          cameFrom[need] = node
          queue.append(need)
        }
      }
    }
    return nil
  }

  private func reachable(from start: Int) -> Set<Int> {
    var seen: Set<Int> = []
    var queue = needs[start]
    while let node = queue.popLast() {
      if seen.insert(node).inserted { queue += needs[node] }
    }
    return seen
  }
}
