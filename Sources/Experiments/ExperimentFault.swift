import Diagnostics

/// Why an experiment cannot be run.
public enum ExperimentFault: Fault, Hashable {
  case unknownDetector(String, known: [String])
  /// Scores cannot be judged without labels.
  case noLabels(category: String)
  /// One training set is needed, and there are several.
  case severalCategories([String])
  /// There is nothing to fit to.
  case noTrainingSamples(category: String)
  /// There is nothing to score.
  case noTestSamples(category: String)
  /// The file is no model of ours, or one of another detector.
  case notAModel(path: String, reason: String)
  /// A file of scores or labels cannot be used.
  case malformedTable(path: String, line: Int?, problem: String, remedy: String)

  public var kind: FaultKind {
    switch self {
    case .unknownDetector, .severalCategories: .usage
    case .noLabels, .noTrainingSamples, .noTestSamples, .notAModel,
      .malformedTable:
      .data
    }
  }

  public var problem: String {
    switch self {
    case .unknownDetector(let name, _): "there is no detector \(name)"
    case .noLabels: "the test samples have no labels"
    case .severalCategories(let names):
      "the dataset has \(names.count) categories"
    case .noTrainingSamples: "there are no training samples"
    case .noTestSamples: "there are no test samples"
    case .notAModel(_, let reason): reason
    case .malformedTable(_, _, let problem, _): problem
    }
  }

  public var place: String? {
    switch self {
    case .unknownDetector: nil
    case .noLabels(let category), .noTrainingSamples(let category),
      .noTestSamples(let category):
      category
    case .severalCategories(let names):
      names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", ..." : "")
    case .notAModel(let path, _): path
    case .malformedTable(let path, let line, _, _):
      line.map { "\(path), line \($0)" } ?? path
    }
  }

  public var remedy: String {
    switch self {
    case .unknownDetector(_, let known):
      "use \(known.joined(separator: ", ")) or all"
    case .noLabels: "give them with --labels LABELS.csv (id,label)"
    case .severalCategories:
      "add --pool for one model of all, or choose one with --category"
    case .noTrainingSamples: "put ordinary samples into the training set"
    case .noTestSamples: "put samples into the test set"
    case .notAModel: "give a file that `anomaly fit` wrote"
    case .malformedTable(_, _, _, let remedy): remedy
    }
  }
}
