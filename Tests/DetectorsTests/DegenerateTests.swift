import Detectors
import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite struct DegenerateTests {
  /// Two independent columns, so that 0.9 of the variance needs both.
  private let square = Matrix([
    [0.3, 0.1], [-0.3, 0.7], [0.9, -0.1], [-0.7, -0.3], [0.11, -0.37],
  ])

  @Test("Components that leave nothing over score 0, not rounding noise")
  func everyComponent() throws {
    let model = try PCAReconstruction().fit(square, in: RunContext())
    #expect(model.componentCount == 2)
    #expect(try model.scores(for: square) == [0, 0, 0, 0, 0])
    // A constant column adds nothing to that.
    let flat = Matrix(
      rows: 5, columns: 3,
      values: (0..<5).flatMap { Array(square.row($0)) + [1] })
    let flatModel = try PCAReconstruction().fit(flat, in: RunContext())
    #expect(try flatModel.scores(for: flat) == [0, 0, 0, 0, 0])
  }

  private static let detectors: [any Detector] = [
    IsolationForest(nEstimators: 10), IsolationForest(extensionLevel: 3),
    OneClassSVM(), KMeansDistance(nClusters: 1),
    PCAReconstruction(nComponents: .all, byVariance: true), NeighborDistance(),
    LocalOutlierFactor(), HistogramScore(), EmpiricalTails(), CopulaTails(),
    KernelDensity(), Ensemble(),
  ]

  @Test(
    "100,000 columns: an odd row is the strangest, whatever the detector",
    arguments: 0..<12)
  func manyColumns(index: Int) throws {
    var samples = noise(rows: 30, columns: 100_000)
    for column in 0..<samples.columns { samples[29, column] *= 3 }
    let context = RunContext(memoryBudget: 1 << 30)
    let scores = try Self.detectors[index].fit(samples, in: context)
      .scores(for: samples)
    #expect(scores.allSatisfy { $0.isFinite })
    #expect(scores.dropLast().allSatisfy { $0 <= scores[29] })
  }

  @Test("A covariance of 100,000 columns is refused for its memory")
  func wideCovariance() throws {
    let samples = noise(rows: 30, columns: 100_000)
    let context = RunContext(memoryBudget: 1 << 30)
    let detectors: [any Detector] = [
      MinimumCovariance(), GaussianDistance(), GaussianMixture(),
    ]
    for detector in detectors {
      #expect {
        _ = try detector.fit(samples, in: context)
      } throws: {
        guard case DetectorFault.exceedsMemoryBudget = $0 else { return false }
        return true
      }
    }
  }

  // From any origin but their own, rows like these come back rounded.
  @Test("Rows that are their centroid are at no distance from it")
  func duplicates() throws {
    let samples = Matrix(
      (0..<30).map { row -> [Float] in
        row.isMultiple(of: 3) ? [0.1, 0.7, 1 / 3] : [5.3, 0.9, 7 / 9]
      })
    let model = try KMeansDistance(nClusters: 2).fit(samples, in: RunContext())
    #expect(try model.scores(for: samples).allSatisfy { $0 == 0 })
  }

  @Test("A few samples are solved finely, unless told otherwise")
  func tolerance() throws {
    var generator = SeededGenerator(seed: 3)
    let samples = Matrix(
      rows: 200, columns: 2,
      values: (0..<400).map { _ in Float(generator.normal()) })
    let fine = try OneClassSVM(nu: 0.1).fit(samples, in: RunContext())
    #expect(fine.convergence.gap < 1e-6)
    let coarse = try OneClassSVM(nu: 0.1, tolerance: 1e-2)
      .fit(samples, in: RunContext())
    #expect(coarse.convergence.gap < 1e-2)
    #expect(coarse.convergence.iterations < fine.convergence.iterations)
  }
}
