import Execution
import LinearAlgebra

/// ECOD: how few training samples lie as far out as a sample, feature by
/// feature, in the thinner tail of each.
///
/// Li, Zhao, Hu, Botta, Ionescu and Chen, "ECOD: unsupervised outlier detection
/// using empirical cumulative distribution functions", TKDE 2022. Nothing to be
/// set, nothing random. The score is that of `TailModel`.
public struct EmpiricalTails: Detector {
  /// There is nothing to set.
  public init() {}

  public var invariance: Invariance { [.shift, .featureScales] }

  /// The entry of the catalogue, `ecod`.
  public static let description = DetectorDescription(
    "ecod", "empirical tail probabilities of each feature", group: .further,
    prototype: EmpiricalTails())

  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> TailModel {
    try TailModel(of: source, combination: .extremeTail, in: context)
  }
}

/// COPOD: how few training samples lie as far out as a sample, by an empirical
/// copula of the features.
///
/// Li, Zhao, Botta, Ionescu and Hu, "COPOD: copula-based outlier detection",
/// ICDM 2020. Nothing to be set, nothing random. The score is that of
/// `TailModel`.
public struct CopulaTails: Detector {
  /// There is nothing to set.
  public init() {}

  public var invariance: Invariance { [.shift, .featureScales] }

  /// The entry of the catalogue, `copod`.
  public static let description = DetectorDescription(
    "copod", "empirical copula of the features", group: .further,
    prototype: CopulaTails())

  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> TailModel {
    try TailModel(of: source, combination: .skewedTail, in: context)
  }
}
