import Execution
import Files
import LinearAlgebra
import ONNX

/// Mean and shrunk covariance of the training samples.
///
/// The covariance is (1 - s) S + s μ I with that of the samples, S (divisor n),
/// their mean variance μ and the shrinkage s. The score of a sample is its
/// squared Mahalanobis distance.
public struct GaussianDistanceModel: AttributingModel {
  /// The mean of the training samples.
  @Tensor public private(set) var mean: [Double]
  /// T, upper triangular, with the inverse covariance T Tᵀ.
  @Tensor private var whitening: [Double]
  /// From 0, the covariance of the samples, to 1, their mean variance alone.
  public let shrinkage: Double

  public var featureCount: Int { mean.count }

  private var distance: WhitenedDistance {
    WhitenedDistance(mean: mean, whitening: whitening)
  }

  init(mean: [Double], whitening: [Double], shrinkage: Double) {
    self.mean = mean
    self.whitening = whitening
    self.shrinkage = shrinkage
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try distance.scores(of: samples, in: context)
  }

  /// As `WhitenedDistance` has them.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) -> Matrix {
    distance.attributions(of: samples)
  }
}

extension GaussianDistanceModel {
  private enum CodingKeys: CodingKey {
    case mean
    case whitening
    case shrinkage
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together or are not finite.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    _mean = try container.decode(Tensor<Double>.self, forKey: .mean)
    _whitening = try container.decode(Tensor<Double>.self, forKey: .whitening)
    shrinkage = try container.decode(Double.self, forKey: .shrinkage)
    guard
      !mean.isEmpty,
      whitening.count == elementCount([mean.count, mean.count]),
      mean.allSatisfy(\.isFinite), whitening.allSatisfy(\.isFinite)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the mean and the covariance do not agree"))
    }
  }
}

extension GaussianDistanceModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    graph.singles(distance.addSquares(of: samples, to: &graph))
  }
}
