import Execution
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

@Suite("Attribution")
struct AttributionTests {
  struct Candidate: CustomTestStringConvertible, Sendable {
    var name: String
    var detector: any Detector
    /// Of 200 rows.
    var least = 190
    var testDescription: String { name }
  }

  static let candidates = [
    Candidate(
      name: "iforest", detector: IsolationForest(nEstimators: 300)),
    Candidate(
      name: "iforest, slanted",
      detector: IsolationForest(nEstimators: 50, extensionLevel: 2)),
    Candidate(name: "ocsvm", detector: OneClassSVM(nu: 0.1)),
    Candidate(name: "kmeans", detector: KMeansDistance()),
    Candidate(
      name: "pca", detector: PCAReconstruction(nComponents: .count(2))),
    Candidate(
      name: "pca with the distance inside",
      detector: PCAReconstruction(mahalanobis: true)),
    Candidate(
      name: "pca by variance",
      detector: PCAReconstruction(nComponents: .all, byVariance: true)),
    Candidate(name: "knn", detector: NeighborDistance()),
    Candidate(name: "knn, mean", detector: NeighborDistance(distance: .mean)),
    Candidate(name: "lof", detector: LocalOutlierFactor()),
    Candidate(name: "ecod", detector: EmpiricalTails()),
    // Its score counts half of a tail that lies against the skew.
    Candidate(name: "copod", detector: CopulaTails(), least: 150),
    Candidate(name: "hbos", detector: HistogramScore()),
    Candidate(name: "mcd", detector: MinimumCovariance(nInit: 50)),
    Candidate(name: "gaussian", detector: GaussianDistance()),
    Candidate(name: "kde", detector: KernelDensity()),
    Candidate(name: "gmm", detector: GaussianMixture()),
    Candidate(name: "ensemble", detector: Ensemble()),
  ]

  /// Eight columns, the first three of which hang together.
  private static func ordinary(rows: Int, seed: UInt64) -> Matrix {
    var samples = noise(rows: rows, columns: 8, seed: seed)
    for row in 0..<rows {
      samples[row, 1] = 0.8 * samples[row, 0] + 0.6 * samples[row, 1]
      samples[row, 2] = 0.6 * samples[row, 0] + 0.8 * samples[row, 2]
    }
    return samples
  }

  @Test(
    "Of rows that are off in one column, that one has the most",
    arguments: candidates)
  func planted(candidate: Candidate) throws {
    let model = try candidate.detector.fit(
      Self.ordinary(rows: 500, seed: 1), in: RunContext(seed: 2))
    var rows = Self.ordinary(rows: 200, seed: 5)
    for row in 0..<rows.rows {
      rows[row, row % 8] = row % 16 < 8 ? 10 : -10
    }
    let parts = try model.attributions(
      of: rows, usual: [Float](repeating: 0, count: 8), in: RunContext())
    let found = (0..<rows.rows).count { row in
      let own = Array(parts.row(row))
      return own.indices.allSatisfy { $0 == row % 8 || own[$0] < own[row % 8] }
    }
    #expect(found >= candidate.least, "\(found) of 200")
  }

  // Of one direction the score is one number, which any column could have made.
  @Test("Where pca leaves one direction out, all columns have the same share")
  func oneDirection() throws {
    let model = try PCAReconstruction(nComponents: .count(7))
      .fit(Self.ordinary(rows: 500, seed: 1))
    var rows = Self.ordinary(rows: 20, seed: 5)
    for row in 0..<rows.rows { rows[row, row % 8] = 10 }
    let parts = try model.attributions(
      of: rows, usual: [Float](repeating: 0, count: 8), in: RunContext())
    for row in 0..<rows.rows {
      expectClose(
        Array(parts.row(row)),
        [Double](repeating: Double(parts[row, 0]), count: 8),
        within: .relative(1e-3))
    }
  }

  @Test("copod names the column of all rows that are off on its longer side")
  func alongTheSkew() throws {
    let samples = Self.ordinary(rows: 500, seed: 1)
    let model = try CopulaTails().fit(samples)
    var rows = Self.ordinary(rows: 200, seed: 5)
    for row in 0..<rows.rows {
      rows[row, row % 8] = 10 * Float(model.skews[row % 8])
    }
    let parts = try model.attributions(
      of: rows, usual: [Float](repeating: 0, count: 8), in: RunContext())
    let found = (0..<rows.rows).count { row in
      parts.row(row).max() == parts[row, row % 8]
    }
    #expect(found >= 190, "\(found) of 200")
  }

  @Test("A forest's parts are what the path is shorter than on average")
  func forest() throws {
    let samples = Self.ordinary(rows: 200, seed: 3)
    let model = try IsolationForest(nEstimators: 20).fit(samples)
    let parts = try model.attributions(
      of: samples, usual: [Float](repeating: 0, count: 8), in: RunContext())
    // Every tree sees all 200: over them, what is shorter and longer is even.
    let sums = (0..<200).map { parts.row($0).reduce(0, +) }
    #expect(abs(sums.reduce(0, +)) < 0.02 * sums.reduce(0) { $0 + abs($1) })
    // And the shorter the path, the higher the score.
    let scores = try model.scores(for: samples)
    let order = sums.indices.sorted { sums[$0] < sums[$1] }
    #expect(
      zip(order, order.dropFirst()).allSatisfy {
        scores[$0] <= scores[$1] + 1e-4
      })
  }

  @Test("The parts of the tails and of the nearest sample add up to the score")
  func exact() throws {
    let samples = Self.ordinary(rows: 100, seed: 3)
    let rows = Self.ordinary(rows: 20, seed: 4)
    let usual = [Float](repeating: 0, count: 8)
    let tails = try EmpiricalTails().fit(samples)
    let parts = try tails.attributions(of: rows, usual: usual, in: RunContext())
    expectClose(
      try tails.scores(for: rows),
      (0..<20).map { Double(parts.row($0).reduce(0, +)) },
      within: .relative(1e-5))
    let nearest = try NeighborDistance().fit(samples)
    let squares = try nearest.attributions(
      of: rows, usual: usual, in: RunContext())
    expectClose(
      try nearest.scores(for: rows).map { $0 * $0 },
      (0..<20).map { Double(squares.row($0).reduce(0, +)) },
      within: .relative(1e-4))
  }
}
