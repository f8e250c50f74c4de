import Diagnostics
import Execution
import Foundation
import LinearAlgebra
import Parameters

/// Several normal distributions, each with a covariance of its own.
///
/// Fitted by expectation and maximisation (Dempster, Laird and Rubin 1977),
/// from the clusters of `KMeansDistance`. How many there are is chosen by the
/// Bayesian information criterion (Schwarz 1978). For training samples without
/// anomalies, which would get a distribution of their own. The score is that
/// of `GaussianMixtureModel`.
///
/// scikit-learn's name for it: `sklearn.mixture.GaussianMixture`.
public struct GaussianMixture: Detector {
  /// The most distributions that are tried.
  public var maxComponents: Int

  /// By default: up to 10.
  public init(maxComponents: Int = 10) {
    self.maxComponents = maxComponents
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter(
        "max-components", \.maxComponents, .mixed,
        "most distributions that are tried")
    ]
  }

  public var invariance: Invariance { [.shift, .scale] }

  /// The entry of the catalogue, `gmm`.
  public static let description = DetectorDescription(
    "gmm", "mixture of Gaussians, their number chosen", group: .further,
    prototype: GaussianMixture()
  ) { detector in
    FitGrowth(
      seconds: 20 * Double(detector.maxComponents), columnPower: 2,
      remedies: ["max-components"])
  }

  /// Numbers of distributions without a better one until no more are tried.
  private static let patience = 3

  /// - Throws: `DetectorFault.exceedsMemoryBudget` where the covariances do not
  ///   fit.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> GaussianMixtureModel {
    let (rows, columns) = (source.rows, source.columns)
    let needed =
      MemoryLayout<Double>.stride * maxComponents
      * (3 * columns * columns + 2 * rows)
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy:
          "use fewer features, lower \(option: "max-components"), or raise"
          + " the memory budget")
    }
    let samples = try source.matrix(in: context)
    let fit = try MixtureFit(samples, in: context)
    var best: (criterion: Double, components: [MixtureFit.Component])?
    var worse = 0
    // Of as many components as this there are no more samples than numbers.
    let most = max(1, min(maxComponents, rows / (columns + 1)))
    for count in 1...most {
      try context.cancellation.check()
      guard let found = try fit.components(count) else { break }
      let numbers = count * (columns * (columns + 3) / 2 + 1) - 1
      let criterion =
        Double(numbers) * log(Double(rows)) - 2 * found.logLikelihood
      if best.map({ criterion < $0.criterion }) ?? true {
        best = (criterion, found.components)
        worse = 0
      } else {
        worse += 1
      }
      context.progress.report(
        ProgressReport(
          stage: "distributions", completed: count, total: most))
      if worse == Self.patience { break }
    }
    guard let best else {
      throw DetectorFault.noSolution(
        problem: "the covariance has no inverse",
        remedy: "scale the features to a common range")
    }
    return GaussianMixtureModel(best.components)
  }
}

extension ParameterDomain<Int> {
  fileprivate static var mixed: ParameterDomain {
    whole(1...1000, "a count from 1 through 1000")
  }
}
