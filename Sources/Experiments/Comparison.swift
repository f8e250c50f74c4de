import Datasets
import Detectors
import Diagnostics
import Evaluation
import Features
import Foundation
import Images
import LinearAlgebra

/// The figures of one detector on one category with one seed.
///
/// The names are those of the command's JSON.
public struct DetectorResult: Codable, Hashable, Sendable {
  public var dataset: String
  public var category: String
  public var detector: String
  public var features: String
  public var seed: UInt64
  /// Nil when the detector failed.
  public var auroc: Double?
  public var averagePrecision: Double?
  /// Nil until a detector gives a score for every pixel.
  public var pixelAuroc: Double?
  public var trainCount: Int
  public var testCount: Int
  public var fitSeconds: Double?
  public var scoreSeconds: Double?
  /// For reading the samples and making features, shared by all detectors.
  public var loadSeconds: Double

  public func encode(to encoder: any Encoder) throws {
    // Absent figures are null, not absent keys.
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(dataset, forKey: .dataset)
    try container.encode(category, forKey: .category)
    try container.encode(detector, forKey: .detector)
    try container.encode(features, forKey: .features)
    try container.encode(seed, forKey: .seed)
    try container.encode(auroc, forKey: .auroc)
    try container.encode(averagePrecision, forKey: .averagePrecision)
    try container.encode(pixelAuroc, forKey: .pixelAuroc)
    try container.encode(trainCount, forKey: .trainCount)
    try container.encode(testCount, forKey: .testCount)
    try container.encode(fitSeconds, forKey: .fitSeconds)
    try container.encode(scoreSeconds, forKey: .scoreSeconds)
    try container.encode(loadSeconds, forKey: .loadSeconds)
  }
}

/// A result and what it was computed from.
public struct ComparisonRun: Sendable {
  public var result: DetectorResult
  /// The test samples, with their scores in the same order.
  public var test: SampleSet
  public var scores: [Float]
  /// Nil when the detector failed.
  public var evaluation: Evaluation?
  /// Empty when the detector failed.
  public var standouts = Standouts()
  /// What the detector takes its standouts for, by their place among the test
  /// samples; empty unless it reconstructs images.
  public var reconstructions: [Int: Image] = [:]
  /// Why the detector failed.
  public var failure: (any Error)?

  public init(
    result: DetectorResult, test: SampleSet, scores: [Float],
    evaluation: Evaluation? = nil
  ) {
    self.result = result
    self.test = test
    self.scores = scores
    self.evaluation = evaluation
  }
}

/// Detectors side by side on the same samples.
public struct Comparison: Sendable {
  public var dataset: Dataset
  /// Puts all categories into one training set and one test set.
  public var isPooled: Bool
  public var detectors: [NamedDetector]
  public var features: FeatureRecipe
  /// Nil is the default of the data: `standard` for tables, `none` for images.
  public var scaler: Scaler?
  /// The seeds to run every detector with.
  public var seeds: [UInt64]

  public init(
    dataset: Dataset, isPooled: Bool = false, detectors: [NamedDetector],
    features: FeatureRecipe = FeatureRecipe(), scaler: Scaler? = nil,
    seeds: [UInt64] = [0]
  ) {
    self.dataset = dataset
    self.isPooled = isPooled
    self.detectors = detectors
    self.features = features
    self.scaler = scaler
    self.seeds = seeds
  }

  /// Runs everything; the samples of a category are read once.
  ///
  /// A detector that cannot fit or score does not stop the others, but one
  /// with a hyper-parameter out of range does.
  ///
  /// - Parameter finished: Called after every run.
  /// - Throws: `ExperimentFault.noLabels`, the faults of reading and of the
  ///   features, `CancellationError`.
  public func run(
    in context: FitContext = FitContext(),
    finished: (ComparisonRun) -> Void = { _ in }
  ) throws -> [ComparisonRun] {
    let categories = isPooled ? [try dataset.pooled()] : dataset.categories
    for category in categories where category.test.labels == nil {
      throw ExperimentFault.noLabels(category: category.name)
    }
    return try categories.flatMap {
      try run($0, in: context, finished: finished)
    }
  }

