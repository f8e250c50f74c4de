import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// The training values of every feature, sorted.
///
/// With the shares L and R of the training samples whose feature is at most and
/// at least that of a sample, the score is a sum over the features of what
/// `Combination` makes of -log L and -log R. It hangs on the training samples
/// alone, not on what else is scored.
public struct TailModel: AttributingModel {
  /// How the two tails of a feature make a number.
  public enum Combination: String, Codable, Sendable {
    /// The larger one; of a feature without skew their sum.
    case extremeTail
    /// The one on the side of the skew, but at least the mean of both; of a
    /// feature without skew their sum.
    case skewedTail
  }

  /// Features x training samples, each row rising.
  let sorted: Matrix
  /// The sign of the skewness of every feature; 0 for a constant one.
  @Tensor private(set) var skews: [Int32]
  /// How the tails of a feature are combined.
  public let combination: Combination

  public var featureCount: Int { sorted.rows }

  init(
    _ samples: Matrix, combination: Combination, in context: RunContext
  ) throws {
    let count = samples.rows
    let values: [Float] = try context.fill(
      samples.columns * count, blockSize: count, stage: "sorting"
    ) { range, column in
      samples.copy(column: range.lowerBound / count, to: column)
      sort(column)
    }
    let sorted = Matrix(rows: samples.columns, columns: count, values: values)
    self.sorted = sorted
    self.combination = combination
    skews = try context.fill(
      samples.columns, blockSize: 1, stage: "skewness"
    ) { range, skew in
      skew.initialize(
        repeating: signOfSkewness(ofSorted: sorted.row(range.lowerBound)))
    }
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let search = SortedSearch(sorted)
    return try context.fill(
      samples.rows, blockSize: 1024, stage: "scoring"
    ) { rows, scores in
      var sums = [Double](repeating: 0, count: rows.count)
      for (column, skew) in skews.enumerated() {
        search.forEachTails(of: column, in: samples, rows: rows) {
          sums[$0] += combined(left: $1.left, right: $1.right, skew)
        }
      }
      _ = scores.initialize(from: sums.map { Float($0) })
    }
  }

  /// The terms of the sum.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) -> Matrix {
    let search = SortedSearch(sorted)
    var parts = Matrix(rows: samples.rows, columns: samples.columns)
    for (column, skew) in skews.enumerated() {
      search.forEachTails(of: column, in: samples, rows: 0..<samples.rows) {
        parts[$0, column] = Float(
          combined(left: $1.left, right: $1.right, skew))
      }
    }
    return parts
  }

  @inline(__always)
  private func combined(left: Double, right: Double, _ skew: Int32) -> Double {
    guard skew != 0 else { return -log(left * right) }
    switch combination {
    case .extremeTail:
      return -log(min(left, right))
    case .skewedTail:
      let tail = skew < 0 ? left : right
      return -log(min(tail, (left * right).squareRoot()))
    }
  }
}

private func signOfSkewness(ofSorted values: ArraySlice<Float>) -> Int32 {
  guard let least = values.first, let greatest = values.last, least < greatest
  else { return 0 }
  let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
  let cubes = values.reduce(0.0) {
    let deviation = Double($1) - mean
    return $0 + deviation * deviation * deviation
  }
  return cubes > 0 ? 1 : cubes < 0 ? -1 : 0
}

extension TailModel {
  private enum CodingKeys: CodingKey {
    case sorted
    case skews
    case combination
  }

  /// - Throws: `DecodingError.dataCorrupted` when the values are not finite and
  ///   sorted, or the skews do not fit.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    sorted = try container.decode(Matrix.self, forKey: .sorted)
    _skews = try container.decode(Tensor<Int32>.self, forKey: .skews)
    combination = try container.decode(Combination.self, forKey: .combination)
    guard
      sorted.rows > 0, sorted.columns > 0, sorted.firstNonFinite() == nil,
      skews.count == sorted.rows, skews.allSatisfy({ -1...1 ~= $0 }),
      sorted.areRowsRising
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the sorted values and skews do not agree"))
    }
  }
}

extension TailModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    var trees = ONNXTrees()
    let count = Double(sorted.columns)
    let alone = 1 / (count + 1)
    for (feature, skew) in skews.enumerated() {
      // A term for what is less than the first value, equal to it, and so on.
      var terms = [Float(combined(left: alone, right: 1, skew))]
      var thresholds: [Float] = []
      let values = Array(sorted.row(feature))
      var start = 0
      while start < values.count {
        let value = values[start]
        let end =
          values[start...].firstIndex { $0 > value } ?? values.count
        thresholds += [value.nextDown, value]
        terms += [
          Float(
            combined(
              left: Double(end) / count, right: (count - Double(start)) / count,
              skew)),
          Float(
            combined(
              left: Double(end) / count,
              right: end < values.count
                ? (count - Double(end)) / count : alone, skew)),
        ]
        start = end
      }
      trees.addSteps(feature: feature, thresholds: thresholds, values: terms)
    }
    return graph.singles(trees.sums(of: samples, in: &graph))
  }
}
