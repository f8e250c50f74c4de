import Datasets
import Detectors
import Diagnostics
import Execution
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
    _ category: DatasetCategory, in context: RunContext
  ) throws -> FittedPipeline {
    guard category.train.count > 0 else {
      throw ExperimentFault.noTrainingSamples(category: category.name)
    }
    let extractor = try features.extractor(for: category)
    let (scaler, samples) = try extractor.fitScale(
      self.scaler, to: category.train, in: context)
    var context = context
    context.imageShape = extractor.featureImageShape
    detector.warnOfLongFit(to: samples, in: context)
    let model = try detector.detector.fit(samples, in: context)
    return FittedPipeline(
      extractor: extractor, scaler: scaler, detector: detector, model: model,
      trainingScores: try model.scores(for: samples, in: context).sorted())
  }
}

extension FeatureExtractor {
  /// The scale of the training samples, and those samples on it.
  func fitScale(
    _ scaler: Scaler?, to set: SampleSet, in context: RunContext
  ) throws -> (scaler: FittedScaler, samples: any SampleSource) {
    let scaler = scaler ?? .default(for: self)
    let samples = try samples(of: set, in: context)
    guard scaler != .none else { return (.identity, samples) }
    let fitted = try scaler.fit(samples, in: context)
    return (fitted, fitted.scaled(samples))
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
    for set: SampleSet, in context: RunContext = RunContext()
  ) throws -> [Float] {
    let samples = try extractor.samples(of: set, in: context)
    guard samples.columns == model.featureCount else {
      throw DetectorFault.wrongFeatureCount(
        actual: samples.columns, expected: model.featureCount)
    }
    return try model.scores(for: scaler.scaled(samples), in: context)
  }
}
