/// How decisions at one threshold agree with labels.
public struct Decisions: Hashable, Sendable {
  /// Anomalies that are called so.
  public let truePositives: Int
  /// Ordinary samples that are called anomalies: false alarms.
  public let falsePositives: Int
  /// Ordinary samples that are called so.
  public let trueNegatives: Int
  /// Anomalies that are missed.
  public let falseNegatives: Int

  /// - Parameters:
  ///   - evaluation: Scores and labels.
  ///   - threshold: What scores higher is called an anomaly.
  init(_ evaluation: Evaluation, above threshold: Double) {
    truePositives = evaluation.positives.count { $0 > threshold }
    falsePositives = evaluation.negatives.count { $0 > threshold }
    trueNegatives = evaluation.negatives.count - falsePositives
    falseNegatives = evaluation.positives.count - truePositives
  }

  /// The share of anomalies among what is called so; nil when nothing is.
  public var precision: Double? {
    let called = truePositives + falsePositives
    return called == 0 ? nil : Double(truePositives) / Double(called)
  }

  /// The share of anomalies that are called so.
  public var recall: Double {
    Double(truePositives) / Double(truePositives + falseNegatives)
  }

  /// The share of ordinary samples that are called so.
  public var specificity: Double {
    Double(trueNegatives) / Double(trueNegatives + falsePositives)
  }

  /// The harmonic mean of precision and recall; 0 when no anomaly is found.
  public var f1: Double {
    Double(2 * truePositives)
      / Double(2 * truePositives + falsePositives + falseNegatives)
  }

  /// The mean of recall and specificity: one half for decisions that tell
  /// nothing.
  public var balancedAccuracy: Double { (recall + specificity) / 2 }
}

extension Evaluation {
  /// Decisions at a threshold.
  public func decisions(above threshold: Double) -> Decisions {
    Decisions(self, above: threshold)
  }

  /// The F1 of calling every sample an anomaly, which any useful decision has
  /// to exceed.
  public var f1OfAll: Double {
    Double(2 * positives.count) / Double(2 * positives.count + negatives.count)
  }

  /// Whether all scores are 0 or 1: decisions already.
  public var isOfDecisions: Bool {
    (positives + negatives).allSatisfy { $0 == 0 || $0 == 1 }
  }
}
