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

  /// In features x training samples, each row rising.
  private let search: SortedSearch
  /// The sign of the skewness of every feature; 0 for a constant one.
  @Tensor private(set) var skews: [Int32]
  /// How the tails of a feature are combined.
  public let combination: Combination

  public var featureCount: Int { search.sorted.rows }

  /// Walks the samples once, some at a time.
  ///
  /// - Throws: `DetectorFault.exceedsMemoryBudget` where the sorted values do
  ///   not fit.
  init(
    of source: any SampleSource, combination: Combination,
    in context: RunContext
  ) throws {
    let (count, columns) = (source.rows, source.columns)
    let needed = count * columns * MemoryLayout<Float>.stride
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "use fewer rows or features, or raise the memory budget")
    }
    let values = try [Float](unsafeUninitializedCapacity: count * columns) {
      values, initialized in
      guard let first = values.baseAddress else { return }
      var start = 0
      try source.forEachFiniteBlock(stage: "reading samples", in: context) {
        $0.copyColumns(to: first + start, stride: count)
        start += $0.rows
      }
      let whole = values
      try context.forEachBlock(columns * count, size: count, stage: "sorting") {
        sort(UnsafeMutableBufferPointer(rebasing: whole[$0]))
      }
      initialized = columns * count
    }
    let sorted = Matrix(rows: columns, columns: count, values: values)
    search = SortedSearch(sorted)
    self.combination = combination
    skews = try context.fill(columns, blockSize: 1, stage: "skewness") {
      range, skew in
      skew.initialize(
        repeating: signOfSkewness(ofSorted: sorted.row(range.lowerBound)))
    }
  }

  /// The probabilities of this many features have a product that a double
  /// holds: each is above 2⁻⁶⁴.
  private static let multiplied = 15

  /// Feature by feature, so that the values of one stay in a cache.
  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    var sums = [Double](repeating: 0, count: samples.rows)
    var products = [Double](repeating: 1, count: samples.rows)
    let blocks = Parallel.blocks(
      samples.rows, size: max(2048, min(1 << 16, samples.rows / 16)))
    try products.withUnsafeMutableBufferPointer { products in
      try sums.withUnsafeMutableBufferPointer { sums in
        let (products, sums) = (products, sums)
        for (column, skew) in skews.enumerated() {
          let isLast =
            column == skews.count - 1 || column % Self.multiplied == 0
          _ = try Parallel.map(blocks.count) { index in
            try context.cancellation.check()
            let first = blocks[index].lowerBound
            search.forEachTails(of: column, in: samples, rows: blocks[index]) {
              products[first + $0] *= probability(
                left: $1.left, right: $1.right, skew)
            }
            guard isLast else { return }
            for row in blocks[index] {
              sums[row] -= log(products[row])
              products[row] = 1
            }
          }
          context.progress.report(
            ProgressReport(
              stage: "scoring", completed: column + 1, total: skews.count))
        }
      }
    }
    return sums.map { Float($0) }
  }

  /// The terms of the sum.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) -> Matrix {
    var parts = Matrix(rows: samples.rows, columns: samples.columns)
    for (column, skew) in skews.enumerated() {
      search.forEachTails(of: column, in: samples, rows: 0..<samples.rows) {
        parts[$0, column] = Float(
          -log(probability(left: $1.left, right: $1.right, skew)))
      }
    }
    return parts
  }

  /// What a feature adds the negative logarithm of.
  @inline(__always)
  private func probability(
    left: Double, right: Double, _ skew: Int32
  ) -> Double {
    guard skew != 0 else { return left * right }
    switch combination {
    case .extremeTail: return min(left, right)
    case .skewedTail:
      return min(skew < 0 ? left : right, (left * right).squareRoot())
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
    let sorted = try container.decode(Matrix.self, forKey: .sorted)
    let skews = try container.decode(Tensor<Int32>.self, forKey: .skews)
    combination = try container.decode(Combination.self, forKey: .combination)
    guard
      sorted.rows > 0, sorted.columns > 0, sorted.firstNonFinite() == nil,
      skews.wrappedValue.count == sorted.rows,
      skews.wrappedValue.allSatisfy({ -1...1 ~= $0 }),
      sorted.areRowsRising
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the sorted values and skews do not agree"))
    }
    _skews = skews
    search = SortedSearch(sorted)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(search.sorted, forKey: .sorted)
    try container.encode(_skews, forKey: .skews)
    try container.encode(combination, forKey: .combination)
  }
}

extension TailModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    var trees = ONNXTrees()
    let count = Double(search.sorted.columns)
    let alone = 1 / (count + 1)
    func term(left: Double, right: Double, _ skew: Int32) -> Float {
      Float(-log(probability(left: left, right: right, skew)))
    }
    for (feature, skew) in skews.enumerated() {
      // A term for what is less than the first value, equal to it, and so on.
      var terms = [term(left: alone, right: 1, skew)]
      var thresholds: [Float] = []
      let values = Array(search.sorted.row(feature))
      var start = 0
      while start < values.count {
        let value = values[start]
        let end =
          values[start...].firstIndex { $0 > value } ?? values.count
        thresholds += [value.nextDown, value]
        let left = Double(end) / count
        terms.append(
          term(left: left, right: (count - Double(start)) / count, skew))
        terms.append(
          term(left: left, right: end < values.count ? 1 - left : alone, skew))
        start = end
      }
      trees.addSteps(feature: feature, thresholds: thresholds, values: terms)
    }
    return graph.singles(trees.sums(of: samples, in: &graph))
  }
}
