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

  /// Takes the figures, with DeLong's interval.
  public init(_ evaluation: Evaluation) {
    let curve = evaluation.rocCurve
    count = curve.positiveCount + curve.negativeCount
    anomalies = curve.positiveCount
    auroc = evaluation.auroc
    let interval = evaluation.aurocInterval()
    aurocLow = interval?.lowerBound
    aurocHigh = interval?.upperBound
    averagePrecision = evaluation.averagePrecision
    (bestF1, bestF1Threshold) = evaluation.bestF1
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
      ]
    ).text
  }
}
