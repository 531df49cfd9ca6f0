import Model
import Planning
import Testing

private let unitDomain = DomainName("unit")!
private let docs = DomainName("docs")!

private func candidate(
  _ name: String, in domain: DomainName = unitDomain, priority: Int = 50, reason: Reason? = .isNew,
  last: Verdict? = nil, took: Duration? = nil, edited: Bool = false
) -> Planner.Candidate {
  Planner.Candidate(
    unit: UnitID(project: ProjectName("shop"), domain: domain, unit: name), priority: priority,
    reason: reason,
    lastVerdict: last, lastDuration: took, isChangedItself: edited)
}

@Suite struct `A plan` {
  @Test func `orders by priority, then failed, edited, new, quick, name`() {
    let plan = Planner.plan(
      clock: Tick(7),
      candidates: [
        candidate("slow", last: .passed, took: .seconds(3)),
        candidate("quick", last: .passed, took: .milliseconds(3)),
        candidate("b-new"), candidate("a-new"),
        candidate("edited", last: .passed, took: .seconds(9), edited: true),
        candidate("failed", last: .failed, took: .seconds(20)),
        candidate("urgent", in: docs, priority: 60, last: .passed, took: .seconds(60)),
      ])
    #expect(
      plan.assignments.map(\.unit.unit) == ["urgent", "failed", "edited", "a-new", "b-new", "quick", "slow"])
    #expect(plan.clock == Tick(7))
  }

  @Test func `counts what holds as recalled`() {
    let plan = Planner.plan(
      clock: .zero, candidates: [candidate("a", reason: nil, last: .passed), candidate("b")])
    #expect(plan.recalled == 1)
    #expect(plan.assignments.map(\.unit.unit) == ["b"])
  }

  @Test func `does not depend on the order of its candidates`() {
    let some = ["c", "a", "b"].map { candidate($0, last: .passed, took: .milliseconds(1)) }
    let plans = [some, some.reversed(), [some[1], some[0], some[2]]].map {
      Planner.plan(clock: .zero, candidates: $0)
    }
    #expect(Set(plans).count == 1)
  }
}

@Suite struct `A reason` {
  @Test(arguments: [
    ([("a.py", ChangeKind.changed)], "a.py changed"),
    ([("a.py", .created)], "a.py appeared"),
    ([("a.py", .deleted)], "a.py vanished"),
    ([("a.py", .deleted), ("b.py", .created)], "a.py and b.py changed"),
    ([("a.py", .changed), ("b.py", .changed), ("c.py", .changed)], "a.py and 2 others changed"),
  ])
  func `names what changed`(changes: [(String, ChangeKind)], text: String) {
    let reason = Reason.changed(changes.map { Change(path: RelativePath($0)!, kind: $1, tick: .zero) })
    #expect(reason.text == text)
    #expect(reason.kind == .changed)
  }

  @Test func `names a bounded number of paths`() {
    let many = (0..<1000).map { Change(path: RelativePath("f\($0)")!, kind: .changed, tick: .zero) }
    #expect(Reason.changed(many).paths.count == Reason.namedPaths)
  }
}
