import Execution
import Files
import LinearAlgebra
import ONNX

/// The mean and the principal components of the training samples.
///
/// The score of a sample x is its squared reconstruction error
/// |x - m - VᵀV (x - m)|² with the mean m and the components as rows of V.
/// With `mahalanobis`, v · Σ (tᵢ² / λᵢ) is added, where t = V (x - m), λᵢ is the
/// variance along component i and v the mean variance of the directions left
/// out: up to the factor v the likelihood distance of Moghaddam and Pentland
/// (1997) and of probabilistic PCA (Tipping and Bishop 1999), in the units of
/// the error. With `byVariance` the score is Σ (tᵢ² / λᵢ) alone, over the
/// components whose variance is more than rounding.
public struct PCAReconstructionModel: ReconstructingModel, LocalizingModel,
  AttributingModel
{
  /// The mean of the training samples.
  @Tensor public private(set) var mean: [Double]
  /// The components, one a row, orthonormal, those of the most variance first.
  ///
  /// In double precision: rounded to single, they would add 1e-7 of the length
  /// of a sample to its residual.
  @Tensor private var axes: [Double]
  /// The variance of the training samples along every component, falling;
  /// the divisor is the number of samples less one.
  @Tensor public private(set) var explainedVariance: [Double]
  /// The variance of the training samples along all directions together.
  public let totalVariance: Double
  /// The number of training samples.
  public let sampleCount: Int
  /// Whether the Mahalanobis distance inside the subspace is added.
  public let mahalanobis: Bool
  /// Whether that distance, in units of variance, is the score.
  public let byVariance: Bool

  public var featureCount: Int { mean.count }

  /// The number of components that were kept.
  public var componentCount: Int { explainedVariance.count }

  /// The components as rows, components x features.
  public var components: Matrix {
    Matrix(
      rows: componentCount, columns: featureCount, values: axes.map(Float.init))
  }

  /// The singular values of the centred training samples that belong to the
  /// components.
  public var singularValues: [Double] {
    explainedVariance.map { ($0 * divisor).squareRoot() }
  }

  /// The mean variance of the directions that are left out; 0 when none is.
  public var noiseVariance: Double {
    let leftOut = min(sampleCount, featureCount) - componentCount
    guard leftOut > 0 else { return 0 }
    return max(totalVariance - explainedVariance.reduce(0, +), 0)
      / Double(leftOut)
  }

  private var divisor: Double { Double(max(sampleCount - 1, 1)) }

  init(
    mean: [Double], axes: PrincipalAxes, sampleCount: Int, mahalanobis: Bool,
    byVariance: Bool
  ) {
    let divisor = Double(max(sampleCount - 1, 1))
    self.mean = mean
    self.axes = axes.vectors
    explainedVariance = axes.singularValues.map { $0 * $0 / divisor }
    totalVariance = axes.squaresTotal / divisor
    self.sampleCount = sampleCount
    self.mahalanobis = mahalanobis
    self.byVariance = byVariance
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    try scores(samples, in: context) { _, _ in }
  }

  /// The nearest points of the principal subspace.
  public func reconstruct(
    _ samples: Matrix, in context: RunContext
  ) throws -> Matrix {
    try localized(samples, in: context).reconstructions
  }

  /// Maps of the squared difference to the nearest point of the subspace.
  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    let (scores, reconstructions) = try localized(samples, in: context)
    return Localization(
      scores: scores, of: samples, from: reconstructions,
      rows: Array(0..<samples.rows), in: context)
  }

  private func localized(
    _ samples: Matrix, in context: RunContext
  ) throws -> (scores: [Float], reconstructions: Matrix) {
    var result = Matrix(rows: samples.rows, columns: samples.columns)
    let scores = try result.values.withUnsafeMutableBufferPointer { values in
      try self.scores(samples, in: context) { rows, residuals in
        let start = rows.lowerBound * featureCount
        for index in 0..<rows.count * featureCount {
          values[start + index] = Float(
            Double(samples.values[start + index]) - residuals[index])
        }
      }
    }
    return (scores, result)
  }

  /// What a unit of length along every component counts for, squared, beside
  /// the error or instead of it; empty for the error alone.
  private var weights: [Double] {
    let least = (explainedVariance.first ?? 0) * Self.leastVariance
    return byVariance
      ? explainedVariance.map { $0 > least ? 1 / $0 : 0 }
      : mahalanobis ? explainedVariance.map { noiseVariance / $0 } : []
  }

  /// What the rounding of samples makes of their squared length.
  private static let rounding = Double(Float.ulpOfOne * Float.ulpOfOne)

  /// What features in single precision leave of a direction without variance,
  /// in parts of the largest.
  private static let leastVariance = 1e-10

  /// By how much the score falls where one feature alone has the value that the
  /// others make expected.
  ///
  /// aⱼ² / Aⱼⱼ for a score (x - m)ᵀ A (x - m) with a = A (x - m); see
  /// `WhitenedDistance`.
  public func attribute(
    _ samples: Matrix, usual: [Float], in context: RunContext
  ) throws -> Matrix {
    let (columns, count) = (featureCount, componentCount)
    let residual = byVariance ? 0.0 : 1.0
    let weights =
      self.weights.isEmpty
      ? [Double](repeating: 0, count: count) : self.weights
    // A = residual (1 - VᵀV) + Vᵀ W V.
    let diagonal = (0..<columns).map { column in
      (0..<count).reduce(residual) {
        let axis = axes[$1 * columns + column]
        return $0 + (weights[$1] - residual) * axis * axis
      }
    }
    let least = 1e-9 * (diagonal.max() ?? 0)
    var parts = Matrix(rows: samples.rows, columns: columns)
    try project(samples, in: context) { rows, coordinates, residuals in
      for (index, row) in rows.enumerated() {
        for column in 0..<columns where diagonal[column] > least {
          let gradient = (0..<count).reduce(
            residual * residuals[index * columns + column]
          ) {
            $0 + weights[$1] * coordinates[index * count + $1]
              * axes[$1 * columns + column]
          }
          parts[row, column] = Float(
            min(
              gradient * gradient / diagonal[column],
              Double(Float.greatestFiniteMagnitude)))
        }
      }
    }
    return parts
  }

  /// The scores; calls `body` with blocks of rows and their residuals.
  private func scores(
    _ samples: Matrix, in context: RunContext,
    _ body: (Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) throws -> [Float] {
    let weights = weights
    var scores = [Float](repeating: 0, count: samples.rows)
    try scores.withUnsafeMutableBufferPointer { scores in
      try project(samples, in: context) { rows, coordinates, residuals in
        for (index, row) in rows.enumerated() {
          var score = 0.0
          for column in index * featureCount..<(index + 1) * featureCount {
            score += residuals[column] * residuals[column]
          }
          var length = score
          for component in 0..<componentCount {
            let value = coordinates[index * componentCount + component]
            length += value * value
          }
          // What the rounding of samples leaves of those in the subspace.
          if byVariance || score <= Self.rounding * length { score = 0 }
          for (component, weight) in weights.enumerated() {
            let value = coordinates[index * componentCount + component]
            score += value * value * weight
          }
          scores[row] = Float(min(score, Double(Float.greatestFiniteMagnitude)))
        }
        body(rows, residuals)
      }
    }
    return scores
  }

  /// The coordinates of samples along the components, from the mean:
  /// rows x components.
  package func coordinates(
    of samples: Matrix, in context: RunContext
  ) throws -> Matrix {
    var result = Matrix(rows: samples.rows, columns: componentCount)
    try result.values.withUnsafeMutableBufferPointer { values in
      try project(samples, in: context) { rows, coordinates, _ in
        let start = rows.lowerBound * componentCount
        for index in 0..<rows.count * componentCount {
          values[start + index] = Float(coordinates[index])
        }
      }
    }
    return result
  }

  /// Calls `body` with blocks of rows, their coordinates along the components
  /// (rows x components) and what these leave over (rows x features).
  ///
  /// The residual is formed explicitly: |x - m|² - |t|² would cancel for
  /// samples that are almost inside the subspace.
  private func project(
    _ samples: Matrix, in context: RunContext,
    _ body: (
      Range<Int>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>
    ) -> Void
  ) throws {
    let centered = CenteredSamples(samples, mean: mean)
    let height = max(CenteredSamples.blockElements / featureCount, 16)
    try axes.withUnsafeBufferPointer { axes in
      try context.forEachBlock(samples.rows, size: height, stage: "scoring") {
        rows in
        withUnsafeTemporaryAllocation(
          of: Double.self, capacity: height * (featureCount + componentCount)
        ) { scratch in
          guard let residuals = scratch.baseAddress else { return }
          let coordinates = residuals + height * featureCount
          centered.copy(rows: rows, columns: 0..<featureCount, to: residuals)
          if let axes = axes.baseAddress, componentCount > 0 {
            BLAS.multiply(
              m: rows.count, n: componentCount, k: featureCount,
              residuals, stride: featureCount, .plain,
              axes, stride: featureCount, .transposed,
              into: coordinates, stride: componentCount)
            BLAS.multiply(
              m: rows.count, n: featureCount, k: componentCount, alpha: -1,
              coordinates, stride: componentCount, .plain,
              axes, stride: featureCount,
              beta: 1, into: residuals, stride: featureCount)
          }
          body(rows, coordinates, residuals)
        }
      }
    }
  }
}

