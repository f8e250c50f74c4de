/// The receiver operating characteristic: what a threshold on the scores
/// catches of the anomalies against what it takes of the normal samples.
///
/// Exact for any number of tied scores; O(n log n) for n scores.
public struct ROCCurve: Hashable, Sendable {
  /// The samples called anomalous at one threshold.
  public struct Step: Hashable, Sendable {
    /// Samples with this score or a higher one are called anomalous.
    public var threshold: Double
    /// The normal samples called anomalous.
    public var falsePositives: Int
    /// The anomalies called anomalous.
    public var truePositives: Int
  }

  /// One point of the curve; both coordinates from 0 to 1.
  public struct Point: Hashable, Sendable {
    /// The share of the normal samples that are called anomalous.
    public var falsePositiveRate: Double
    /// The share of the anomalies that are called anomalous.
    public var truePositiveRate: Double
    /// Infinite at the point (0, 0), where nothing is called anomalous.
    public var threshold: Double
  }

  /// One step for every different score, from the highest to the lowest.
  public let steps: [Step]
  /// The number of anomalies.
  public let positiveCount: Int
  /// The number of normal samples.
  public let negativeCount: Int

  /// The curve from the scores of each class, in any order.
  ///
  /// The entry for pixels too: pass the scores inside and outside the masks.
  ///
  /// - Throws: `EvaluationFault.empty` or `.oneClassOnly` when a class has no
  ///   scores; `.notANumber` when one is NaN, its row counted in its class.
  public init<Score: BinaryFloatingPoint>(
    positives: [Score], negatives: [Score]
  ) throws(EvaluationFault) {
    switch (positives.isEmpty, negatives.isEmpty) {
    case (true, true): throw .empty
    case (true, false): throw .oneClassOnly(label: 0)
    case (false, true): throw .oneClassOnly(label: 1)
    case (false, false): break
    }
    for scores in [positives, negatives] {
      if let row = scores.firstIndex(where: \.isNaN) {
        throw .notANumber(row: row)
      }
    }
    positiveCount = positives.count
    negativeCount = negatives.count
    steps = Self.merge(
      positives.sorted(by: >), negatives.sorted(by: >))
  }

  private static func merge<Score: BinaryFloatingPoint>(
    _ positives: [Score], _ negatives: [Score]
  ) -> [Step] {
    var steps: [Step] = []
    var truePositives = 0
    var falsePositives = 0
    while true {
      let positive =
        truePositives < positives.count ? positives[truePositives] : nil
      let negative =
        falsePositives < negatives.count ? negatives[falsePositives] : nil
      guard let score = [positive, negative].compactMap(\.self).max() else {
        return steps
      }
      while truePositives < positives.count, positives[truePositives] == score {
        truePositives += 1
      }
      while falsePositives < negatives.count, negatives[falsePositives] == score
      {
        falsePositives += 1
      }
      steps.append(
        Step(
          threshold: Double(score), falsePositives: falsePositives,
          truePositives: truePositives))
    }
  }

  /// The points from (0, 0) to (1, 1), one for every different score.
  public var points: [Point] {
    let origin = Point(
      falsePositiveRate: 0, truePositiveRate: 0, threshold: .infinity)
    return [origin]
      + steps.map {
        Point(
          falsePositiveRate: Double($0.falsePositives) / Double(negativeCount),
          truePositiveRate: Double($0.truePositives) / Double(positiveCount),
          threshold: $0.threshold)
      }
  }

  /// The area under the curve.
  ///
  /// The chance that an anomaly scores higher than a normal sample, a tie
  /// counting one half (Hanley and McNeil 1982). The pairs are counted in
  /// integers, so that only the last division rounds.
  public var area: Double {
    var doubledPairs = 0
    var before = Step(threshold: .infinity, falsePositives: 0, truePositives: 0)
    for step in steps {
      let tied = step.falsePositives - before.falsePositives
      let lower = negativeCount - step.falsePositives
      doubledPairs +=
        (step.truePositives - before.truePositives) * (2 * lower + tied)
      before = step
    }
    return Double(doubledPairs) / Double(2 * positiveCount * negativeCount)
  }

  /// The mean of the precision over the recalls reached, each weighted by its
  /// gain in recall; no interpolation (scikit-learn's definition).
  public var averagePrecision: Double {
    var sum = 0.0
    var found = 0
    for step in steps {
      let flagged = step.truePositives + step.falsePositives
      sum +=
        Double(step.truePositives - found) * Double(step.truePositives)
        / Double(flagged)
      found = step.truePositives
    }
    return sum / Double(positiveCount)
  }

  /// The threshold with the highest F1, the highest of them when several tie.
  public var bestF1: (value: Double, threshold: Double) {
    var best = (value: -1.0, threshold: Double.infinity)
    for step in steps {
      let value =
        Double(2 * step.truePositives)
        / Double(step.truePositives + step.falsePositives + positiveCount)
      if value > best.value { best = (value, step.threshold) }
    }
    return best
  }
}
