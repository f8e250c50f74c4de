import Datasets
import Detectors
import Evaluation
import Execution
import Features
import Images
import LinearAlgebra

/// The features of a category, scaled as its training samples ask for, ready
/// for one detector after another.
struct PreparedSamples {
  let extractor: FeatureExtractor
  let train: any SampleSource
  let test: any SampleSource
  private let testSamples: SampleSet
  private let testLabels: [Int]
  private let scaler: FittedScaler
  /// What all results have in common.
  private let blank: DetectorResult

  /// - Parameter dataset: The name that results carry.
  /// - Throws: `ExperimentFault` for a set without samples, the faults of
  ///   reading and of the features.
  init(
    _ category: DatasetCategory, of dataset: String, features: FeatureRecipe,
    scaler: Scaler?, context: RunContext
  ) throws {
    let clock = ContinuousClock()
    let start = clock.now
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
    testSamples = category.test
    testLabels = category.test.labels ?? []
    self.extractor = extractor
    blank = DetectorResult(
      dataset: dataset, category: category.name, detector: "",
      features: extractor.name, seed: 0, trainCount: train.rows,
      testCount: test.rows, loadSeconds: (clock.now - start) / .seconds(1))
  }

  /// Fits one detector and judges its scores; what keeps it from that becomes
  /// the failure of the run.
  ///
  /// - Throws: `CancellationError`.
  func run(
    _ detector: NamedDetector, seed: UInt64, in context: RunContext
  ) throws -> ComparisonRun {
    var run = ComparisonRun(result: blank, test: testSamples, scores: [])
    run.result.detector = detector.name
    run.result.seed = seed
    var context = context
    context.seed = seed
    context.imageShape = extractor.featureImageShape
    do {
      detector.warnOfLongFit(to: train, in: context)
      try measure(detector.detector, in: context, into: &run)
    } catch let error as CancellationError {
      throw error
    } catch {
      run.failure = error
    }
    return run
  }

  private func measure(
    _ detector: any Detector, in context: RunContext,
    into run: inout ComparisonRun
  ) throws {
    let clock = ContinuousClock()
    let fit = try clock.measure(
      try detector.fit(train, in: context) as any AnomalyModel)
    let scoring = try clock.measure(
      try fit.value.scores(for: test, in: context))
    let evaluation = try Evaluation(scores: scoring.value, labels: testLabels)
    run.scores = scoring.value
    run.evaluation = evaluation
    run.result.auroc = evaluation.auroc
    run.result.averagePrecision = evaluation.averagePrecision
    run.result.fitSeconds = fit.seconds
    run.result.scoreSeconds = scoring.seconds
    run.standouts = Standouts(scores: scoring.value, labels: testLabels)
    if let model = fit.value.reconstructing {
      run.reconstructions = try reconstructions(
        by: model, of: run.standouts.places())
    }
  }

  /// Test samples as a model would have them; none unless features are images.
  func reconstructions(
    by model: any ReconstructingModel, of places: [Int]
  ) throws -> [Int: Image] {
    guard let shape = extractor.featureImageShape else { return [:] }
    let rows = scaler.unscaled(
      try model.reconstructions(
        of: test.matrix(ofRows: places), in: RunContext()))
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
