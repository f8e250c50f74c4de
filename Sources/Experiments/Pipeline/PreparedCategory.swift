import Datasets
import Execution
import Features
import LinearAlgebra

/// The training samples of a category as features on a scale of their own,
/// ready for one detector after another.
package struct PreparedCategory: Sendable {
  let features: FittedFeatures
  let train: any SampleSource
  private let category: DatasetCategory

  /// - Parameters:
  ///   - workload: That of the category.
  /// - Throws: `ExperimentFault.noTrainingSamples`, the faults of reading and
  ///   of the features.
  init(
    _ category: DatasetCategory, _ workload: Workload, in context: RunContext
  ) throws {
    guard category.train.count > 0 else {
      throw ExperimentFault.noTrainingSamples(category: category.name)
    }
    (self.features, train) = try FittedFeatures.fit(
      workload.extractor.get(), workload.scaler, to: category.train, in: context
    )
    self.category = category
  }

  /// The test samples in the same way.
  ///
  /// - Throws: `ExperimentFault.noTestSamples`, the faults of reading and of
  ///   the features.
  func test(in context: RunContext) throws -> any SampleSource {
    guard category.test.count > 0 else {
      throw ExperimentFault.noTestSamples(category: category.name)
    }
    return category.isTransductive
      ? train
      : try features.rows(
        of: category.test, columns: train.columns, in: context)
  }

  /// Fits a detector; see `Pipeline.fit`.
  package func fit(
    _ detector: NamedDetector, scoresTraining: Bool = true,
    in context: RunContext
  ) throws -> FittedPipeline {
    // Scoring what was learned from takes a part of the time of the fit.
    let parts = context.parts(scoresTraining ? [4, 1] : [1])
    var fitting = parts[0]
    fitting.imageShape = features.extractor.featureImageShape
    detector.warnOfLongFit(to: train, in: fitting)
    let model = try detector.detector.fit(train, in: fitting)
    var fitted = FittedPipeline(
      features: features, detector: detector, model: model)
    if scoresTraining {
      // Local features of a picture are explained by itself: only what the
      // others teach tells how strange it is.
      fitted.trainingScores =
        try
        (model.leftOutScores?.scores ?? fitted.scores(of: train, in: parts[1]))
        .sorted()
    }
    return fitted
  }
}
