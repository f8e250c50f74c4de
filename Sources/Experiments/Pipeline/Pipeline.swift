import Datasets
import Execution
import Features

/// From samples to scores: features, scale, detector.
public struct Pipeline: Sendable {
  /// What samples are described by; pixels, or a table's columns, by default.
  public var features: FeatureRecipe
  /// Nil is the default of the data: `standard` for tables, `none` for images.
  public var scaler: Scaler?
  /// What learns from the scaled features.
  public var detector: NamedDetector

  /// By default: usual features, and the usual scale of the data.
  public init(
    features: FeatureRecipe = FeatureRecipe(), scaler: Scaler? = nil,
    detector: NamedDetector
  ) {
    self.features = features
    self.scaler = scaler
    self.detector = detector
  }

  /// Learns from the training samples of the category.
  ///
  /// - Parameters:
  ///   - category: What to learn from.
  ///   - trainingScores: Which scores of training samples come with the model,
  ///     for a threshold at a quantile of them or for a model file.
  ///   - context: The circumstances of the fit.
  /// - Throws: the faults of reading, of the features and of the detector.
  public func fit(
    _ category: DatasetCategory, trainingScores: TrainingScores = .heldOut,
    in context: RunContext
  ) throws -> FittedPipeline {
    let preparation = try detector.preparation(
      Preparation(features: features, scaler: scaler))
    let workload = Workload(category, preparation)
    let parts = context.parts(
      [workload.readingSeconds, detector.expectedSeconds(workload)])
    var fitted = try PreparedCategory(
      category, workload, in: parts[0]
    ).fit(detector, trainingScores: trainingScores, in: parts[1])
    if trainingScores != .none {
      fitted.origin = ModelOrigin(
        seed: context.seed,
        dataChecksum: try category.train.checksum(in: context))
    }
    return fitted
  }
}
