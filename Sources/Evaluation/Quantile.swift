/// A share of the ordinary samples, such as 0.999, whose scores lie below a
/// threshold.
public struct Quantile: Hashable, Sendable {
  /// From 0 to 1.
  public let value: Double

  /// - Parameter value: From 0 to 1.
  /// - Throws: `EvaluationFault.invalidQuantile`.
  public init(_ value: Double) throws(EvaluationFault) {
    guard (0...1).contains(value) else { throw .invalidQuantile(value) }
    self.value = value
  }

  /// The threshold at this quantile of the training scores; what scores higher
  /// is called anomalous.
  ///
  /// Between two scores the quantile is interpolated linearly, as NumPy does
  /// by default (Hyndman and Fan 1996, type 7).
  ///
  /// - Throws: `EvaluationFault.empty` or `.notANumber`.
  public func threshold<Score: BinaryFloatingPoint>(
    of scores: [Score]
  ) throws(EvaluationFault) -> Double {
    guard !scores.isEmpty else { throw .empty }
    if let row = scores.firstIndex(where: \.isNaN) {
      throw .notANumber(row: row)
    }
    let sorted = scores.sorted()
    let position = value * Double(sorted.count - 1)
    let index = min(Int(position), sorted.count - 1)
    let lower = Double(sorted[index])
    let upper = Double(sorted[min(index + 1, sorted.count - 1)])
    let fraction = position - Double(index)
    // Equal neighbours, infinite ones too, need no interpolation.
    return fraction == 0 || lower == upper
      ? lower : lower + (upper - lower) * fraction
  }
}
