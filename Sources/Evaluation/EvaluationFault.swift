import Diagnostics

/// Why scores cannot be judged.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum EvaluationFault: Fault, Hashable {
  /// There is nothing to judge.
  case empty
  /// There are more scores than labels, or fewer.
  case unequalCounts(scores: Int, labels: Int)
  /// A score is NaN; rows count from zero.
  case notANumber(row: Int)
  /// A label is neither 0 nor 1; rows count from zero.
  case unknownLabel(row: Int, label: Int)
  /// All samples are normal, or all are anomalies.
  case oneClassOnly(label: Int)
  /// Two lists of scores to be compared are not about the same samples.
  case unequalLabels
  /// A quantile lies outside 0 to 1.
  case invalidQuantile(Double)
  /// A rate of false alarms is not above 0 and below 1.
  case invalidFalseAlarmRate(Double)

  public var kind: FaultKind {
    switch self {
    case .invalidQuantile, .invalidFalseAlarmRate: .usage
    default: .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .empty: "there are no scores"
    case .unequalCounts(let scores, let labels):
      "\(scores) scores but \(labels) labels"
    case .notANumber: "a score is not a number"
    case .unknownLabel(_, let label): "\(label) is not a label"
    case .oneClassOnly(let label):
      "every label is \(label), so the scores cannot be judged"
    case .unequalLabels: "the two lists of scores have different labels"
    case .invalidQuantile(let value): "\(value) is not a quantile"
    case .invalidFalseAlarmRate(let value):
      "\(value) is no rate of false alarms"
    }
  }

  public var place: String? {
    switch self {
    case .notANumber(let row), .unknownLabel(let row, _): "row \(row)"
    case .empty, .unequalCounts, .oneClassOnly, .unequalLabels,
      .invalidQuantile, .invalidFalseAlarmRate:
      nil
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .empty: "give at least one normal sample and one anomaly"
    case .unequalCounts: "give one label for every score"
    case .notANumber: "score the sample again or remove the row"
    case .unknownLabel: "use 0 for normal and 1 for anomalous"
    case .oneClassOnly(let label):
      label == 0 ? "add anomalies (label 1)" : "add normal samples (label 0)"
    case .unequalLabels: "give both scores for the same samples in one order"
    case .invalidQuantile: "use a number from 0 to 1"
    case .invalidFalseAlarmRate:
      "use a number above 0 and below 1, such as 0.01"
    }
  }
}
