/// How probable scores as high as others are, judged by scores of ordinary
/// samples, each left out of what it was scored by.
///
/// Of n ordinary samples, k with as high a score or a higher one: p = (k + 1) /
/// (n + 1), which a new ordinary sample has at most with that probability
/// (conformal prediction; Vovk, Gammerman and Shafer 2005).
public struct PValues: Hashable, Sendable {
  /// One for each score that was judged.
  public let values: [Double]

  /// - Parameters:
  ///   - scores: To be judged.
  ///   - ordinary: Of ordinary samples, each left out.
  /// - Throws: `EvaluationFault.empty` without ordinary samples; `.notANumber`.
  public init<Score: BinaryFloatingPoint>(
    of scores: [Score], among ordinary: [Score]
  ) throws(EvaluationFault) {
    guard !ordinary.isEmpty else { throw .empty }
    for list in [ordinary, scores] {
      if let row = list.firstIndex(where: \.isNaN) {
        throw .notANumber(row: row)
      }
    }
    let sorted = ordinary.sorted()
    values = scores.map { score in
      var (low, high) = (0, sorted.count)
      while low < high {
        let middle = (low + high) / 2
        if sorted[middle] < score { low = middle + 1 } else { high = middle }
      }
      return Double(sorted.count - low + 1) / Double(sorted.count + 1)
    }
  }

  /// Which are called anomalous so that at most a share of those is ordinary, on
  /// average.
  ///
  /// The lowest k, of m, of which the highest is at most k times the share over
  /// m (Benjamini and Hochberg 1995; for these p-values Bates, Candès, Lei,
  /// Romano and Sesia, "Testing for outliers with conformal p-values", 2023).
  public func discoveries(
    falseShare rate: FalseAlarmRate
  ) -> [Bool] {
    let sorted = values.sorted()
    let count = Double(sorted.count)
    let last = sorted.indices.last {
      sorted[$0] <= rate.value * Double($0 + 1) / count * (1 + 1e-12)
    }
    guard let last else { return values.map { _ in false } }
    return values.map { $0 <= sorted[last] }
  }
}
