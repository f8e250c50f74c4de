/// How well scores tell anomalies from normal samples.
///
///     let evaluation = try Evaluation(scores: scores, labels: labels)
///     print(evaluation.auroc)
public struct Evaluation: Hashable, Sendable {
  /// The curve behind the figures.
  public let rocCurve: ROCCurve
  /// The area under the ROC curve, from 0 to 1; a tie counts one half.
  public let auroc: Double
  let positives: [Double]
  let negatives: [Double]
  private let labels: [Int]

  /// Judges scores against labels.
  ///
  /// - Parameters:
  ///   - scores: Higher is more anomalous.
  ///   - labels: 1 for an anomaly, 0 for a normal sample; one for each score.
  /// - Throws: `EvaluationFault`.
  public init<Score: BinaryFloatingPoint>(
    scores: [Score], labels: [Int]
  ) throws(EvaluationFault) {
    guard scores.count == labels.count else {
      throw .unequalCounts(scores: scores.count, labels: labels.count)
    }
    var positives: [Double] = []
    var negatives: [Double] = []
    for (row, (score, label)) in zip(scores, labels).enumerated() {
      guard !score.isNaN else { throw .notANumber(row: row) }
      switch label {
      case 0: negatives.append(Double(score))
      case 1: positives.append(Double(score))
      default: throw .unknownLabel(row: row, label: label)
      }
    }
    rocCurve = try ROCCurve(positives: positives, negatives: negatives)
    auroc = rocCurve.area
    self.positives = positives
    self.negatives = negatives
    self.labels = labels
  }

  /// The average precision, from the share of anomalies to 1.
  public var averagePrecision: Double { rocCurve.averagePrecision }

  /// The highest F1 that a threshold reaches, and that threshold: samples with
  /// this score or a higher one are called anomalous.
  ///
  /// A threshold chosen by looking at the labels flatters.
  public var bestF1: (value: Double, threshold: Double) { rocCurve.bestF1 }

  /// The interval that holds the true AUROC with the given confidence.
  ///
  /// After DeLong, DeLong and Clarke-Pearson (1988): the normal approximation,
  /// cut to 0...1; a single point when the classes are perfectly separated.
  ///
  /// - Precondition: 0 < `confidence` < 1.
  /// - Returns: Nil when a class has fewer than two samples.
  public func aurocInterval(
    confidence: Double = 0.95
  ) -> ClosedRange<Double>? {
    precondition(confidence > 0 && confidence < 1, "not a confidence")
    guard let variance = DeLong(self).variance else { return nil }
    let halfWidth =
      variance.squareRoot()
      * standardNormalQuantile(upperTail: (1 - confidence) / 2)
    return max(0, auroc - halfWidth)...min(1, auroc + halfWidth)
  }

  /// Tests whether another detector's scores for the same samples have another
  /// AUROC (DeLong's paired test).
  ///
  /// - Throws: `EvaluationFault.unequalLabels`.
  /// - Returns: Nil when a class has fewer than two samples.
  public func aurocDifference(
    from other: Evaluation
  ) throws(EvaluationFault) -> AUROCDifference? {
    guard labels == other.labels else { throw .unequalLabels }
    guard
      let variance = DeLong(self).varianceOfDifference(from: DeLong(other))
    else { return nil }
    return AUROCDifference(
      value: auroc - other.auroc, standardError: variance.squareRoot())
  }
}

/// The difference between two AUROC over the same samples.
public struct AUROCDifference: Hashable, Sendable {
  /// The first AUROC minus the second.
  public let value: Double
  /// The standard deviation of the difference.
  public let standardError: Double

  /// The chance of a difference this large between equally good detectors.
  ///
  /// Two-sided, by the normal approximation; 1 when the difference is zero.
  public var pValue: Double {
    value == 0 ? 1 : 2 * standardNormalTail(abs(value) / standardError)
  }
}
