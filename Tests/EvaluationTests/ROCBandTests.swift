import Evaluation
import Testing

@Suite struct ROCBandTests {
  @Test("Wilson's intervals of the rates bound the band")
  func wilson() throws {
    // One threshold between two perfectly separated classes of ten. Wilson's
    // interval of 10 of 10 at sqrt(0.95) begins at 1 / (1 + z^2 / 10) with
    // z = 2.2365 (scipy.stats.norm.isf((1 - 0.95**0.5) / 2)).
    let curve = try ROCCurve(
      positives: [Double](repeating: 1, count: 10),
      negatives: [Double](repeating: 0, count: 10))
    let lowest = 1 / (1 + 2.236477 * 2.236477 / 10)
    let corner = try #require(
      curve.confidenceBand().lower.first { $0.truePositiveRate > 0 })
    #expect(abs(corner.truePositiveRate - lowest) < 1e-5)
    #expect(abs(corner.falsePositiveRate - (1 - lowest)) < 1e-5)
  }

  @Test("The band goes from (0, 0) to (1, 1), rises, and holds the curve")
  func enclosure() throws {
    let curve = try ROCCurve(
      positives: (0..<40).map { Double($0 % 7) + 2 },
      negatives: (0..<90).map { Double($0 % 8) })
    let band = curve.confidenceBand()
    for corners in [band.lower, band.upper] {
      #expect(corners.first?.falsePositiveRate == 0)
      #expect(corners.first?.truePositiveRate == 0)
      #expect(corners.last?.falsePositiveRate == 1)
      #expect(corners.last?.truePositiveRate == 1)
      for (before, after) in zip(corners, corners.dropFirst()) {
        #expect(before.falsePositiveRate <= after.falsePositiveRate)
        #expect(before.truePositiveRate <= after.truePositiveRate)
      }
    }
    for point in curve.points {
      #expect(
        band.lower.contains {
          $0.falsePositiveRate >= point.falsePositiveRate
            && $0.truePositiveRate <= point.truePositiveRate
        })
      #expect(
        band.upper.contains {
          $0.falsePositiveRate <= point.falsePositiveRate
            && $0.truePositiveRate >= point.truePositiveRate
        })
    }
  }
}
