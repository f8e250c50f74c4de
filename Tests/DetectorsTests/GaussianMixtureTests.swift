import Detectors
import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite("Gaussian mixture")
struct GaussianMixtureTests {
  /// A table, and the same again, smaller and elsewhere.
  private static var samples: Matrix {
    var samples = table(rows: 120, columns: 3)
    for row in 60..<120 {
      for column in 0..<3 {
        samples[row, column] = samples[row, column] * 0.5 + 3
      }
    }
    return samples
  }

  // The negative of `score_samples` of scikit-learn 1.9.1's GaussianMixture,
  // n_components 1 and 2, tol 1e-9, reg_covar 1e-6 times the mean variance, in
  // double precision of the same table.
  @Test(
    "120 x 3: the densities of scikit-learn",
    arguments: [
      (
        1,
        [
          1.3676744227472213, 1.4682068078851596, 1.6031875787340524,
          1.0701175858298582, 0.9086546026128279, 1.1696904777888308,
        ]
      ),
      (
        2,
        [
          1.2936712637575223, 0.4613241466823482, 0.08060699425845097,
          -2.0524358533124443, 0.4971548879084561, -1.7085145315813968,
        ]
      ),
    ])
  func reference(count: Int, scores: [Double]) throws {
    let model = try GaussianMixture(maxComponents: count).fit(Self.samples)
    #expect(model.componentCount == count)
    expectClose(
      try model.scores(
        for: Self.samples.selecting(rows: [0, 1, 2, 60, 61, 62])),
      scores, within: .absolute(1e-4))
  }

  @Test("As many distributions as there are", arguments: [1, 3])
  func count(groups: Int) throws {
    var samples = noise(rows: 600, columns: 2)
    for row in 0..<600 { samples[row, 0] += Float(12 * (row % groups)) }
    let model = try GaussianMixture().fit(samples)
    #expect(model.componentCount == groups)
    #expect(
      model.weights.allSatisfy { abs($0 * Double(groups) - 1) < 0.05 })
    // Between the groups nothing is.
    let scores = try model.scores(for: Matrix([[0, 0], [6, 0]]))
    #expect(scores[1] > scores[0] + 10)
  }
}
