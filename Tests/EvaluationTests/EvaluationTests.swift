import Foundation
import Testing

@testable import Evaluation

@Suite("Evaluation")
struct EvaluationTests {
  @Test("AUC of the five-row example of the course slides is 0.8333")
  func courseSlides() throws {
    let evaluation = try Evaluation(
      scores: [11383.0, 256676, 862365, 152435, 848171],
      labels: [0, 1, 1, 0, 0])
    #expect(evaluation.auroc == 5.0 / 6)
  }

  @Test("With ties the figures are scikit-learn's")
  func agreesWithScikitLearn() throws {
    let evaluation = try Evaluation(scores: Sample.first, labels: Sample.labels)
    #expect(abs(evaluation.auroc - 0.8763736263736264) < 1e-15)
    #expect(abs(evaluation.averagePrecision - 0.829069349962207) < 1e-14)
    #expect(abs(evaluation.bestF1.value - 0.7333333333333334) < 1e-15)
    #expect(evaluation.bestF1.threshold == 0.4)
  }

  @Test("The DeLong interval and paired test are those of the definition")
  func agreesWithDeLong() throws {
    let first = try Evaluation(scores: Sample.first, labels: Sample.labels)
    let second = try Evaluation(scores: Sample.second, labels: Sample.labels)
    let interval = try #require(first.aurocInterval())
    #expect(abs(interval.lowerBound - 0.7678050605398129) < 1e-12)
    #expect(abs(interval.upperBound - 0.9849421922074398) < 1e-12)
    let wider = try #require(first.aurocInterval(confidence: 0.99))
    #expect(abs(wider.lowerBound - 0.7336903446782022) < 1e-12)
    #expect(wider.upperBound == 1)

    let difference = try #require(try first.aurocDifference(from: second))
    #expect(abs(difference.value - 0.2802197802197802) < 1e-14)
    #expect(abs(difference.standardError - 0.07088075905503026) < 1e-14)
    #expect(abs(difference.pValue / 7.704943949562825e-05 - 1) < 1e-10)
    let none = try #require(try first.aurocDifference(from: first))
    #expect(none.value == 0)
    #expect(none.pValue == 1)
  }

  @Test("The AUC is the share of ordered pairs, ties one half")
  func bruteForce() throws {
    for count in [2, 3, 10, 50, 200] {
      let labels = (0..<count).map { row in (row * row / 3 + row) % 2 }
      let scores = zip(0..., labels).map { row, label in
        Float(row * row % 11 % 5 + label)
      }
      var pairs = 0.0
      var won = 0.0
      for (positive, label) in zip(scores, labels) where label == 1 {
        for (negative, label) in zip(scores, labels) where label == 0 {
          pairs += 1
          won += positive > negative ? 1 : positive == negative ? 0.5 : 0
        }
      }
      let evaluation = try Evaluation(scores: scores, labels: labels)
      #expect(evaluation.auroc == won / pairs)
    }
  }

  @Test("A monotone map changes no AUC; a negation mirrors it")
  func invariance() throws {
    let labels = Sample.labels
    let plain = try Evaluation(scores: Sample.first, labels: labels)
    let mapped = try Evaluation(
      scores: Sample.first.map { exp(3 * $0) }, labels: labels)
    let negated = try Evaluation(
      scores: Sample.first.map { -$0 }, labels: labels)
    #expect(mapped.auroc == plain.auroc)
    #expect(mapped.averagePrecision == plain.averagePrecision)
    #expect(abs(negated.auroc - (1 - plain.auroc)) < 1e-15)
  }

  @Test(
    "Constant scores have an AUC of one half and the base rate as precision")
  func constantScores() throws {
    let evaluation = try Evaluation(
      scores: [Float](repeating: 7, count: 5), labels: [0, 1, 0, 0, 1])
    #expect(evaluation.auroc == 0.5)
    #expect(evaluation.averagePrecision == 0.4)
    #expect(evaluation.bestF1.threshold == 7)
    #expect(evaluation.aurocInterval() == 0.5...0.5)
  }

  @Test("Infinite scores only have a rank")
  func infiniteScores() throws {
    let evaluation = try Evaluation(
      scores: [-Float.infinity, 0, .infinity, .infinity],
      labels: [0, 0, 0, 1])
    #expect(evaluation.auroc == 2.5 / 3)
  }

  @Test("A class with one sample has no interval")
  func noInterval() throws {
    let evaluation = try Evaluation(scores: [1.0, 2, 3], labels: [0, 0, 1])
    #expect(evaluation.auroc == 1)
    #expect(evaluation.aurocInterval() == nil)
    #expect(try evaluation.aurocDifference(from: evaluation) == nil)
  }

  @Test("The curve runs from nothing flagged to all flagged")
  func curve() throws {
    let curve = try Evaluation(
      scores: [0.1, 0.4, 0.4, 0.8], labels: [0, 0, 1, 1]
    ).rocCurve
    #expect(curve.points.map(\.falsePositiveRate) == [0, 0, 0.5, 1])
    #expect(curve.points.map(\.truePositiveRate) == [0, 0.5, 1, 1])
    #expect(curve.points.map(\.threshold) == [.infinity, 0.8, 0.4, 0.1])
    let pixels = try ROCCurve(
      positives: [0.8, 0.4], negatives: [0.4, 0.1] as [Float])
    #expect(pixels.area == curve.area)
  }

