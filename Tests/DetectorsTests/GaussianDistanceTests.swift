import Detectors
import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite("Gaussian distance")
struct GaussianDistanceTests {
  /// Columns that hang together: sums of those of a table.
  private static var samples: Matrix {
    var samples = table(rows: 60, columns: 7)
    for row in 0..<60 {
      for column in 1..<7 { samples[row, column] += samples[row, column - 1] }
    }
    return samples
  }

  // `shrinkage_` and `mahalanobis` of scikit-learn 1.9.1's LedoitWolf and OAS,
  // in double precision of the same table.
  @Test(
    "60 x 7: the shrinkage and the distances of scikit-learn",
    arguments: [
      (
        GaussianDistance.Shrinkage.ledoitWolf, 0.06167129579924925,
        [
          5.25369251690562, 3.911221928964854, 3.8278886202471796,
          3.9663467048182763, 3.589515833294757, 4.233520775077552,
        ]
      ),
      (
        GaussianDistance.Shrinkage.oas, 0.04737611692334564,
        [
          5.452505788734576, 4.208931663108308, 4.0618661504794975,
          4.294806523203995, 3.931864102248028, 4.7192104710956055,
        ]
      ),
    ])
  func reference(
    shrinkage: GaussianDistance.Shrinkage, weight: Double, scores: [Double]
  ) throws {
    let model = try GaussianDistance(shrinkage: shrinkage).fit(Self.samples)
    expectClose([model.shrinkage], [weight], within: .relative(1e-9))
    expectClose(
      try model.scores(for: Self.samples).prefix(6), scores,
      within: .relative(1e-5))
  }
}
