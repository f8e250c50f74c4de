import Execution
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Detectors

@Suite("Minimum covariance determinant")
struct MinimumCovarianceTests {
  /// Correlated columns, every fifth row far out in the first one.
  private static func contaminated(
    rows: Int, columns: Int, seed: UInt64
  ) -> Matrix {
    var samples = noise(rows: rows, columns: columns, seed: seed)
    for row in 0..<rows {
      for column in 1..<columns {
        samples[row, column] += 0.5 * samples[row, column - 1]
      }
    }
    for row in stride(from: 0, to: rows, by: 5) { samples[row, 0] += 6 }
    return samples
  }

  /// Figures of scikit-learn 1.9.1.
  ///
  /// Of `MinCovDet(random_state=0)` in double precision of the same table:
  /// `numpy.linalg.slogdet(raw_covariance_)`, and `mahalanobis` of the first
  /// six rows. Of twenty seeds one finds -2.963656 for the second table.
  struct Reference: CustomTestStringConvertible, Sendable {
    var rows: Int
    var columns: Int
    var seed: UInt64
    var logDeterminant: Double
    var scores: [Double]
    var testDescription: String { "\(rows) x \(columns)" }
  }

  @Test(
    "The determinant of scikit-learn or a lower one, and its scores",
    arguments: [
      Reference(
        rows: 200, columns: 4, seed: 1, logDeterminant: -2.543073894296091,
        scores: [
          51.79719885483573, 3.9017779005264575, 5.6477914200646255,
          3.6706134097949623, 6.85879892827383, 56.11195888309707,
        ]),
      Reference(
        rows: 900, columns: 8, seed: 2, logDeterminant: -2.9626866582299898,
        scores: [
          65.43847904049561, 2.3474850289091105, 8.007202235690476,
          7.82880771011812, 6.807101231249031, 58.11709100795799,
        ]),
      Reference(
        rows: 4000, columns: 6, seed: 3, logDeterminant: -2.508185617406082,
        scores: [
          44.3937372350949, 2.0547073894880556, 10.189448746028575,
          3.5505279895351753, 1.9990644330811598, 37.30832603541291,
        ]),
    ])
  func reference(reference: Reference) throws {
    let samples = Self.contaminated(
      rows: reference.rows, columns: reference.columns, seed: reference.seed)
    let model = try MinimumCovariance().fit(samples)
    #expect(model.rawLogDeterminant <= reference.logDeterminant + 1e-6)
    expectClose(
      try model.scores(for: samples.selecting(rows: 0..<6)), reference.scores,
      within: .relative(1e-5))
  }

  // 1,020,000 numbers: one candidate goes on. The covariance of the closest of
  // all rows is known, as the rows are normal but for those far out.
  @Test("Of many rows those far out are left out")
  func manyRows() throws {
    let samples = Self.contaminated(rows: 170_000, columns: 6, seed: 5)
    let model = try MinimumCovariance(nInit: 50).fit(samples)
    let variances = (0..<6).map { model.covariance[7 * $0] }
    // Each column is noise and half of the one before.
    let expected = (0..<6).map { (1 - pow(0.25, Double($0 + 1))) / 0.75 }
    expectClose(variances, expected, within: .relative(0.05))
    expectClose([model.location[0]], [0], within: .absolute(0.03))
  }

  @Test("Scaling and shifting the features changes no score")
  func equivariance() throws {
    let samples = Self.contaminated(rows: 400, columns: 5, seed: 4)
    var other = samples
    for row in 0..<samples.rows {
      for column in 0..<samples.columns {
        other[row, column] =
          Float(column) + samples[row, column] * Float(1 << (4 * column))
      }
    }
    expectClose(
      try MinimumCovariance().fit(other).scores(for: other),
      try MinimumCovariance().fit(samples).scores(for: samples),
      within: .relative(1e-3))
  }

  @Test("Features without a covariance of their own are borne, and bear scores")
  func degenerate() throws {
    var samples = noise(rows: 300, columns: 6)
    for row in 0..<300 {
      samples[row, 1] = 7
      samples[row, 2] = samples[row, 0] - samples[row, 3]
      samples[row, 4] = row % 40 == 0 ? 1 : 0
    }
    let model = try MinimumCovariance().fit(samples)
    var strange = samples.selecting(rows: [1, 1, 1])
    strange[1, 2] += 2
    strange[2, 1] = 9
    let scores = try model.scores(for: strange)
    #expect(scores[1] > 2 * scores[0] && scores[2] > 2 * scores[0])
    // Wide: all samples make the covariance.
    let wide = noise(rows: 20, columns: 50)
    #expect(try MinimumCovariance().fit(wide).scores(for: wide).max()! < 1e4)
  }

  @Test("Half of the samples alike in one feature are no model of their own")
  func exactFit() throws {
    var samples = noise(rows: 400, columns: 3)
    for row in 0..<240 { samples[row, 0] = -2 }
    for row in 390..<400 { samples[row, 2] = 8 }
    let scores = try MinimumCovariance(nInit: 50).fit(samples)
      .scores(for: samples)
    let ordinary = scores.prefix(390).max()!
    #expect(scores.suffix(10).allSatisfy { $0 > ordinary })
  }

  @Test("Quantiles and probabilities of chi-squared are those of scipy")
  func chiSquared() {
    // scipy.stats.chi2(d).ppf(p) and .cdf.
    let quantiles = [
      (1, 0.975, 5.023886187314888), (4, 0.5, 3.3566939800333224),
      (20, 0.975, 34.16960690283833), (500, 0.53, 501.7156600407974),
    ]
    for (degrees, probability, expected) in quantiles {
      let chi = ChiSquared(degrees: degrees)
      expectClose(
        [chi.quantile(probability)], [expected], within: .relative(1e-8))
      expectClose(
        [chi.probability(of: expected)], [probability],
        within: .relative(1e-8))
    }
  }

  @Test("The smallest values are found, of equal ones the first")
  func smallestValues() {
    #expect(smallest(3, of: [5, 1, 4, 1, 1, 1]) == [1, 3, 4])
    let values = noise(rows: 1, columns: 501).values.map(Double.init)
    for count in [1, 2, 250, 500, 501] {
      let found = smallest(count, of: values)
      #expect(found == found.sorted())
      #expect(
        found.map { values[$0] }.sorted()
          == Array(values.sorted().prefix(count)))
    }
  }
}