  @Test("The order of the samples changes nothing")
  func permutation() throws {
    let order = Sample.labels.indices.shuffled()
    let plain = try Evaluation(scores: Sample.first, labels: Sample.labels)
    let shuffled = try Evaluation(
      scores: order.map { Sample.first[$0] },
      labels: order.map { Sample.labels[$0] })
    #expect(shuffled.rocCurve == plain.rocCurve)
  }
}

@Suite("Scores that cannot be judged")
struct EvaluationFaultTests {
  private func evaluate(_ scores: [Double], _ labels: [Int]) throws {
    _ = try Evaluation(scores: scores, labels: labels)
  }

  @Test("Each has its own fault")
  func faults() {
    #expect(throws: EvaluationFault.empty) { try evaluate([], []) }
    #expect(throws: EvaluationFault.unequalCounts(scores: 2, labels: 1)) {
      try evaluate([1, 2], [0])
    }
    #expect(throws: EvaluationFault.notANumber(row: 1)) {
      try evaluate([1, .nan, 2], [0, 1, 1])
    }
    #expect(throws: EvaluationFault.unknownLabel(row: 2, label: 2)) {
      try evaluate([1, 2, 3], [0, 1, 2])
    }
    #expect(throws: EvaluationFault.oneClassOnly(label: 0)) {
      try evaluate([1, 2], [0, 0])
    }
    #expect(throws: EvaluationFault.oneClassOnly(label: 1)) {
      try evaluate([1, 2], [1, 1])
    }
    #expect(throws: EvaluationFault.unequalLabels) {
      try Evaluation(scores: [1.0, 2], labels: [0, 1])
        .aurocDifference(from: Evaluation(scores: [1.0, 2], labels: [1, 0]))
    }
    #expect(throws: EvaluationFault.notANumber(row: 0)) {
      try ROCCurve(positives: [1], negatives: [Float.nan])
    }
  }

  @Test("The description names the row and the mend")
  func description() {
    #expect(
      "\(EvaluationFault.notANumber(row: 4))"
        == "a score is not a number (row 4): "
        + "score the sample again or remove the row")
  }
}

@Suite("Quantile")
struct QuantileTests {
  @Test(
    "The threshold is interpolated as by numpy.quantile",
    arguments: [
      (0, 1), (0.1, 1), (0.5, 3), (0.77, 4.62), (0.999, 8.976), (1, 9),
    ])
  func agreesWithNumPy(quantile: Double, threshold: Double) throws {
    let actual = try Quantile(quantile).threshold(of: [3, 1, 4, 1, 5, 9, 2.5])
    #expect(abs(actual - threshold) < 1e-12)
  }

  @Test("One score is every quantile")
  func single() throws {
    #expect(try Quantile(0.3).threshold(of: [Float(2)]) == 2)
  }

  @Test("Impossible quantiles and scores are faults")
  func faults() {
    #expect(throws: EvaluationFault.invalidQuantile(1.5)) { try Quantile(1.5) }
    #expect(throws: EvaluationFault.self) { try Quantile(.nan) }
    #expect(throws: EvaluationFault.empty) {
      try Quantile(0.5).threshold(of: [Float]())
    }
    #expect(throws: EvaluationFault.notANumber(row: 1)) {
      try Quantile(0.5).threshold(of: [1, Float.nan])
    }
  }
}

/// Forty samples with many ties, rounded to one decimal.
///
///     rng = numpy.random.default_rng(1)
///     labels = (rng.random(40) < 0.35).astype(int)
///     first = numpy.round(rng.normal(size=40) + labels * 1.2, 1)
///     second = numpy.round(
///         0.6 * first + 0.8 * rng.normal(size=40) + labels * 0.2, 1)
///
/// The figures expected are of sklearn.metrics 1.9.1 and, for DeLong, of the
/// definition's n x m matrix of comparisons in NumPy.
private enum Sample {
  static let labels = [
    0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0, 0,
    0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1,
  ]
  static let first = [
    0.1, -1.2, 0.5, -0.1, 0.3, -0.1, 0.1, 0.0, -0.5, 1.8, 0.9, 0.3, 0.4, 0.7,
    0.7, 0.9, 0.1, 0.9, 1.2, -0.0, -0.3, 1.3, 0.3, -1.0, -1.1, 0.2, -0.5, 1.4,
    2.0, -1.6, 0.3, 2.4, -0.3, -0.8, 0.8, 0.3, 2.1, -0.3, -1.5, 1.1,
  ]
  static let second = [
    -0.3, -0.1, 0.7, -1.4, -0.6, 0.6, 0.6, -0.5, -0.3, 1.6, 0.9, 0.9, 0.6, 0.3,
    0.4, 1.4, -1.5, 0.4, 0.9, -0.9, 0.1, 0.5, 0.9, -0.7, -0.1, 1.1, 0.0, 0.3,
    0.2, 0.4, 0.1, 1.1, -0.1, -0.6, 1.2, 0.2, 1.5, -0.8, -0.5, 0.0,
  ]
}
