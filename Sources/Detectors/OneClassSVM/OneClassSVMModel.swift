import Execution
import Files
import LinearAlgebra
import ONNX

/// A fitted one-class support vector machine.
public struct OneClassSVMModel: LocalizingModel {
  /// The training samples on and beyond the border, one a row.
  public let supportVectors: Matrix
  /// The weight of each support vector, from (0, 1]; their sum is nu times the
  /// number of training samples, as in scikit-learn.
  @Tensor public private(set) var coefficients: [Double]
  /// The kernel sum at the border of the region.
  public let rho: Double
  /// The width of the kernel, as a number.
  public let gamma: Double
  /// How the solver ended.
  public let convergence: Convergence

  /// How near to the optimum a solver came, and in how many steps.
  public struct Convergence: Codable, Hashable, Sendable {
    /// ½ Σ Σ α_i α_j K(x_i, x_j), which the fit makes as small as it can.
    public let objective: Double
    /// Changes of a pair of coefficients.
    public let iterations: Int
    /// The largest violation of the conditions of optimality by a pair of
    /// samples; below the tolerance unless the iterations ran out.
    public let gap: Double
  }

  init(
    supportVectors: Matrix, coefficients: [Double], rho: Double, gamma: Double,
    convergence: Convergence
  ) {
    self.supportVectors = supportVectors
    self.coefficients = coefficients
    self.rho = rho
    self.gamma = gamma
    self.convergence = convergence
  }

  public var featureCount: Int { supportVectors.columns }

  /// rho - Σ α_i K(x_i, x): positive outside of the region, negative inside.
  ///
  /// scikit-learn's `decision_function` with the sign changed.
  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let all = Array(0..<supportVectors.rows)
    let centre = SampleMoments(supportVectors, rows: all).means
    let expansion = ScaledPoints(
      supportVectors, rows: all, centre: centre, gamma: gamma)
    return try expansion.withSpan { expansion in
      try context.fill(
        samples.rows, blockSize: GaussianKernel.blockColumns, stage: "scoring"
      ) { range, scores in
        let points = ScaledPoints(
          samples, rows: Array(range), centre: centre, gamma: gamma)
        withUnsafeTemporaryAllocation(
          of: Double.self, capacity: range.count
        ) { sums in
          sums.initialize(repeating: 0)
          points.withSpan {
            GaussianKernel.addWeightedSums(
              of: expansion, weights: coefficients, at: $0, to: sums)
          }
          for index in sums.indices { scores[index] = Float(rho - sums[index]) }
        }
      }
    }
  }

  /// Maps of the squared difference to the nearest support vector.
  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    let search = NearestRows(of: supportVectors, to: samples)
    let nearest: [Int32] = try context.fill(
      samples.rows, blockSize: 64, stage: "heat maps"
    ) { rows, nearest in
      _ = nearest.initialize(from: try search.rows(nearestTo: rows))
    }
    return Localization(
      scores: try score(samples, in: context), of: samples,
      from: supportVectors, rows: nearest.map { Int($0) }, in: context)
  }
}

extension OneClassSVMModel {
  private enum CodingKeys: CodingKey {
    case supportVectors
    case coefficients
    case rho
    case gamma
    case convergence
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    supportVectors = try container.decode(Matrix.self, forKey: .supportVectors)
    _coefficients = try container.decode(
      Tensor<Double>.self, forKey: .coefficients)
    rho = try container.decode(Double.self, forKey: .rho)
    gamma = try container.decode(Double.self, forKey: .gamma)
    convergence = try container.decode(Convergence.self, forKey: .convergence)
    guard supportVectors.rows > 0, supportVectors.columns > 0,
      supportVectors.rows == coefficients.count,
      supportVectors.firstNonFinite() == nil,
      coefficients.allSatisfy(\.isFinite), rho.isFinite, gamma.isFinite,
      gamma > 0
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "no expansion over support vectors"))
    }
  }
}

extension OneClassSVMModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let squares = ONNXRows(supportVectors)
      .squares(to: samples, in: &graph)
    let kernel = graph(
      "Exp", graph("Mul", squares, graph.constant([-gamma], shape: [])))
    let sums = graph("MatMul", kernel, graph.constant(coefficients))
    return graph.singles(
      graph("Sub", graph.constant([rho], shape: []), sums))
  }
}
