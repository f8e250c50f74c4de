import Foundation

/// Several methods over several datasets, compared by their ranks: Friedman's
/// test and, after it, Nemenyi's.
///
/// After Demšar, "Statistical comparisons of classifiers over multiple data
/// sets", JMLR 7 (2006), section 3.2.
package struct RankComparison: Hashable, Sendable {
  /// The mean over datasets of each method's rank, 1 for the best; equal
  /// figures share the mean of their ranks.
  package let meanRanks: [Double]
  package let datasetCount: Int
  /// Friedman's statistic, corrected for ties.
  package let chiSquared: Double

  /// - Parameter figures: One row a dataset, one column a method; higher is
  ///   better.
  /// - Precondition: at least two rows, all of at least two columns.
  package init(_ figures: [[Double]]) {
    precondition(
      figures.count > 1 && figures[0].count > 1, "nothing to compare")
    let methods = figures[0].count
    var sums = [Double](repeating: 0, count: methods)
    var ties = 0.0
    for row in figures {
      let ranks = midranks(row.map { -$0 })
      for method in sums.indices { sums[method] += ranks[method] }
      for count in Dictionary(grouping: row, by: \.self).values.map(\.count) {
        ties += Double(count * count * count - count)
      }
    }
    let count = Double(figures.count)
    let k = Double(methods)
    datasetCount = figures.count
    meanRanks = sums.map { $0 / count }
    let spread = meanRanks.reduce(0) {
      $0 + ($1 - (k + 1) / 2) * ($1 - (k + 1) / 2)
    }
    let untied = 1 - ties / (count * (k * k * k - k))
    chiSquared =
      untied > 0 ? 12 * count / (k * (k + 1)) * spread / untied : 0
  }

  /// The chance of ranks this different between equally good methods.
  package var pValue: Double {
    chiSquaredTail(chiSquared, degreesOfFreedom: meanRanks.count - 1)
  }

  /// The least difference of two mean ranks that is significant by Nemenyi's
  /// test.
  package func criticalDifference(significance: Double = 0.05) -> Double {
    let k = Double(meanRanks.count)
    return studentizedRangeQuantile(
      groups: meanRanks.count, upperTail: significance)
      / 2.0.squareRoot()
      * (k * (k + 1) / (6 * Double(datasetCount))).squareRoot()
  }
}

/// The chance that a chi-squared number exceeds `x`, by the finite sums that
/// whole degrees of freedom have (Abramowitz and Stegun 26.4.4 and 26.4.5).
func chiSquaredTail(_ x: Double, degreesOfFreedom: Int) -> Double {
  let half = x / 2
  let isEven = degreesOfFreedom.isMultiple(of: 2)
  var term =
    isEven ? exp(-half) : exp(-half) * (half / Double.pi).squareRoot() * 2
  var tail = isEven ? 0 : erfc(half.squareRoot())
  for index in 0..<degreesOfFreedom / 2 {
    tail += term
    term *= half / (Double(index) + (isEven ? 1 : 1.5))
  }
  return tail
}

/// The number that the range of `groups` independent standard normal numbers
/// exceeds with the given chance.
func studentizedRangeQuantile(groups: Int, upperTail: Double) -> Double {
  var lower = 0.0
  var upper = 20.0
  while upper - lower > 1e-9 {
    let middle = (lower + upper) / 2
    if normalRangeTail(middle, groups: groups) > upperTail {
      lower = middle
    } else {
      upper = middle
    }
  }
  return (lower + upper) / 2
}

/// The chance that the range of standard normal numbers exceeds `range`:
/// one less the integral over the largest of them, by Simpson's rule.
private func normalRangeTail(_ range: Double, groups: Int) -> Double {
  let steps = 400
  let width = 18.0 / Double(steps)
  let sum = (0...steps).reduce(0.0) { sum, step in
    let largest = -9 + Double(step) * width
    let density = exp(-largest * largest / 2) / (2 * Double.pi).squareRoot()
    let between =
      standardNormalTail(largest - range) - standardNormalTail(largest)
    let weight =
      step == 0 || step == steps ? 1.0 : step.isMultiple(of: 2) ? 2 : 4
    return sum + weight * density * pow(between, Double(groups - 1))
  }
  return 1 - Double(groups) * sum * width / 3
}
