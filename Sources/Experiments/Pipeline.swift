import Datasets
import Detectors
import Diagnostics
import Features
import LinearAlgebra

/// From samples to scores: features, scale, detector.
public struct Pipeline: Sendable {
  public var features: FeatureRecipe
  /// Nil is the default of the data: `standard` for tables, `none` for images.
  public var scaler: Scaler?
  public var detector: NamedDetector

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
  /// - Throws: the faults of reading, of the features and of the detector.
  public func fit(
    _ category: DatasetCategory, in context: FitContext
  ) throws -> FittedPipeline {
    guard category.train.count > 0 else {
      throw ExperimentFault.noTrainingSamples(category: category.name)
    }
    let extractor = try features.extractor(for: category)
    let samples = try extractor.matrix(
      of: category.train, progress: context.progress,
      cancellation: context.cancellation)
    let scaler = (self.scaler ?? .default(for: extractor)).fit(samples)
    let scaled = scaler.scaled(samples)
    var context = context
    context.imageShape = extractor.featureImageShape
    let model = try detector.detector.fit(scaled, in: context)
    return FittedPipeline(
      extractor: extractor, scaler: scaler, detector: detector, model: model,
      trainingScores: try model.scores(for: scaled).sorted())
  }
}

extension Scaler {
  /// `standard` for tables, whose columns have units of their own; `none` for
  /// images, whose pixels share one.
  public static func `default`(for extractor: FeatureExtractor) -> Scaler {
    extractor.imageShape == nil ? .standard : .none
  }
}

/// A pipeline that has learned.
public struct FittedPipeline: Sendable {
  public let extractor: FeatureExtractor
  public let scaler: FittedScaler
  public let detector: NamedDetector
  public let model: any AnomalyModel
  /// The scores of the training samples, ascending.
  public let trainingScores: [Float]

  /// One score for every sample; higher is more anomalous.
  ///
  /// - Throws: the faults of reading, of the features and of the model.
  public func scores(
    for set: SampleSet, progress: any ProgressSink = SilentProgress(),
    cancellation: Cancellation = Cancellation()
  ) throws -> [Float] {
    let samples = try extractor.matrix(
      of: set, progress: progress, cancellation: cancellation)
    return try scores(for: samples)
  }

  /// The same for features that were made by `extractor`.
  func scores(for samples: consuming Matrix) throws -> [Float] {
    guard samples.columns == model.featureCount else {
      throw DetectorFault.wrongFeatureCount(
        actual: samples.columns, expected: model.featureCount)
    }
    return try model.scores(for: scaler.scaled(samples))
  }
}
