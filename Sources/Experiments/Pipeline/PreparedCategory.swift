import Autoencoders
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
    return isTransductive
      ? train
      : try features.rows(
        of: category.test, columns: train.columns, in: context)
  }

  /// Fits a detector; see `Pipeline.fit`.
  package func fit(
    _ detector: NamedDetector, trainingScores: TrainingScores = .heldOut,
    in context: RunContext
  ) throws -> FittedPipeline {
    let parts = context.parts(trainingScores == .none ? [1] : [1, 1])
    var fitting = parts[0]
    fitting.imageShape = features.extractor.featureImageShape
    let detector = detector.suited(
      toTransductive: isTransductive && fitting.imageShape == nil, in: fitting)
    detector.warnOfLongFit(to: train, in: fitting)
    if let side = fitting.imageShape?.height {
      try detector.noteLostDetail(
        of: category.train.firstPictureSize, seenAt: side, in: fitting)
    }
    // Whoever scales images has been asked for another range.
    if detector.detector is Autoencoder, fitting.imageShape != nil,
      features.scaler.featureCount == nil
    {
      try Autoencoder.checkIntensities(of: train)
    }
    let model = try detector.detector.fit(train, in: fitting)
    var fitted = FittedPipeline(
      features: features, detector: detector, model: model)
    if features.extractor.imageShape == nil {
      fitted.usual = try UsualValues(of: train)
    }
    fitted.isCrossFitted = trainingScores == .crossFitted
    fitted.trainingScores = try scores(
      trainingScores, by: fitted, in: parts.last ?? context
    ).sorted()
    return fitted
  }

  /// Whether the training samples are those to be judged.
  var isTransductive: Bool { category.isTransductive }

  private func scores(
    _ kind: TrainingScores, by fitted: FittedPipeline, in context: RunContext
  ) throws -> [Float] {
    if kind != .none, kind != .crossFitted,
      let model = fitted.model.leavingOneOut
    {
      return try model.leaveOneOutScores(in: context)
    }
    switch kind {
    case .none:
      return []
    case .crossFitted:
      if let known = fitted.model.leftOutScores { return known.scores }
      var context = context
      context.imageShape = features.extractor.featureImageShape
      return try fitted.detector.detector.heldOutScores(
        of: train, all: true, in: context)
    case .heldOut:
      if let known = fitted.model.knownHeldOutScores { return known }
      // Of samples that are to be scored themselves, their own scores tell.
      if isTransductive || fitted.detector.detector.trainsInEpochs {
        fallthrough
      }
      var context = context
      context.imageShape = features.extractor.featureImageShape
      return try fitted.detector.detector.heldOutScores(of: train, in: context)
    case .own:
      return try fitted.model.leftOutScores?.scores
        ?? fitted.scores(of: train, in: context)
    }
  }
}

/// Which scores of training samples a fit comes with, to make a threshold of.
public enum TrainingScores: Sendable {
  /// No scores.
  case none
  /// As the model that learned from the samples scores them; those of local
  /// detectors as if each were left out, as what a picture itself teaches
  /// explains it.
  case own
  /// As models that did not learn from them score them, so that new ordinary
  /// samples score alike.
  ///
  /// Their own scores for networks, whose training is not repeated, and where
  /// the training samples are those to be judged.
  case heldOut
  /// Of every training sample, as a model that did not learn from it scores it:
  /// what a rate of false alarms can be promised by.
  case crossFitted
}
