import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// Robust mean and covariance: the Mahalanobis distance of a sample by those
/// training samples that lie closest together.
///
/// Rousseeuw and Van Driessen, "A fast algorithm for the minimum covariance
/// determinant estimator", Technometrics 1999, with one reweighting step. The
/// score is that of `MinimumCovarianceModel`.
public struct MinimumCovariance: Detector {
  /// The random starts of the search.
  public var nInit: Int

  /// By default: 500 starts.
  public init(nInit: Int = 500) {
    self.nInit = nInit
  }

  public var parameters: [Parameter<Self>] {
    [Parameter("n-init", \.nInit, .count, "number of starts")]
  }

  public var invariance: Invariance { [.shift, .featureScales] }

  /// The entry of the catalogue, `mcd`.
  public static let description = DetectorDescription(
    "mcd", "Mahalanobis distance by a robust covariance", group: .further,
    prototype: MinimumCovariance()
  ) { _ in
    FitGrowth(seconds: 400, columnPower: 2, remedies: ["n-init"])
  }

  /// Where no covariance of the samples has an inverse, as with collinear
  /// features, or fewer samples than features, its diagonal is raised, with a
  /// warning.
  ///
  /// - Throws: `DetectorFault.tooFewSamples` for a single sample;
  ///   `.exceedsMemoryBudget` where the covariance does not fit.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> MinimumCovarianceModel {
    guard source.rows > 1 else {
      throw DetectorFault.tooFewSamples(count: source.rows, needed: 2)
    }
    // The candidates of the search, and what a step takes.
    let needed =
      source.columns * source.columns * MemoryLayout<Double>.stride
      * (FastMCD.keptCount * (FastMCD.subsetCount + 1) + 8)
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "use fewer features, or raise the memory budget")
    }
    return try MinimumCovarianceModel(
      FastMCD(source.matrix(in: context), in: context), starts: nInit)
  }
}
