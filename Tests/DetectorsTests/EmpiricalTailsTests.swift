import Detectors
import Execution
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@Suite("Empirical tails")
struct EmpiricalTailsTests {
  /// Columns with few values, one skewed to the left, two without skew, one
  /// constant.
  private static let samples: Matrix = {
    var samples = table(rows: 60, columns: 7)
    for row in 0..<60 {
      samples[row, 2] = (samples[row, 2] * 4).rounded(.down)
      samples[row, 3] = 1 - samples[row, 3] * samples[row, 3]
      samples[row, 4] = Float(row % 2)
      samples[row, 5] = 3
      samples[row, 6] = Float(row / 20 - 1)
    }
    return samples
  }()
  private static let rows = [0, 1, 2, 30, 59]

  // Training rows: `decision_scores_` of PyOD 2.0.5 of the same table. New
  // rows: its formula in numpy, with F = #{t <= x}/n over the training rows t,
  // 1/(n + 1) where that is 0, since PyOD counts the scored rows in.

  @Test("60 x 7: the figures of PyOD's ECOD")
  func ecod() throws {
    let model = try EmpiricalTails().fit(Self.samples)
    expectClose(
      try model.scores(for: Self.samples.selecting(rows: Self.rows)),
      [
        7.772174180149452, 6.566005985260081, 7.228062578749994,
        7.3638641199090555, 5.235632414059789,
      ], within: .relative(1e-6))
    expectClose(
      try model.scores(for: stretchedRows(after: 60, columns: 7)),
      [
        17.956361359502598, 21.81877386437741, 14.112306110146157,
        23.470058886747008, 23.44474107876272, 20.7201615757093,
      ], within: .relative(1e-6))
  }

  @Test("60 x 7: the figures of PyOD's COPOD")
  func copod() throws {
    let model = try CopulaTails().fit(Self.samples)
    expectClose(
      try model.scores(for: Self.samples.selecting(rows: Self.rows)),
      [
        6.930401237855541, 6.395542691774785, 7.130984571529516,
        7.064945619531246, 4.9680911133540135,
      ], within: .relative(1e-6))
    expectClose(
      try model.scores(for: stretchedRows(after: 60, columns: 7)),
      [
        14.285370230764027, 19.763336932290755, 13.403773100252838,
        20.865315810326297, 18.784561070255354, 16.059981567201934,
      ], within: .relative(1e-6))
  }

  @Test("A row scores the same alone and among others")
  func batches() throws {
    let model = try EmpiricalTails().fit(noise(rows: 100, columns: 5))
    let others = noise(rows: 50, columns: 5, seed: 2)
    let together = try model.scores(for: others)
    for row in [0, 17, 49] {
      let alone = try model.scores(for: others.selecting(rows: [row]))
      #expect(alone == [together[row]])
    }
  }

  @Test("Many values are sorted and found as few are")
  func manyValues() throws {
    var samples = noise(rows: 9000, columns: 2)
    for row in 0..<samples.rows where row % 3 == 0 {
      samples[row, 1] = samples[row, 1].rounded()
    }
    samples[7, 0] = -0.0
    samples[8, 0] = 0
    let rows = Array(0..<40)
    let expected = rows.map { row in
      (0..<2).reduce(0.0) { sum, column in
        let value = samples[row, column]
        let left = (0..<9000).count { samples[$0, column] <= value }
        let right = (0..<9000).count { samples[$0, column] >= value }
        return sum - log(Double(min(left, right)) / 9000)
      }
    }
    expectClose(
      try EmpiricalTails().fit(samples)
        .scores(for: samples.selecting(rows: rows)),
      expected, within: .relative(1e-6))
  }
}
