import Diagnostics

/// Why an experiment cannot be run.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum ExperimentFault: Fault, Hashable {
  /// The catalogue has no detector of this name.
  case unknownDetector(String, known: [String])
  /// Scores cannot be judged without labels.
  case noLabels(category: String)
  /// One training set is needed, and there are several.
  case severalCategories([String])
  /// `all` are several, where one is needed.
  case severalDetectors
  /// There is nothing to fit to.
  case noTrainingSamples(category: String)
  /// Pictures alone, where some are needed to learn from.
  case nothingToLearnFrom(path: String)
  /// There is nothing to score; nil for a set of no known category.
  case noTestSamples(category: String?)
  /// The file is no model of ours, or one of another detector.
  case notAModel(path: String, reason: String)
  /// A latent code has fewer numbers than the edit's index needs.
  case latentIndexOutOfRange(Int, latentSize: Int)
  /// The detector shows no reconstructions, or no latent codes.
  case cannotShow(String, detector: String)
  /// The model sees features that are no pictures.
  case noPictures(features: String)
  /// The detector sees pictures as they are.
  case needsPixels(detector: String)
  /// The detector does not tell how strange its training pictures are.
  case notCalibrating(detector: String, known: [String])
  /// The model file is of another fit than the one that is asked for.
  case anotherFit(path: String, difference: String)
  /// Reasons are columns of a table; these are pictures.
  case noColumns
  /// No row of the table has this id.
  case unknownRow(String)
  /// The model keeps no scores of samples that it did not learn from.
  case noCalibration

  public var kind: FaultKind {
    switch self {
    case .unknownDetector, .severalDetectors, .severalCategories,
      .latentIndexOutOfRange, .cannotShow, .noPictures, .needsPixels,
      .notCalibrating, .anotherFit, .noColumns, .unknownRow, .noCalibration:
      .usage
    case .noLabels, .noTrainingSamples, .nothingToLearnFrom, .noTestSamples,
      .notAModel:
      .data
    }
  }

  public var problem: FaultMessage {
    switch self {
    case .unknownDetector(let name, _): "there is no detector \(name)"
    case .severalDetectors: "all are several detectors, and one is needed"
    case .noLabels: "the test samples have no labels"
    case .severalCategories(let names):
      "the dataset has \(names.count) categories"
    case .noTrainingSamples: "there are no training samples"
    case .nothingToLearnFrom: "pictures alone have nothing to learn from"
    case .noTestSamples: "there are no test samples"
    case .notAModel(_, let reason): FaultMessage(reason)
    case .latentIndexOutOfRange(let index, _):
      "the latent code has no number \(index)"
    case .cannotShow(let thing, let detector): "\(detector) has no \(thing)"
    case .noPictures(let features): "\(features) cannot be drawn as pictures"
    case .needsPixels(let detector): "\(detector) makes features of its own"
    case .notCalibrating(let detector, _):
      "\(detector) makes no threshold of good pictures alone"
    case .anotherFit(_, let difference):
      "the model was fitted \(difference)"
    case .noColumns: "pictures have no columns to be strange by"
    case .unknownRow(let id): "there is no row \(id)"
    case .noCalibration:
      "the model keeps no scores of samples that it did not learn from"
    }
  }

  public var place: String? {
    switch self {
    case .unknownDetector, .severalDetectors, .latentIndexOutOfRange,
      .cannotShow, .noPictures, .needsPixels, .notCalibrating, .noColumns,
      .unknownRow, .noCalibration:
      nil
    case .noLabels(let category), .noTrainingSamples(let category): category
    case .noTestSamples(let category): category
    case .severalCategories(let names):
      names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", ..." : "")
    case .nothingToLearnFrom(let path), .notAModel(let path, _),
      .anotherFit(let path, _):
      path
    }
  }

  public var remedy: FaultMessage {
    switch self {
    case .unknownDetector(let name, let known):
      (nearest(name, among: known).map { "did you mean \($0)? " } ?? "")
        + "`anomaly detectors` lists all"
    case .severalDetectors:
      "name one, or leave out \(option: "detector") for the usual one"
    case .noLabels:
      "give them with \(option: "labels", "LABELS.csv") (id,label)"
    case .severalCategories:
      "add \(option: "pool") for one model of all, or choose one with"
        + " \(option: "category")"
    case .noTrainingSamples: "put ordinary samples into the training set"
    case .nothingToLearnFrom:
      "put ordinary ones into train/ and those to judge into test/, or give"
        + " score, inspect or outliers a model by \(option: "model")"
    case .noTestSamples: "put samples into the test set"
    case .notAModel: "give a file that `anomaly fit` wrote"
    case .latentIndexOutOfRange(_, let size): "use 0 to \(size - 1)"
    case .cannotShow: "use pca or an autoencoder"
    case .noPictures:
      "fit a model of pictures, with \(option: "features", "pixels")"
    case .needsPixels:
      "leave out \(option: "features") and \(option: "scaler")"
    case .notCalibrating(_, let known): "use \(known.joined(separator: ", "))"
    case .anotherFit: "remove the file, or give another name for a new model"
    case .noColumns: "give a table; the page of compare shows heat maps"
    case .unknownRow:
      "use ids of the table, or numbers of rows from 0 where it has none"
    case .noCalibration:
      "fit it again with \(option: "calibrate"), or give ordinary samples by"
        + " \(option: "calibration")"
    }
  }
}
