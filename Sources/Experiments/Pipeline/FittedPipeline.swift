import Datasets
import Detectors
import Execution
import Features
import Images
import LinearAlgebra

/// A pipeline that has learned.
public struct FittedPipeline: Sendable {
  let features: FittedFeatures
  /// What the model was fitted by.
  public let detector: NamedDetector
  /// What scores samples once they have their features and scale.
  public let model: any AnomalyModel
  /// The scores of the training samples, ascending; empty when the fit was not
  /// asked for them.
  public internal(set) var trainingScores: [Float]
  /// Where the model comes from; nil for one that was put together by hand or
  /// written by version 0.1.
  public internal(set) var origin: ModelOrigin?

  /// A pipeline of a model that was fitted to rows as they are, neither scaled
  /// nor made into features, so that it can be saved and judged.
  ///
  /// - Parameters:
  ///   - imageShape: The images that the rows are; nil for a table.
  ///   - trainingScores: In any order; for a threshold at a quantile of them.
  /// - Throws: `DetectorFault.wrongFeatureCount` for an image of another size
  ///   than the model takes.
  public init(
    _ model: any AnomalyModel, of detector: NamedDetector,
    imageShape: ImageShape? = nil, trainingScores: [Float] = []
  ) throws {
    if let imageShape, imageShape.count != model.featureCount {
      throw DetectorFault.wrongFeatureCount(
        actual: imageShape.count, expected: model.featureCount)
    }
    self.init(
      features: FittedFeatures(
        extractor: try FeatureExtractor(kind: .pixels, imageShape: imageShape),
        scaler: .identity),
      detector: detector, model: model, trainingScores: trainingScores.sorted())
  }

  init(
    features: FittedFeatures, detector: NamedDetector,
    model: any AnomalyModel, trainingScores: [Float] = []
  ) {
    self.features = features
    self.detector = detector
    self.model = model
    self.trainingScores = trainingScores
  }

  package var extractor: FeatureExtractor { features.extractor }
  package var scaler: FittedScaler { features.scaler }

  /// One score for every sample; higher is more anomalous.
  ///
  /// - Throws: `ExperimentFault.noTestSamples`, the faults of reading, of the
  ///   features and of the model.
  public func scores(
    for set: SampleSet, in context: RunContext = RunContext()
  ) throws -> [Float] {
    guard set.count > 0 else {
      throw ExperimentFault.noTestSamples(category: nil)
    }
    return try scores(
      of: features.rows(of: set, columns: model.featureCount, in: context),
      in: context)
  }

  /// The scores of features on the scale of the training samples.
  func scores(
    of rows: any SampleSource, in context: RunContext
  ) throws -> [Float] {
    try model.scores(for: rows, in: context)
  }

  /// What the model takes features on the scale of the training samples for;
  /// nil unless it reconstructs images.
  func reconstructions(
    of rows: @autoclosure () throws -> Matrix, in context: RunContext
  ) throws -> [RasterImage]? {
    guard extractor.featureImageShape != nil, let model = model.reconstructing
    else { return nil }
    return features.images(
      of: try model.reconstructions(of: rows(), in: context))
  }
}
