import Datasets
import Detectors
import Diagnostics
import Evaluation
import Execution

extension FittedPipeline {
  /// Scores of ordinary samples that the model did not learn from: what a rate of
  /// false alarms can be promised by.
  ///
  /// - Parameters:
  ///   - samples: Ordinary samples of which the model knows nothing, those that
  ///     are labelled anomalies left out; nil for those of the training, each
  ///     scored by a model that did not learn from it.
  ///   - context: Threads, and who watches or stops the work.
  /// - Throws: `ExperimentFault.noCalibration` where the fit kept none; the
  ///   faults of reading, of the features and of the model.
  public func unseenScores(
    of samples: SampleSet? = nil, in context: RunContext = RunContext()
  ) throws -> [Float] {
    guard let samples else {
      guard isCrossFitted else {
        throw ExperimentFault.noCalibration
      }
      return trainingScores
    }
    let ordinary = samples.samples.indices.filter {
      samples.samples[$0].label != 1
    }
    return try scores(for: samples.selecting(ordinary), in: context)
  }

  /// The threshold for a rate of false alarms; warns where there are too few
  /// samples for it.
  ///
  /// - Parameters:
  ///   - rate: Of ordinary samples that may lie above the threshold.
  ///   - scores: Of samples that the model did not learn from; nil for those
  ///     that it keeps.
  ///   - context: Who is warned.
  /// - Throws: As `unseenScores(of:in:)`.
  public func calibration(
    _ rate: FalseAlarmRate, of scores: [Float]? = nil,
    in context: RunContext = RunContext()
  ) throws -> Calibration {
    let calibration = try Calibration(
      leftOut: scores ?? unseenScores(), falseAlarms: rate)
    if !calibration.isPromised {
      context.warn(
        "\(calibration.count) ordinary samples are too few to promise false"
          + " alarms of \(rate.value), which take \(rate.neededCount): the"
          + " threshold is the highest of their scores, and the smallest rate"
          + " they can promise is \(Float(calibration.smallestPromise))")
    }
    return calibration
  }
}
