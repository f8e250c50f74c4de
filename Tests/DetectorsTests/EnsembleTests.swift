import Execution
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

@Suite("Ensemble")
struct EnsembleTests {
  private static let quick = Ensemble(members: [.iforest, .hbos, .knn])

  /// Correlated columns; the last rows are strange, one kind after the other.
  private static func contaminated() -> (samples: Matrix, strange: [Int]) {
    var samples = noise(rows: 600, columns: 5, seed: 3)
    for row in 0..<600 { samples[row, 1] += 2 * samples[row, 0] }
    let strange = Array(570..<600)
    for row in strange {
      switch row % 3 {
      case 0: samples[row, 3] += 6
      case 1: samples[row, 1] = -samples[row, 1] - 3
      default: for column in 2..<5 { samples[row, column] *= 4 }
      }
    }
    return (samples, strange)
  }

  private func share(_ scores: [Float], above strange: [Int]) -> Double {
    let ordinary = scores.indices.filter { !strange.contains($0) }
    let pairs = strange.flatMap { high in
      ordinary.map { scores[high] > scores[$0] ? 1.0 : 0 }
    }
    return pairs.reduce(0, +) / Double(pairs.count)
  }

  @Test("A sample scores the same alone as among others")
  func alone() throws {
    let samples = noise(rows: 300, columns: 4)
    let model = try Self.quick.fit(samples)
    let others = noise(rows: 40, columns: 4, seed: 9)
    let scores = try model.scores(for: others)
    for row in 0..<others.rows {
      #expect(
        try model.scores(for: others.selecting(rows: [row]))[0] == scores[row])
    }
  }

  @Test("It finds what one member does not see")
  func complements() throws {
    let (samples, strange) = Self.contaminated()
    let scores = try Ensemble().fit(samples).leaveOneOutScores()
    let forest = try IsolationForest().fit(samples).scores(for: samples)
    #expect(share(scores, above: strange) > 0.9)
    #expect(
      share(scores, above: strange) > share(forest, above: strange))
  }

  @Test("Far samples are told apart, however far")
  func noSaturation() throws {
    let model = try Self.quick.fit(noise(rows: 200, columns: 3))
    let scores = try model.scores(
      for: Matrix([[9, 9, 9], [99, 99, 99], [999, 999, 999]]))
    #expect(scores[0] < scores[1] && scores[1] < scores[2])
  }

  @Test("Of many samples a member that compares with all keeps 20,000")
  func bank() throws {
    let samples = noise(rows: 20_500, columns: 2)
    let model = try Ensemble(members: [.hbos, .knn]).fit(samples)
    let leftOut = try model.leaveOneOutScores()
    #expect(leftOut.count == samples.rows)
    // Kept rows do not count themselves, which makes them no less strange.
    let own = try model.scores(for: samples)
    #expect(zip(leftOut, own).allSatisfy { $0 >= $1 })
    #expect(zip(leftOut, own).count { $0 == $1 } >= 400)
  }

  @Test(
    "Members are named once each",
    arguments: ["iforest,iforest", "", "iforest,,knn", "forest"])
  func wrongMembers(text: String) {
    #expect(throws: (any Error).self) {
      try Ensemble.description.detector(["members": text])
    }
  }

  @Test("A tail probability is (k + 1)/(m + 1), in between linear, never tied")
  func tails() {
    let tail = TailProbability(among: [4, 1, 2, 2])
    func p(_ score: Float) -> Double {
      exp(-tail.negativeLogarithm(of: score))
    }
    expectClose([p(4), p(2), p(1)], [0.2, 0.6, 0.8], within: .relative(1e-12))
    expectClose([p(3), p(1.5)], [0.4, 0.7], within: .relative(1e-12))
    #expect(p(5) < p(4) && p(6) < p(5) && p(1e30) > 0)
    #expect(p(0.5) > p(1) && p(0) > p(0.5) && p(0) < 1)
  }
}
