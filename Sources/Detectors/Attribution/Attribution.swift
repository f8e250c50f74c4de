import Execution
import LinearAlgebra

extension AnomalyModel {
  /// How much every feature adds to the score of every sample, a row each: the
  /// more, the stranger it makes the sample; what is not above 0 does not.
  ///
  /// From models that can tell exactly; else the score is compared with that
  /// of the sample with the usual value in the place of its own, feature by
  /// feature.
  ///
  /// - Parameters:
  ///   - samples: A few: others take as many scores as they have values.
  ///   - usual: A value of every feature that is nothing special.
  /// - Throws: As `scores(for:in:)`.
  package func attributions(
    of samples: Matrix, usual: [Float], in context: RunContext
  ) throws -> Matrix {
    try check(samples)
    return try context.working {
      let result =
        try attributing?.attribute(samples, usual: usual, in: context)
        ?? occlusions(samples, usual: usual, in: context)
      try checkFinite(result.values)
      return result
    }
  }

  /// By how much the score falls, feature by feature, where it has the usual
  /// value.
  func occlusions(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) throws -> Matrix {
    var quiet = context
    quiet.progress = SilentProgress()
    var result = Matrix(rows: samples.rows, columns: samples.columns)
    let own = try score(samples, in: quiet)
    for column in 0..<samples.columns {
      try context.cancellation.check()
      var occluded = samples
      for row in 0..<samples.rows { occluded[row, column] = usual[column] }
      for (row, score) in try score(occluded, in: quiet).enumerated() {
        result[row, column] = own[row] - score
      }
    }
    return result
  }
}
