import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// How rare the values of each feature are.
///
/// The score is the sum over the features of -log₂(p + alpha), with p the
/// density of the training samples in the bin of the value: their share,
/// divided by the width of the bin. It is 0 for a value that is more than half
/// a bin out of their range. The score hangs on the training samples alone, not
/// on what else is scored.
public struct HistogramScoreModel: AttributingModel {
  /// Where the first bin of every feature begins.
  @Tensor public private(set) var lower: [Double]
  /// Where the last bin of every feature ends.
  @Tensor public private(set) var upper: [Double]
  /// The densities, feature after feature, each in as many bins.
  @Tensor public private(set) var densities: [Double]
  /// What is added to them.
  public let alpha: Double

  public var featureCount: Int { lower.count }

  /// - Parameter counts: Of the training samples, as `EqualBins` counts.
  init(_ bins: EqualBins, counts: [Double], rows: Int, alpha: Double) {
    lower = bins.lower
    upper = bins.upper
    densities = Parallel.blocks(counts.count, size: bins.count + 1).enumerated()
      .flatMap { column, own in
        counts[own].dropLast().map {
          $0 / Double(rows) / bins.widths[column]
        }
      }
    self.alpha = alpha
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let bins = bins
    let parts = byBin(
      densities.map { -log2($0 + alpha) }, outside: -log2(alpha))
    return try context.fill(
      samples.rows, blockSize: 1024, stage: "scoring"
    ) { rows, scores in
      bins.forEachRow(rows, of: samples) { place, found in
        var sum = 0.0
        for index in found { sum += parts[index] }
        scores.initializeElement(at: place, to: Float(sum))
      }
    }
  }

  /// What each feature adds above the least that it can.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) -> Matrix {
    let most = Parallel.blocks(densities.count, size: bins.count).map {
      densities[$0].max() ?? 0
    }
    let found = byBin(densities, outside: 0)
    var parts = Matrix(rows: samples.rows, columns: samples.columns)
    bins.forEachRow(0..<samples.rows, of: samples) { row, places in
      for (column, place) in places.enumerated() {
        parts[row, column] = Float(
          log2((most[column] + alpha) / (found[place] + alpha)))
      }
    }
    return parts
  }

  private var bins: EqualBins {
    EqualBins(lower: lower, upper: upper, count: densities.count / featureCount)
  }

  /// Values of the bins of each feature, and behind them that of whatever is
  /// in none: as `EqualBins` counts.
  private func byBin(_ values: [Double], outside: Double) -> [Double] {
    Parallel.blocks(values.count, size: bins.count).flatMap {
      values[$0] + [outside]
    }
  }
}

extension HistogramScoreModel {
  private enum CodingKeys: CodingKey {
    case lower
    case upper
    case densities
    case alpha
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together or hold impossible numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    _lower = try container.decode(Tensor<Double>.self, forKey: .lower)
    _upper = try container.decode(Tensor<Double>.self, forKey: .upper)
    _densities = try container.decode(Tensor<Double>.self, forKey: .densities)
    alpha = try container.decode(Double.self, forKey: .alpha)
    guard
      !lower.isEmpty, upper.count == lower.count, !densities.isEmpty,
      densities.count.isMultiple(of: lower.count),
      zip(lower, upper).allSatisfy({ $0 < $1 && ($1 - $0).isFinite }),
      densities.allSatisfy({ $0 >= 0 && $0.isFinite }),
      alpha > 0, alpha.isFinite
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the bins and densities do not agree"))
    }
  }
}

extension HistogramScoreModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let bins = bins
    let places = graph(
      "Div", graph("Sub", graph.doubles(samples), graph.constant(lower)),
      graph.constant(bins.widths))
    let isInside = graph(
      "And",
      graph("GreaterOrEqual", places, graph.constant([-0.5], shape: [])),
      graph(
        "LessOrEqual", places,
        graph.constant([Double(bins.count) + 0.5], shape: [])))
    // Casting cuts off what is behind the point.
    let clipped = graph(
      "Cast",
      graph(
        "Clip", places, graph.constant([0.0], shape: []),
        graph.constant([Double(bins.count)], shape: [])),
      attributes: ["to": .type(.int64)])
    let bin = graph(
      "Add", graph("Min", clipped, graph.constant([bins.count - 1], shape: [])),
      graph.constant((0..<featureCount).map { $0 * bins.count }))
    let parts = graph(
      "Gather", graph.constant(densities.map { -log2($0 + alpha) }), bin)
    return graph.singles(
      graph(
        "ReduceSum",
        graph(
          "Where", isInside, parts, graph.constant([-log2(alpha)], shape: [])),
        graph.constant([1]), attributes: ["keepdims": 0]))
  }
}
