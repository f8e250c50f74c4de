import Diagnostics
import Execution
import Foundation
import LinearAlgebra
import Parameters

/// The density of the training samples, a Gaussian bump on each of them.
///
/// Parzen, "On estimation of a probability density function and mode", Annals
/// of Mathematical Statistics 1962. For training samples without anomalies and
/// features on one scale. The score is that of `KernelDensityModel`.
///
/// scikit-learn's name for it: `sklearn.neighbors.KernelDensity`.
public struct KernelDensity: Detector {
  /// The width of a bump, in the units of the features.
  public enum Bandwidth: Hashable, Sendable {
    /// n^(-1/(d + 4)) of n samples of d features (Scott 1992).
    case scott
    /// (n (d + 2)/4)^(-1/(d + 4)) (Silverman 1986).
    case silverman
    /// The given number; positive.
    case value(Double)
  }

  /// The width of a bump.
  public var bandwidth: Bandwidth

  /// By default: by Scott's rule.
  public init(bandwidth: Bandwidth = .scott) {
    self.bandwidth = bandwidth
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "bandwidth", \.bandwidth, .bandwidth,
        "width of the kernel: scott, silverman or a number")
    ]
  }

  public var invariance: Invariance { .shift }

  /// The entry of the catalogue, `kde`.
  public static let description = DetectorDescription(
    "kde", "density by a kernel on every training sample", group: .further,
    prototype: KernelDensity()
  ) { _ in
    FitGrowth(seconds: 2, rowPower: 2, remedies: [])
  }

  /// Keeps the samples.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> KernelDensityModel {
    let samples = try source.matrix(in: context)
    let (rows, columns) = (Double(samples.rows), Double(samples.columns))
    let width =
      switch bandwidth {
      case .scott: pow(rows, -1 / (columns + 4))
      case .silverman: pow(rows * (columns + 2) / 4, -1 / (columns + 4))
      case .value(let width): width
      }
    return KernelDensityModel(samples: samples, bandwidth: width)
  }
}

extension KernelDensity.Bandwidth: LosslessStringConvertible {
  /// Reads `scott`, `silverman` or a number.
  public init?(_ text: String) {
    switch text {
    case "scott": self = .scott
    case "silverman": self = .silverman
    default:
      guard let value = Double(text) else { return nil }
      self = .value(value)
    }
  }

  /// The text that `init(_:)` reads.
  public var description: String {
    switch self {
    case .scott: "scott"
    case .silverman: "silverman"
    case .value(let value): "\(value)"
    }
  }
}

extension KernelDensity.Bandwidth: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let bandwidth = Self(text) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "a bandwidth is scott, silverman or a number"))
    }
    self = bandwidth
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension ParameterDomain<KernelDensity.Bandwidth> {
  fileprivate static var bandwidth: ParameterDomain {
    ParameterDomain("scott, silverman or a number above 0") { bandwidth in
      if case .value(let value) = bandwidth {
        value > 0 && value.isFinite
      } else {
        true
      }
    }
  }
}
