import Datasets
import Execution
import Foundation

extension FittedPipeline {
  /// One score for every sample, and where each is strange in a file.
  ///
  /// - Parameters:
  ///   - set: Pictures, all of the size of the training's features.
  ///   - url: An NPY file of float32 to write, samples x height x width at the
  ///     size of the features: higher is stranger, on one scale for all.
  ///   - context: Threads, and who watches or stops the work.
  /// - Throws: `ExperimentFault.cannotShow` for a model that does not localise,
  ///   `.noTestSamples`; the faults of reading, writing and of the model.
  public func scores(
    for set: SampleSet, writingHeatMapsTo url: URL,
    in context: RunContext = RunContext()
  ) throws -> [Float] {
    guard localizing != nil, let shape = extractor.featureImageShape else {
      throw ExperimentFault.cannotShow("heat maps", detector: detector.name)
    }
    let rows = try rows(of: set, in: context)
    var scores: [Float] = []
    try NPY.write(
      shape: [rows.rows, shape.height, shape.width], to: url
    ) { append in
      scores = try withoutActuallyEscaping(append) { append in
        try self.scores(of: rows, in: context) { try append($1.values) }
      }
    }
    return scores
  }
}
