import TestSupport
import Testing

@testable import Evaluation

@Suite struct RankComparisonTests {
  // Four methods on six datasets, with ties. Expected figures: scipy 1.17,
  // friedmanchisquare(*columns) and rankdata(-row).mean(axis=0).
  private let comparison = RankComparison([
    [0.91, 0.88, 0.88, 0.70],
    [0.75, 0.80, 0.71, 0.60],
    [0.95, 0.95, 0.90, 0.85],
    [0.66, 0.61, 0.59, 0.52],
    [0.84, 0.85, 0.80, 0.82],
    [0.99, 0.97, 0.93, 0.93],
  ])

  @Test("Mean ranks, Friedman's statistic and its chance are scipy's")
  func friedman() {
    expectClose(
      comparison.meanRanks,
      [1.4166666666666667, 1.6666666666666667, 3.1666666666666665, 3.75],
      within: .absolute(1e-12))
    #expect(abs(comparison.chiSquared - 14.684210526315793) < 1e-9)
    #expect(abs(comparison.pValue - 0.002107400144829142) < 1e-12)
  }

  @Test(
    "The critical values of Nemenyi's test are those of Demšar's table 5",
    arguments: [
      (2, 0.05, 1.960), (3, 0.05, 2.343), (4, 0.05, 2.569), (5, 0.05, 2.728),
      (10, 0.05, 3.164), (2, 0.10, 1.645), (10, 0.10, 2.920),
    ])
  func criticalValues(methods: Int, significance: Double, value: Double) {
    let quantile = studentizedRangeQuantile(
      groups: methods, upperTail: significance)
    #expect(abs(quantile / 2.0.squareRoot() - value) < 1e-3)
  }

  @Test("The quantile of the range is scipy's studentized_range of 1e9 degrees")
  func range() {
    #expect(
      abs(
        studentizedRangeQuantile(groups: 25, upperTail: 0.05) - 5.17299617312959
      )
        < 1e-5)
  }

  @Test(
    "Tails of chi-squared are scipy's chi2.sf",
    arguments: [
      (0.5, 1, 0.47950012218695337),
      (3.84, 1, 0.05004352124870519),
      (7.0, 2, 0.0301973834223185),
      (2.5, 3, 0.4752910833430205),
      (12.0, 7, 0.10055886850835878),
      (30.0, 12, 0.0027924293327009145),
      (0.0, 3, 1.0),
      (40.0, 24, 0.02138682158728023),
    ])
  func chiSquared(x: Double, degrees: Int, tail: Double) {
    #expect(
      abs(chiSquaredTail(x, degreesOfFreedom: degrees) - tail) < 1e-13)
  }

  @Test("Methods that are always equal do not differ")
  func equal() {
    let equal = RankComparison([[0.5, 0.5], [0.7, 0.7]])
    #expect(equal.meanRanks == [1.5, 1.5])
    #expect(equal.pValue == 1)
  }
}
