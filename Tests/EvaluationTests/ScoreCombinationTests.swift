import TestSupport
import Testing

@testable import Evaluation

@Suite struct ScoreCombinationTests {
  /// SciPy 1.17: `rankdata`, `zscore`, and NumPy's means and maxima of them.
  private let scores: [[Double]] = [
    [1, 2, 2, 9], [-30, 10, 50, 90], [0.5, 0.25, 0, 0.25],
  ]

  @Test(
    "Combinations are those of SciPy",
    arguments: [
      (ScoreCombination.rank, [0.3333333, 0.4444444, 0.3888889, 0.8333333]),
      (.z, [-0.23609868, -0.30524496, -0.47850708, 1.01985072]),
      (.max, [1.4142136, 0, 0.4472136, 1.71791138]),
      (.mean, [-9.5, 4.0833333, 17.3333333, 33.0833333]),
      (.aom, [0.31667238, -0.2236068, -0.48349998, 0.85895569]),
    ])
  func reference(combination: ScoreCombination, expected: [Double]) throws {
    expectClose(
      try combination.combine(scores), expected, within: .absolute(1e-6))
  }

  @Test("Scores that cannot be put together are refused")
  func refusals() {
    #expect(throws: EvaluationFault.empty) {
      try ScoreCombination.rank.combine([])
    }
    #expect(throws: EvaluationFault.unequalCounts(scores: 1, labels: 2)) {
      try ScoreCombination.z.combine([[1, 2], [1]])
    }
    #expect(throws: EvaluationFault.notANumber(row: 1)) {
      try ScoreCombination.max.combine([[1, .nan]])
    }
  }

  @Test("Scores that are all alike say nothing")
  func constant() throws {
    #expect(
      try ScoreCombination.z.combine([[5, 5, 5], [1, 2, 3]]).map { $0 > 0 }
        == [false, false, true])
  }
}
