import Evaluation
import Plots

/// How good a file of scores is.
public struct EvaluationReport: Encodable, Hashable, Sendable {
  /// The number of samples.
  public let count: Int
  /// The number of samples with label 1.
  public let anomalies: Int
  /// The area under the ROC curve, from 0 to 1.
  public let auroc: Double
  /// The ends of DeLong's 95 % interval; nil with one sample of a class.
  public let aurocLow: Double?
  /// The upper end of the interval; nil with one sample of a class.
  public let aurocHigh: Double?
  /// From the share of anomalies to 1.
  public let averagePrecision: Double
  /// The highest F1 that a threshold reaches, from 0 to 1.
  public let bestF1: Double
  /// Chosen by looking at the labels.
  public let bestF1Threshold: Double

  /// The F1 of calling every sample an anomaly.
  public let f1OfAll: Double
  /// What decisions at a threshold come to; nil without one.
  public let decisions: Decided?

  /// Decisions at one threshold.
  public struct Decided: Encodable, Hashable, Sendable {
    /// What scores higher is called an anomaly.
    public let threshold: Double
    /// Anomalies that are called so.
    public let truePositives: Int
    /// Ordinary samples that are called anomalies.
    public let falsePositives: Int
    /// Ordinary samples that are called so.
    public let trueNegatives: Int
    /// Anomalies that are missed.
    public let falseNegatives: Int
    /// Nil when nothing is called an anomaly.
    public let precision: Double?
    /// The share of anomalies that are found.
    public let recall: Double
    /// From 0 to 1.
    public let f1: Double
    /// One half for decisions that tell nothing.
    public let balancedAccuracy: Double

    fileprivate init(_ decisions: Decisions, threshold: Double) {
      self.threshold = threshold
      truePositives = decisions.truePositives
      falsePositives = decisions.falsePositives
      trueNegatives = decisions.trueNegatives
      falseNegatives = decisions.falseNegatives
      precision = decisions.precision
      recall = decisions.recall
      f1 = decisions.f1
      balancedAccuracy = decisions.balancedAccuracy
    }
  }

  /// Takes the figures, with DeLong's interval.
  ///
  /// - Parameters:
  ///   - evaluation: Of scores beside their labels.
  ///   - threshold: What scores higher is called an anomaly; nil takes scores
  ///     that are all 0 or 1 as decisions, and makes none of others.
  public init(_ evaluation: Evaluation, threshold: Double? = nil) {
    let curve = evaluation.rocCurve
    count = curve.positiveCount + curve.negativeCount
    anomalies = curve.positiveCount
    auroc = evaluation.auroc
    let interval = evaluation.aurocInterval()
    aurocLow = interval?.lowerBound
    aurocHigh = interval?.upperBound
    averagePrecision = evaluation.averagePrecision
    (bestF1, bestF1Threshold) = evaluation.bestF1
    f1OfAll = evaluation.f1OfAll
    decisions = (threshold ?? (evaluation.isOfDecisions ? 0.5 : nil)).map {
      Decided(evaluation.decisions(above: $0), threshold: $0)
    }
  }

  /// One JSON object, with a line feed at its end.
  public var json: String {
    get throws { try prettyJSON(self) }
  }

  /// A table for a terminal.
  public var text: String {
    let interval =
      aurocLow.flatMap { low in
        aurocHigh.map {
          "\(decimal(low, places: 4)) to \(decimal($0, places: 4))"
        }
      } ?? "-"
    return Table(
      columns: [.init("figure", .left), .init("value", .left)],
      rows: [
        ["samples", "\(count), \(anomalies) of them anomalies"],
        ["ROC AUC", decimal(auroc, places: 4)],
        ["95 % interval (DeLong)", interval],
        ["average precision", decimal(averagePrecision, places: 4)],
        [
          "best F1",
          "\(decimal(bestF1, places: 4)) from threshold \(bestF1Threshold)",
        ],
        ["F1 of flagging all", decimal(f1OfAll, places: 4)],
      ] + (decisions?.rows ?? [])
    ).text
  }
}

extension EvaluationReport.Decided {
  /// Rows of a table of figures.
  fileprivate var rows: [[String]] {
    func share(_ value: Double) -> String { decimal(value, places: 4) }
    return [
      ["above threshold", "\(threshold)"],
      ["anomalies", "\(truePositives) flagged, \(falseNegatives) missed"],
      ["ordinary", "\(trueNegatives) passed, \(falsePositives) flagged"],
      ["precision", precision.map(share) ?? "- (nothing is flagged)"],
      ["recall", share(recall)],
      ["F1", share(f1)],
      ["balanced accuracy", share(balancedAccuracy)],
    ]
  }
}