extension PCAReconstructionModel {
  private enum CodingKeys: CodingKey {
    case mean
    case axes
    case explainedVariance
    case totalVariance
    case sampleCount
    case mahalanobis
    case byVariance
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    _mean = try container.decode(Tensor<Double>.self, forKey: .mean)
    _axes = try container.decode(Tensor<Double>.self, forKey: .axes)
    _explainedVariance = try container.decode(
      Tensor<Double>.self, forKey: .explainedVariance)
    totalVariance = try container.decode(Double.self, forKey: .totalVariance)
    sampleCount = try container.decode(Int.self, forKey: .sampleCount)
    mahalanobis = try container.decode(Bool.self, forKey: .mahalanobis)
    byVariance =
      try container.decodeIfPresent(Bool.self, forKey: .byVariance) ?? false
    guard
      !mean.isEmpty, sampleCount > 0,
      axes.count == mean.count * explainedVariance.count,
      mean.allSatisfy(\.isFinite), axes.allSatisfy(\.isFinite),
      explainedVariance.allSatisfy({ $0 > 0 && $0.isFinite }),
      totalVariance.isFinite
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the components do not fit the mean"))
    }
  }
}

extension PCAReconstructionModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let centered = graph("Sub", graph.doubles(samples), graph.constant(mean))
    guard componentCount > 0 else {
      return graph.singles(graph.squaredNorms(centered))
    }
    let axes = graph.constant(axes, shape: [componentCount, featureCount])
    let coordinates = graph("MatMul", centered, graph("Transpose", axes))
    let inside = graph("MatMul", coordinates, axes)
    var error = graph.squaredNorms(graph("Sub", centered, inside))
    let zero = graph.constant([0.0], shape: [])
    if byVariance {
      error = graph("Mul", error, zero)
    } else {
      let length = graph("Add", error, graph.squaredNorms(coordinates))
      let isRounding = graph(
        "LessOrEqual", error,
        graph("Mul", length, graph.constant([Self.rounding], shape: [])))
      error = graph("Where", isRounding, zero, error)
    }
    guard !weights.isEmpty else { return graph.singles(error) }
    let weighted = graph(
      "MatMul", graph("Mul", coordinates, coordinates), graph.constant(weights))
    return graph.singles(graph("Add", error, weighted))
  }
}
