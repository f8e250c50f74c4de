import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import ONNX

/// Mean and covariance of the training samples that lie closest together.
///
/// The score of a sample is its squared Mahalanobis distance.
public struct MinimumCovarianceModel: AttributingModel {
  /// The mean.
  @Tensor public private(set) var location: [Double]
  /// The covariance, features x features.
  @Tensor public private(set) var covariance: [Double]
  /// The logarithm of the determinant of the covariance of the support, before
  /// anything is corrected.
  public let rawLogDeterminant: Double
  /// T with the inverse covariance T Tᵀ.
  @Tensor private var whitening: [Double]

  public var featureCount: Int { location.count }

  /// The part of ordinary samples that the reweighted covariance is made of.
  private static let ordinaryShare = 0.975

  /// What is added to the diagonal where there is no inverse, in parts of the
  /// variance of all samples: enough that half of the samples which lie in a
  /// plane do not make a model of their own.
  private static let ridge = 0.1

  init(_ search: FastMCD, starts: Int) throws {
    let samples = search.samples
    func fit(ridge: Double) throws -> (Double, FastMCD.Estimate)? {
      guard
        let raw = try search.best(
          of: search.candidates(starts: starts, ridge: ridge), ridge: ridge)
      else { return nil }
      let columns = samples.columns
      let correction = consistencyFactor(
        columns, share: Double(search.supportCount) / Double(samples.rows))
      let limit =
        correction * ChiSquared(degrees: columns).quantile(Self.ordinaryShare)
      let rows = Array(0..<samples.rows)
      let distances = search.distances(of: rows, by: raw)
      let ordinary = rows.filter { distances[$0] < limit }
      return search.estimate(
        of: ordinary.isEmpty ? rows : ordinary, ridge: ridge
      ).map { (raw.whitening.logDeterminant, $0) }
    }
    var found = try fit(ridge: 0)
    if found == nil {
      search.context.warn(
        "the covariance has no inverse (constant or collinear features, or few"
          + " samples): its diagonal is raised")
      found = try fit(ridge: Self.ridge)
    }
    guard let (raw, estimate) = found else {
      throw DetectorFault.noSolution(
        problem: "the covariance has no inverse",
        remedy: "scale the features to a common range")
    }
    let factor = consistencyFactor(samples.columns, share: Self.ordinaryShare)
    let (columns, deviations) = (samples.columns, search.deviations)
    rawLogDeterminant =
      raw + deviations.reduce(0) { $0 + 2 * log($1) }
    location = (0..<columns).map {
      search.means[$0] + deviations[$0] * estimate.mean[$0]
    }
    covariance = estimate.covariance.indices.map { place in
      let (row, column) = (place / columns, place % columns)
      return factor * deviations[row] * deviations[column]
        * estimate.covariance[
          row <= column ? place : column * columns + row]
    }
    whitening = estimate.whitening.values.indices.map {
      estimate.whitening.values[$0] / deviations[$0 / columns]
        / factor.squareRoot()
    }
  }

  private var distance: WhitenedDistance {
    WhitenedDistance(mean: location, whitening: whitening)
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

/// What a covariance of the given share of the closest samples is multiplied by
/// to be that of all, if they are normal (Croux and Haesbroeck 1999).
private func consistencyFactor(_ columns: Int, share: Double) -> Double {
  guard share < 1 else { return 1 }
  return share
    / ChiSquared(degrees: columns + 2).probability(
      of: ChiSquared(degrees: columns).quantile(share))
}

extension MinimumCovarianceModel {
  private enum CodingKeys: CodingKey {
    case location
    case covariance
    case rawLogDeterminant
    case whitening
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together or are not finite.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    _location = try container.decode(Tensor<Double>.self, forKey: .location)
    _covariance = try container.decode(
      Tensor<Double>.self, forKey: .covariance)
    rawLogDeterminant = try container.decode(
      Double.self, forKey: .rawLogDeterminant)
    _whitening = try container.decode(Tensor<Double>.self, forKey: .whitening)
    let count = elementCount([location.count, location.count])
    guard
      !location.isEmpty, covariance.count == count, whitening.count == count,
      location.allSatisfy(\.isFinite), covariance.allSatisfy(\.isFinite),
      whitening.allSatisfy(\.isFinite)
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the mean and the covariance do not agree"))
    }
  }
}

extension MinimumCovarianceModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    graph.singles(distance.addSquares(of: samples, to: &graph))
  }
}
