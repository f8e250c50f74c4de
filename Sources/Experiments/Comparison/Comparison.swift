import Datasets
import Diagnostics
import Evaluation
import Execution
import Features
import Images
import Parameters

/// A result and what it was computed from.
public struct ComparisonRun: Sendable {
  /// The names and figures for tables and JSON.
  public var result: DetectorResult
  /// The test samples, with their scores in the same order.
  public var test: SampleSet
  /// Higher is more anomalous; empty when the detector failed, and where they
  /// are not kept.
  public var scores: [Float]
  /// What a page shows; empty when the detector failed, and for the seeds after
  /// the first.
  package var extremes = ExtremeSamples()
  /// The extreme samples, by their place among the test samples; empty for
  /// tables.
  public var pictures: [Int: RasterImage] = [:]
  /// What the detector takes its extreme samples for; empty unless it
  /// reconstructs images.
  public var reconstructions: [Int: RasterImage] = [:]
  /// Where the detector sees its extreme samples strange: one channel at the
  /// size of the picture, higher for stranger, on one scale for all; empty
  /// unless it localises in images.
  public var heatMaps: [Int: RasterImage] = [:]
  /// What the heat maps of the training pictures, each left out, nowhere lie
  /// above, but for one in a hundred at most; nil unless the detector is
  /// calibrating.
  package var heatMapThreshold: Float?
  /// Where the defects of those samples are, at the size of the picture.
  package var masks: [Int: RasterImage] = [:]
  /// Why the extreme samples of a table are strange, by their place: all columns,
  /// the one that does most first; empty for pictures.
  public var reasons: [Int: [Reason]] = [:]
  /// What the detector found out about the training samples, in words.
  public var explanation: String?
  /// The group of alike samples that every test sample belongs to, counted from
  /// 0; empty when all have one model.
  public var groups: [Int] = []
  /// Why the detector failed.
  public var failure: (any Error)?

  /// Without pictures and without failure.
  public init(
    result: DetectorResult, test: SampleSet, scores: [Float]
  ) {
    self.result = result
    self.test = test
    self.scores = scores
  }

  /// The scores judged by the labels, anew each time; nil without one of them.
  public var evaluation: Evaluation? {
    guard !scores.isEmpty else { return nil }
    return test.labels.flatMap { try? Evaluation(scores: scores, labels: $0) }
  }
}

/// Detectors side by side on the same samples.
public struct Comparison: Sendable {
  /// What is learned from and scored, category by category.
  public var dataset: Dataset
  /// Puts all categories into one training set and one test set.
  public var isPooled: Bool
  /// In the order of the tables.
  public var detectors: [NamedDetector]
  /// How all detectors are given the samples.
  public var features: FeatureRecipe
  /// Nil is the default of the data: `standard` for tables, `none` for images.
  public var scaler: Scaler?
  /// The seeds to run every detector with.
  public var seeds: [UInt64]
  /// Whether runs come with the pictures of their extreme samples.
  public var makesPictures: Bool
  /// Whether runs of all seeds keep their scores; else those of the first do.
  public var keepsScores: Bool

  /// By default: categories apart, usual features and scale, seed 0, pictures
  /// and scores.
  public init(
    dataset: Dataset, isPooled: Bool = false, detectors: [NamedDetector],
    features: FeatureRecipe = FeatureRecipe(), scaler: Scaler? = nil,
    seeds: [UInt64] = [0], makesPictures: Bool = true,
    keepsScores: Bool = true
  ) {
    self.dataset = dataset
    self.isPooled = isPooled
    self.detectors = detectors
    self.features = features
    self.scaler = scaler
    self.seeds = seeds
    self.makesPictures = makesPictures
    self.keepsScores = keepsScores
  }

