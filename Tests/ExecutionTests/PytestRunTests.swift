import Model
import Platform
import Testing

@testable import Execution

@Suite struct `pytest under a supervisor` {
  @Test func `passes and fails`() async throws {
    let bench = try Bench(files: [
      "tests/test_a.py": """
      import pytest

      def test_good():
          print("hello")

      def test_bad():
          assert 3 == 4

      @pytest.mark.skip(reason="not today")
      def test_skipped(): pass

      @pytest.mark.xfail
      def test_expected(): assert False

      @pytest.mark.parametrize("x", ["a b", "ü::[1]"])
      def test_many(x): pass

      @pytest.fixture
      def broken(): raise ValueError("no setup")

      def test_error(broken): pass
      """
    ])
    let report = await bench.run(bench.request(Bench.pytest(), path: "tests/test_a.py"))
    let judgement = try #require(report.judgement)
    #expect(judgement.verdict == .failed)
  }
}
