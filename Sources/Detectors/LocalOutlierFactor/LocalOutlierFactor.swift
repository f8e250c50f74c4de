import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// Local outlier factor: how much sparser it is around a sample than around the
/// training samples that are nearest to it.
///
/// Breunig, Kriegel, Ng and Sander, "LOF: identifying density-based local
/// outliers", SIGMOD 2000. The score is that of `LocalOutlierFactorModel`.
public struct LocalOutlierFactor: Detector {
  /// How many training samples are looked at; all others where there are fewer.
  public var nNeighbors: Int

  /// By default: 20 neighbours.
  public init(nNeighbors: Int = 20) {
    self.nNeighbors = nNeighbors
  }

  public var parameters: [Parameter<Self>] {
    [Parameter("n-neighbors", \.nNeighbors, .count, "nearest samples")]
  }

  public var invariance: Invariance { [.shift, .scale] }

  /// The entry of the catalogue, `lof`.
  public static let description = DetectorDescription(
    "lof", "density around a sample and around its neighbours",
    group: .further, prototype: LocalOutlierFactor()
  ) { _ in
    FitGrowth(seconds: 4, rowPower: 2, remedies: [])
  }

  /// Finds the neighbours of every sample; where there are no more samples than
  /// `nNeighbors`, all others are, with a warning.
  ///
  /// - Throws: `DetectorFault.tooFewSamples` for a single sample.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> LocalOutlierFactorModel {
    let samples = try source.matrix(in: context)
    guard samples.rows > 1 else {
      throw DetectorFault.tooFewSamples(count: samples.rows, needed: 2)
    }
    if samples.rows <= nNeighbors {
      context.warn(
        "there are \(samples.rows) samples for \(nNeighbors) neighbours: all"
          + " others are")
    }
    return try LocalOutlierFactorModel(
      samples, nNeighbors: min(nNeighbors, samples.rows - 1), in: context)
  }
}