  private func run(
    _ category: DatasetCategory, in context: FitContext,
    finished: (ComparisonRun) -> Void
  ) throws -> [ComparisonRun] {
    let loading = try ContinuousClock().measure(
      PreparedSamples(
        category, features: features, scaler: scaler, context: context))
    let samples = loading.value
    let blank = DetectorResult(
      dataset: dataset.name, category: category.name, detector: "",
      features: samples.extractor.name, seed: 0,
      trainCount: samples.train.rows, testCount: samples.test.rows,
      loadSeconds: loading.seconds)
    var runs: [ComparisonRun] = []
    for detector in detectors {
      for seed in seeds {
        try context.cancellation.check()
        var run = ComparisonRun(
          result: blank, test: category.test, scores: [])
        run.result.detector = detector.name
        run.result.seed = seed
        var context = context
        context.seed = seed
        context.imageShape = samples.extractor.featureImageShape
        do {
          detector.warnOfLongFit(to: samples.train, in: context)
          try measure(detector.detector, on: samples, in: context, into: &run)
        } catch let error as CancellationError {
          throw error
        } catch let fault as DetectorFault where fault.isMistake {
          throw fault
        } catch {
          run.failure = error
        }
        finished(run)
        runs.append(run)
      }
    }
    return runs
  }

  private func measure(
    _ detector: any Detector, on samples: PreparedSamples,
    in context: FitContext, into run: inout ComparisonRun
  ) throws {
    let clock = ContinuousClock()
    let fit = try clock.measure(
      try detector.fit(streaming: samples.train, in: context)
        as any AnomalyModel)
    let scoring = try clock.measure(
      try fit.value.scores(streaming: samples.test))
    let evaluation = try Evaluation(
      scores: scoring.value, labels: samples.testLabels)
    run.scores = scoring.value
    run.evaluation = evaluation
    run.result.auroc = evaluation.auroc
    run.result.averagePrecision = evaluation.averagePrecision
    run.result.fitSeconds = fit.seconds
    run.result.scoreSeconds = scoring.seconds
    run.standouts = Standouts(
      scores: scoring.value, labels: samples.testLabels)
    if let model = fit.value as? any ReconstructingModel {
      run.reconstructions = try samples.reconstructions(
        by: model, of: run.standouts.places())
    }
  }
}

extension DetectorFault {
  /// Whether other samples could not mend it.
  fileprivate var isMistake: Bool {
    if case .invalidHyperparameter = self { true } else { false }
  }
}

/// The features of a category, scaled as its training samples ask for.
private struct PreparedSamples {
  let extractor: FeatureExtractor
  let train: any SampleSource
  let test: any SampleSource
  let testLabels: [Int]
  private let scaler: FittedScaler

  init(
    _ category: DatasetCategory, features: FeatureRecipe, scaler: Scaler?,
    context: FitContext
  ) throws {
    guard category.train.count > 0 else {
      throw ExperimentFault.noTrainingSamples(category: category.name)
    }
    guard category.test.count > 0 else {
      throw ExperimentFault.noTestSamples(category: category.name)
    }
    let extractor = try features.extractor(for: category)
    let (scaler, train) = try extractor.fitScale(
      scaler, to: category.train, in: context)
    self.train = train
    self.scaler = scaler
    test =
      category.isTransductive
      ? train
      : try scaler.scaled(extractor.samples(of: category.test, in: context))
    testLabels = category.test.labels ?? []
    self.extractor = extractor
  }

  /// Test samples as a model would have them; none unless features are images.
  func reconstructions(
    by model: any ReconstructingModel, of places: [Int]
  ) throws -> [Int: Image] {
    guard let shape = extractor.featureImageShape else { return [:] }
    let rows = scaler.unscaled(
      try model.reconstructions(of: test.matrix(ofRows: places)))
    return Dictionary(
      uniqueKeysWithValues: places.enumerated().map { row, place in
        (place, Image(shape: shape, values: Array(rows.row(row))))
      })
  }
}

extension ContinuousClock {
  /// A value and the seconds that making it took.
  fileprivate func measure<Value>(
    _ make: @autoclosure () throws -> Value
  ) rethrows -> (value: Value, seconds: Double) {
    let start = now
    let value = try make()
    return (value, (now - start) / .seconds(1))
  }
}
