import Datasets
import Detectors
import Evaluation
import Execution
import LinearAlgebra

/// The test samples whose scores lie above a quantile of the training scores.
public struct OutlierSearch: Sendable {
  /// The quantile of the training scores; what scores above it is an outlier.
  public let threshold: Double
  /// One score for every test sample.
  public let scores: [Float]
  /// Places in the test set, the strangest first.
  public let outliers: [Int]
  /// Places in the test set below the threshold, the most ordinary first.
  public let ordinary: [Int]
  /// Nil without labels of both kinds.
  public let evaluation: Evaluation?

  /// Scores the test samples.
  ///
  /// - Throws: The faults of reading, of the model and of `Quantile`.
  public init(
    _ set: SampleSet, by pipeline: FittedPipeline, quantile: Quantile,
    in context: RunContext = RunContext()
  ) throws {
    let scores = try pipeline.scores(for: set, in: context)
    let threshold = try quantile.threshold(of: pipeline.trainingScores)
    let ascending = scores.indices.sorted {
      (scores[$0], $0) < (scores[$1], $1)
    }
    self.scores = scores
    self.threshold = threshold
    outliers = ascending.reversed().filter { Double(scores[$0]) > threshold }
    ordinary = ascending.filter { Double(scores[$0]) <= threshold }
    evaluation = set.labels.flatMap {
      try? Evaluation(scores: scores, labels: $0)
    }
  }
}

extension FittedPipeline {
  /// Some samples of a set as the detector sees them, and what it takes them
  /// for; the latter is nil when the detector does not reconstruct.
  ///
  /// - Throws: The faults of reading and of the model.
  public func reconstructions(
    of indices: [Int], in set: SampleSet
  ) throws -> (originals: Matrix, reconstructions: Matrix?) {
    let originals = try extractor.samples(of: set.selecting(indices))
      .matrix()
    let model = model.reconstructing
    let scaled = scaler.scaled(originals)
    return (
      originals,
      try model.map {
        try scaler.unscaled($0.reconstructions(of: scaled, in: RunContext()))
      }
    )
  }
}
