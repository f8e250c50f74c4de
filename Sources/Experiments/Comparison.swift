import Datasets
import Detectors
import Diagnostics
import Evaluation
import Execution
import Features
import Foundation
import Images
import LinearAlgebra
import Parameters

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
  /// - Parameters:
  ///   - context: The circumstances of every fit but the seed.
  ///   - finished: Called after every run.
  /// - Throws: `ExperimentFault.noLabels`, the faults of reading and of the
  ///   features, `CancellationError`.
  public func run(
    in context: RunContext = RunContext(),
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
    _ category: DatasetCategory, in context: RunContext,
    finished: (ComparisonRun) -> Void
  ) throws -> [ComparisonRun] {
    let samples = try PreparedSamples(
      category, of: dataset.name, features: features, scaler: scaler,
      context: context)
    var runs: [ComparisonRun] = []
    for detector in detectors {
      for seed in seeds {
        try context.cancellation.check()
        let run = try samples.run(detector, seed: seed, in: context)
        if let mistake = run.failure as? ParameterFault { throw mistake }
        finished(run)
        runs.append(run)
      }
    }
    return runs
  }
}
