/// How the scores of several detectors for the same samples become one.
public enum ScoreCombination: String, CaseIterable, Codable, Sendable {
  /// The mean of ranks, from 0 for the lowest to 1; ties share theirs.
  case rank
  /// The mean of scores in deviations from their mean.
  case z
  /// The highest of scores in deviations from their mean.
  case max
  /// The mean of scores as they are, for detectors with one scale.
  case mean
  /// The average of maxima (Aggarwal and Sathe 2015): the mean, over pairs of
  /// detectors in their order, of the higher score in deviations; one that is
  /// left over stands for itself.
  case aom

  /// One score a sample.
  ///
  /// - Parameter scores: Of one detector or more, each with as many scores.
  /// - Throws: `EvaluationFault.empty`, `.unequalCounts`, `.notANumber`.
  public func combine(_ scores: [[Double]]) throws(EvaluationFault) -> [Double]
  {
    guard let first = scores.first, !first.isEmpty else { throw .empty }
    for other in scores {
      guard other.count == first.count else {
        throw .unequalCounts(scores: other.count, labels: first.count)
      }
      if let row = other.firstIndex(where: \.isNaN) {
        throw .notANumber(row: row)
      }
    }
    switch self {
    case .rank:
      return Self.means(
        scores.map { scores in
          midranks(scores).map {
            ($0 - 1) / Double(Swift.max(1, scores.count - 1))
          }
        })
    case .z: return Self.means(scores.map(Self.standardized))
    case .max: return Self.maxima(scores.map(Self.standardized))
    case .mean: return Self.means(scores)
    case .aom:
      let standard = scores.map(Self.standardized)
      return Self.means(
        stride(from: 0, to: standard.count, by: 2).map {
          Self.maxima(Array(standard[$0..<Swift.min($0 + 2, standard.count)]))
        })
    }
  }

  private static func means(_ scores: [[Double]]) -> [Double] {
    scores[0].indices.map { row in
      scores.reduce(0) { $0 + $1[row] } / Double(scores.count)
    }
  }

  private static func maxima(_ scores: [[Double]]) -> [Double] {
    scores[0].indices.map { row in
      scores.reduce(-.infinity) { Swift.max($0, $1[row]) }
    }
  }

  /// All zero where all are alike.
  private static func standardized(_ scores: [Double]) -> [Double] {
    let mean = scores.reduce(0, +) / Double(scores.count)
    let variance =
      scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      / Double(scores.count)
    guard variance > 0 else { return scores.map { _ in 0 } }
    return scores.map { ($0 - mean) / variance.squareRoot() }
  }
}
