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
  /// The scores of the training samples, ascending, each left out where the
  /// model knows such; empty when the fit was not asked for them.
  public internal(set) var trainingScores: [Float]
  /// Whether the training scores are of all training samples, each by a model
  /// that did not learn from it.
  public internal(set) var isCrossFitted = false
  /// Of the training rows of a table; nil of pictures and of files that do not
  /// tell.
  var usual: UsualValues?
  /// Where the model comes from; nil for one that was put together by hand or
  /// written by version 0.1.
  public internal(set) var origin: ModelOrigin?

  /// A pipeline of a model that was fitted to rows as they are, neither scaled
  /// nor made into features, so that it can be saved and judged.
  ///
  /// - Parameters:
  ///   - model: What scores.
  ///   - detector: What it was fitted by.
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

  /// Whether it knows what stands in for missing numbers of a table.
  package var fillsMissingValues: Bool { extractor.table?.fills != nil }
  /// Whether it knows the words of a table's columns.
  package var knowsCategories: Bool { extractor.table?.words.isEmpty == false }

  package var extractor: FeatureExtractor { features.extractor }
  package var scaler: FittedScaler { features.scaler }

  /// One score for every sample; higher is more anomalous.
  ///
  /// The training samples themselves, told by the checksum of all, do not count
  /// as their own neighbours where the model can leave them out.
  ///
  /// - Parameters:
  ///   - set: The samples.
  ///   - shard: The part of them that is scored; nil for all.
  ///   - context: Threads, and who watches or stops the work.
  /// - Throws: `ExperimentFault.noTestSamples`, the faults of reading, of the
  ///   features and of the model.
  public func scores(
    for set: SampleSet, shard: Shard? = nil,
    in context: RunContext = RunContext()
  ) throws -> [Float] {
    if let model = model.leavingOneOut, let origin,
      try set.checksum(in: context) == origin.dataChecksum
    {
      let scores = try model.leaveOneOutScores(in: context)
      return shard.map { Array(scores[$0.rows(of: set.count)]) } ?? scores
    }
    guard let shard else {
      return try scores(of: rows(of: set, in: context), in: context)
    }
    let own = shard.rows(of: set.count)
    guard !own.isEmpty else { return [] }
    return try scores(
      of: rows(of: set.selecting(Array(own)), in: context), in: context)
  }

  /// The features of samples, on the scale of the training.
  func rows(
    of set: SampleSet, in context: RunContext
  ) throws -> any SampleSource {
    guard set.count > 0 else {
      throw ExperimentFault.noTestSamples(category: nil)
    }
    return try features.rows(
      of: set, columns: model.featureCount, in: context)
  }

  /// The scores of features on the scale of the training samples.
  ///
  /// - Parameters:
  ///   - rows: One sample a row.
  ///   - context: Threads, and who watches or stops the work.
  ///   - maps: Is handed the heat maps of a few pictures after the other, one
  ///     map a row; never called unless the model localises pictures.
  func scores(
    of rows: any SampleSource, in context: RunContext,
    maps: ((Range<Int>, Matrix) throws -> Void)? = nil
  ) throws -> [Float] {
    guard let maps, let model = localizing else {
      return try model.scores(for: rows, in: context)
    }
    let quiet = localizationContext(context).quiet
    var scores: [Float] = []
    // Of at most 64 MiB where 16 fit.
    for block in rows.blocks(ofAtMost: 256, numbers: 1 << 24) {
      try context.cancellation.check()
      let localization = try model.localization(
        of: context.withThreads { try rows.finite(rows: Array(block)) },
        in: quiet)
      scores += localization.scores
      try maps(block, localization.maps)
      context.progress.report(
        ProgressReport(
          stage: "scoring", completed: block.upperBound, total: rows.rows))
    }
    return scores
  }

  /// The model, if it localises and the features are pictures.
  var localizing: (any LocalizingModel)? {
    extractor.featureImageShape == nil ? nil : model.localizing
  }

  private func localizationContext(_ context: RunContext) -> RunContext {
    var context = context
    context.imageShape = extractor.featureImageShape
    return context
  }

  /// Where the model sees features on the scale of the training samples
  /// strange, one channel at the size of the features; nil unless it localises
  /// pictures.
  func heatMaps(
    of rows: Matrix, in context: RunContext
  ) throws -> [RasterImage]? {
    try localization(of: rows, in: context)?.heatMaps
  }

  /// Scores beside heat maps; nil unless the model localises pictures.
  func localization(
    of rows: Matrix, in context: RunContext
  ) throws -> (scores: [Float], heatMaps: [RasterImage])? {
    guard let model = localizing, let shape = extractor.featureImageShape else {
      return nil
    }
    let localization = try model.localization(
      of: rows, in: localizationContext(context))
    let mapShape = ImageShape(
      height: shape.height, width: shape.width, channels: 1)
    return (
      localization.scores,
      (0..<rows.rows).map {
        RasterImage(shape: mapShape, values: Array(localization.maps.row($0)))
      }
    )
  }

  /// What the model takes features on the scale of the training samples for;
  /// nil unless it reconstructs images.
  func reconstructions(
    of rows: Matrix, in context: RunContext
  ) throws -> [RasterImage]? {
    guard extractor.featureImageShape != nil, let model = model.reconstructing
    else { return nil }
    return features.images(
      of: try model.reconstructions(of: rows, in: context))
  }
}