  /// Runs everything; the samples of a category are read once.
  ///
  /// A detector that cannot fit or score does not stop the others, nor does
  /// a category that cannot be read stop other categories: the context is
  /// warned, and the runs say why they failed. A hyper-parameter out of range,
  /// or features that cannot be made as asked, stop all. Of a table without
  /// labels there are scores and no figures.
  ///
  /// - Parameters:
  ///   - context: The circumstances of every fit but the seed.
  ///   - finished: Called after every run.
  /// - Throws: `ParameterFault`, `ExperimentFault.noLabels`, the faults of
  ///   reading the only category, `FeatureFault`, `CancellationError`.
  public func run(
    in context: RunContext = RunContext(),
    finished: (ComparisonRun) -> Void = { _ in }
  ) throws -> [ComparisonRun] {
    for detector in detectors { try detector.detector.check() }
    let categories = isPooled ? [try dataset.pooled()] : dataset.categories
    // A table can be looked through without labels.
    for category in categories
    where category.test.labels == nil && !category.isTransductive {
      throw ExperimentFault.noLabels(category: category.name)
    }
    let isUnlabelled = categories.allSatisfy { $0.test.labels == nil }
    let shown =
      isUnlabelled
      ? ExtremeSamples.countWithoutLabels
      : makesPictures
        ? ExtremeSamples.count(forRuns: categories.count * detectors.count)
        : nil
    let groups = try detectorsByPreparation()
    let workloads = categories.map { category in
      groups.map { Workload(category, $0.preparation) }
    }
    // Of each category and preparation: for reading it, then for every run.
    let seconds = workloads.map {
      zip($0, groups).map { workload, group in
        [workload.readingSeconds]
          + group.detectors.flatMap {
            Array(
              repeating: $0.expectedSeconds(workload), count: seeds.count)
          }
      }
    }
    let parts = context.parts(seconds.map { $0.joined().reduce(0, +) })
    return try categories.indices.flatMap { index in
      let shares = parts[index].parts(seconds[index].map { $0.reduce(0, +) })
      let runs = try groups.indices.flatMap { group in
        try run(
          groups[group].detectors, on: categories[index],
          workloads[index][group], isOnly: categories.count == 1, shown: shown,
          in: shares[group].parts(seconds[index][group]), finished: finished)
      }
      return detectors.map(\.name).uniqued().flatMap { name in
        runs.filter { $0.result.detector == name }
      }
    }
  }

  /// The detectors that share samples, those of the first one first.
  private func detectorsByPreparation() throws -> [(
    preparation: Preparation, detectors: [NamedDetector]
  )] {
    let asked = Preparation(features: features, scaler: scaler)
    let own = try detectors.map { (try $0.preparation(asked), $0) }
    return own.map(\.0).uniqued().map { preparation in
      (preparation, own.filter { $0.0 == preparation }.map(\.1))
    }
  }

  /// - Parameter parts: For every run.
  private func run(
    _ detectors: [NamedDetector], on category: DatasetCategory,
    _ workload: Workload, isOnly: Bool, shown: Int?, in parts: [RunContext],
    finished: (ComparisonRun) -> Void
  ) throws -> [ComparisonRun] {
    var parts = parts[...]
    let reading = parts.removeFirst()
    var compared = try ComparedCategory(
      category, workload, of: dataset.name, in: reading)
    if let error = compared.failure {
      // What is asked for in vain of one is so of all.
      guard !isOnly, (error as? any Fault)?.kind != .usage else { throw error }
      reading.warn("\(category.name): \(FaultMessage(error))")
    }
    var runs: [ComparisonRun] = []
    for detector in detectors {
      for seed in seeds {
        let context = parts.removeFirst().named(
          "\(category.name), \(detector.name)")
        try context.cancellation.check()
        // Of several seeds, the first is shown for all.
        var run = try compared.run(
          detector, seed: seed, shown: seed == seeds[0] ? shown : nil,
          in: context)
        if let mistake = run.failure as? ParameterFault { throw mistake }
        if compared.failure == nil, let failure = run.failure {
          context.warn(
            "\(detector.name), \(category.name): \(FaultMessage(failure))")
        }
        finished(run)
        if !keepsScores, seed != seeds[0] { run.scores = [] }
        runs.append(run)
      }
    }
    return runs
  }
}
