import Diagnostics
import Execution
import LinearAlgebra
import Parameters

/// k nearest neighbours: how far a sample is from the training samples that are
/// most like it.
///
/// Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from
/// large data sets", SIGMOD 2000, for the k-th neighbour; Angiulli and Pizzuti,
/// PKDD 2002, for the mean. The score is that of `NeighborDistanceModel`.
public struct NeighborDistance: Detector {
  /// Which of the distances to the nearest training samples is the score.
  public enum Statistic: String, Codable, CaseIterable, Hashable, Sendable {
    /// That of the farthest of them.
    case largest
    /// The mean of all.
    case mean
    /// The median; of an even number the mean of the middle two.
    case median
  }

  /// How many training samples are looked at; all where there are fewer.
  public var nNeighbors: Int
  /// What is made of the distances to them.
  public var distance: Statistic

  /// By default: the distance to the fifth neighbour.
  public init(nNeighbors: Int = 5, distance: Statistic = .largest) {
    self.nNeighbors = nNeighbors
    self.distance = distance
  }

  public var parameters: [Parameter<Self>] {
    [
      Parameter("n-neighbors", \.nNeighbors, .count, "nearest samples"),
      Parameter(
        "distance", \.distance, .choice, "which of the distances to them"),
    ]
  }

  public var invariance: Invariance { [.shift, .scale] }

  /// The entry of the catalogue, `knn`.
  public static let description = DetectorDescription(
    "knn", "distance to the nearest training samples", group: .further,
    prototype: NeighborDistance())

  /// Keeps the samples; where they are fewer than `nNeighbors`, all of them are
  /// the neighbours, with a warning.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> NeighborDistanceModel {
    let samples = try source.matrix(in: context)
    if samples.rows < nNeighbors {
      context.warn(
        "there are \(samples.rows) samples for \(nNeighbors) neighbours: all"
          + " are")
    }
    return NeighborDistanceModel(
      samples: samples, nNeighbors: min(nNeighbors, samples.rows),
      distance: distance)
  }
}
