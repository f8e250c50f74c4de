import Detectors
import Execution
import LinearAlgebra
import TestSupport
import Testing

@Suite("Histogram score")
struct HistogramScoreTests {
  // Training rows: `decision_scores_` of PyOD 2.0.5, `HBOS(n_bins=13,
  // alpha=0.5)`, of the same table, no value of which is on the edge of a bin.
  // New rows: -log2(p + alpha) in numpy with PyOD's histograms and p = 0 more
  // than half a bin out of the range, where PyOD takes the emptiest bin.
  @Test("60 x 7: the figures of PyOD")
  func reference() throws {
    let samples = table(rows: 60, columns: 7)
    let model = try HistogramScore(nBins: 13, alpha: 0.5).fit(samples)
    expectClose(
      try model.scores(for: samples).prefix(6),
      [
        -5.247922534434743, -5.596772061208661, -6.628253769910049,
        -5.531784068529226, -5.578085400322034, -4.1837868345700295,
      ], within: .relative(1e-5))
    expectClose(
      try model.scores(for: stretchedRows(after: 60, columns: 7)),
      [
        0.5031915848287746, 2.927379883804016, 1.953096657580312,
        2.3507610584303675, 3.1984922658320962, 3.103368142171052,
      ], within: .relative(1e-5))
  }

  // PyOD counts it there too, but looks it up in the bin below.
  @Test("A value on the edge of two bins is in the upper one")
  func innerEdge() throws {
    let samples = Matrix(
      rows: 7, columns: 1, values: [0, 1, 5, 5, 5, 6, 10])
    let model = try HistogramScore(nBins: 2, alpha: 0.1).fit(samples)
    let densities: [Double] = [2.0 / 7 / 5, 5.0 / 7 / 5]
    #expect(model.densities == densities)
    let scores = try model.scores(for: samples)
    #expect(scores[2] == scores[5])
    #expect(scores[2] < scores[1])
  }

  @Test("Half a bin out of the range counts to the last bin")
  func edges() throws {
    let samples = Matrix(
      rows: 4, columns: 1, values: [0, 1, 9, 10])
    let model = try HistogramScore(nBins: 5).fit(samples)
    let scores = try model.scores(
      for: Matrix(rows: 4, columns: 1, values: [10, 11, 11.01, -1.01]))
    #expect(scores[0] == scores[1])
    #expect(scores[2] > scores[1])
    #expect(scores[3] == scores[2])
  }
}
