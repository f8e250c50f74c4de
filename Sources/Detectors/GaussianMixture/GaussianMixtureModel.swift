import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// Normal distributions that together make the density of the training samples.
///
/// The score of a sample is the negative logarithm of that density.
public struct GaussianMixtureModel: AnomalyModel {
  /// The share of each distribution.
  @Tensor public private(set) var weights: [Double]
  /// Components x features.
  @Tensor private var means: [Double]
  /// Of each component T, upper triangular, with the inverse covariance T Tᵀ.
  @Tensor private var whitenings: [Double]
  public let featureCount: Int

  /// How many distributions there are.
  public var componentCount: Int { weights.count }

  init(_ components: [MixtureFit.Component]) {
    weights = components.map(\.weight)
    means = components.flatMap(\.mean)
    whitenings = components.flatMap(\.whitening.values)
    featureCount = components.first?.mean.count ?? 0
  }

  /// The distances of a component, and the logarithm of its density at its
  /// mean times its share.
  private func component(
    _ place: Int
  ) -> (distance: WhitenedDistance, logarithm: Double) {
    let columns = featureCount
    let whitening = Array(
      whitenings[place * columns * columns..<(place + 1) * columns * columns])
    // The determinant of T is the root of that of the inverse covariance.
    let logarithm = stride(from: 0, to: columns * columns, by: columns + 1)
      .reduce(log(weights[place]) - 0.5 * Double(columns) * log(2 * .pi)) {
        $0 + log(abs(whitening[$1]))
      }
    return (
      WhitenedDistance(
        mean: Array(means[place * columns..<(place + 1) * columns]),
        whitening: whitening), logarithm
    )
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let count = componentCount
    var terms = [Double](repeating: 0, count: samples.rows * count)
    for place in 0..<count {
      let (distance, logarithm) = component(place)
      let squares = try distance.squares(of: samples, in: context)
      for row in 0..<samples.rows {
        terms[row * count + place] = logarithm - 0.5 * squares[row]
      }
    }
    return (0..<samples.rows).map { row in
      Float(
        min(
          -logarithmOfSum(terms[row * count..<(row + 1) * count]),
          Double(Float.greatestFiniteMagnitude)))
    }
  }
}

extension GaussianMixtureModel {
  private enum CodingKeys: CodingKey {
    case weights
    case means
    case whitenings
    case featureCount
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together or hold impossible numbers.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    _weights = try container.decode(Tensor<Double>.self, forKey: .weights)
    _means = try container.decode(Tensor<Double>.self, forKey: .means)
    _whitenings = try container.decode(
      Tensor<Double>.self, forKey: .whitenings)
    featureCount = try container.decode(Int.self, forKey: .featureCount)
    guard
      featureCount > 0, !weights.isEmpty,
      means.count == elementCount([weights.count, featureCount]),
      whitenings.count
        == elementCount([weights.count, featureCount, featureCount]),
      weights.allSatisfy({ $0 > 0 && $0.isFinite }),
      means.allSatisfy(\.isFinite), whitenings.allSatisfy(\.isFinite)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the distributions do not fit together"))
    }
  }
}

extension GaussianMixtureModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let terms = (0..<componentCount).map { place in
      let (distance, logarithm) = component(place)
      let squares = distance.addSquares(of: samples, to: &graph)
      let term = graph(
        "Add", graph("Mul", squares, graph.constant([-0.5], shape: [])),
        graph.constant([logarithm], shape: []))
      return graph.reshaped(term, [-1, 1])
    }
    let sums = graph(
      "ReduceLogSumExp", graph("Concat", terms, attributes: ["axis": 1]),
      attributes: ["axes": [1], "keepdims": 0])
    return graph.singles(graph("Neg", sums))
  }
}
