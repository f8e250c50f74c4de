import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// Bins of equal width over the range of each feature.
struct EqualBins {
  /// Where the first bin of each feature begins, and the last ends.
  let lower: [Double]
  let upper: [Double]
  /// The bins of a feature.
  let count: Int

  /// - Throws: What reading throws; `DetectorFault.nonFiniteValue`;
  ///   `CancellationError`.
  init(of source: any SampleSource, count: Int, in context: RunContext) throws {
    var ranges: [ClosedRange<Double>] = []
    try source.forEachFiniteBlock(stage: "ranges", in: context) { block in
      let found = try block.columnRanges(in: context)
      ranges =
        ranges.isEmpty
        ? found
        : zip(ranges, found).map {
          min($0.lowerBound, $1.lowerBound)...max($0.upperBound, $1.upperBound)
        }
    }
    self.init(
      lower: ranges.map {
        $0.lowerBound - ($0.lowerBound == $0.upperBound ? 0.5 : 0)
      },
      upper: ranges.map {
        $0.upperBound + ($0.lowerBound == $0.upperBound ? 0.5 : 0)
      }, count: count)
  }

  init(lower: [Double], upper: [Double], count: Int) {
    self.lower = lower
    self.upper = upper
    self.count = count
  }

  /// The width of the bins of a feature.
  func width(column: Int) -> Double {
    (upper[column] - lower[column]) / Double(count)
  }

  /// The bin of a value; nil where it is more than half a bin out of the range.
  @inline(__always)
  func bin(of value: Float, column: Int) -> Int? {
    let place = (Double(value) - lower[column]) / width(column: column)
    guard place >= -0.5, place <= Double(count) + 0.5 else { return nil }
    return min(max(Int(place.rounded(.down)), 0), count - 1)
  }
}

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

  /// - Parameter counts: Of the training samples, feature after feature.
  init(_ bins: EqualBins, counts: [Double], rows: Int, alpha: Double) {
    lower = bins.lower
    upper = bins.upper
    densities = counts.indices.map {
      counts[$0] / Double(rows) / bins.width(column: $0 / bins.count)
    }
    self.alpha = alpha
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let bins = EqualBins(
      lower: lower, upper: upper, count: densities.count / featureCount)
    let parts = densities.map { -log2($0 + alpha) }
    let outside = -log2(alpha)
    return try context.fill(
      samples.rows, blockSize: 1024, stage: "scoring"
    ) { rows, scores in
      for (place, row) in rows.enumerated() {
        let sum = (0..<featureCount).reduce(0.0) { sum, column in
          sum
            + (bins.bin(of: samples[row, column], column: column).map {
              parts[column * bins.count + $0]
            } ?? outside)
        }
        scores.initializeElement(at: place, to: Float(sum))
      }
    }
  }

  /// What each feature adds above the least that it can.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) -> Matrix {
    let count = densities.count / featureCount
    let bins = EqualBins(lower: lower, upper: upper, count: count)
    var parts = Matrix(rows: samples.rows, columns: samples.columns)
    for column in 0..<featureCount {
      let own = densities[column * count..<(column + 1) * count]
      let most = (own.max() ?? 0) + alpha
      for row in 0..<samples.rows {
        let density =
          bins.bin(of: samples[row, column], column: column).map {
            own[column * count + $0]
          } ?? 0
        parts[row, column] = Float(log2(most / (density + alpha)))
      }
    }
    return parts
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
    let bins = EqualBins(
      lower: lower, upper: upper, count: densities.count / featureCount)
    let places = graph(
      "Div", graph("Sub", graph.doubles(samples), graph.constant(lower)),
      graph.constant((0..<featureCount).map(bins.width)))
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
