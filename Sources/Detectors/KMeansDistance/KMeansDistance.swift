import Execution
import LinearAlgebra

/// k-means clustering: how far a sample is from the centre of its cluster.
///
/// Greedy k-means++ starts (Arthur and Vassilvitskii 2007), Lloyd's iteration
/// (1982), the best of several starts by inertia. The iteration is Lloyd's
/// exactly: bounds only leave out distances that cannot change it. The score
/// is that of `KMeansDistanceModel`.
public struct KMeansDistance: Detector {
  /// The number of clusters.
  public var nClusters: Int
  /// How many starts are tried; the one of least inertia is kept.
  public var nInit: Int
  /// The most iterations of one start.
  public var maxIterations: Int
  /// The iteration rests when the squared moves of all centroids together are
  /// at most this part of the mean variance of the features, or when no sample
  /// changes its cluster.
  public var tolerance: Double
  public var scaling: ClusterScaling
  /// The centroids to start from, nClusters x features, in place of `nInit`
  /// random starts.
  public var initialCentroids: Matrix?

  /// By default: 8 clusters, 3 starts of up to 300 iterations, tolerance 1e-4,
  /// no scaling, random starts.
  public init(
    nClusters: Int = 8, nInit: Int = 3, maxIterations: Int = 300,
    tolerance: Double = 1e-4, scaling: ClusterScaling = .none,
    initialCentroids: Matrix? = nil
  ) {
    self.nClusters = nClusters
    self.nInit = nInit
    self.maxIterations = maxIterations
    self.tolerance = tolerance
    self.scaling = scaling
    self.initialCentroids = initialCentroids
  }

  /// - Throws: `DetectorFault`: a hyper-parameter out of range, samples empty
  ///   or not finite, the memory budget exceeded; `CancellationError`.
  public func fit(
    _ samples: Matrix, in context: RunContext
  ) throws -> KMeansDistanceModel {
    try Parallel.$threadCount.withValue(context.threadCount) {
      try samples.checkForFit()
      try check(against: samples, in: context)
      var lloyd = try LloydIteration(
        samples: samples, nClusters: nClusters, maxIterations: maxIterations,
        tolerance: tolerance)
      if let initialCentroids {
        return model(try lloyd.run(from: initialCentroids, in: context))
      }
      var best: Clustering?
      for start in 0..<nInit {
        var generator = SeededGenerator(
          seed: context.seed, stream: UInt64(start))
        let centroids = try plusPlusCentroids(
          of: samples, count: nClusters, using: &generator, in: context)
        let found = try lloyd.run(from: centroids, in: context)
        if best.map({ found.inertia < $0.inertia }) ?? true { best = found }
      }
      guard let best else { preconditionFailure("there is a start") }
      return model(best)
    }
  }

  private func model(_ clustering: Clustering) -> KMeansDistanceModel {
    KMeansDistanceModel(clustering, scaling: scaling)
  }

  private func check(against samples: Matrix, in context: RunContext) throws {
    func require(
      _ isAllowed: Bool, _ name: String, _ value: Any, _ allowed: String
    ) throws {
      guard isAllowed else {
        throw DetectorFault.invalidHyperparameter(
          name: name, value: "\(value)", allowed: allowed)
      }
    }
    try require(
      (1...samples.rows).contains(nClusters), "nClusters", nClusters,
      "1 through \(samples.rows), the number of samples")
    try require(nInit >= 1, "nInit", nInit, "at least 1")
    try require(
      maxIterations >= 1, "maxIterations", maxIterations, "at least 1")
    try require(
      tolerance >= 0 && tolerance.isFinite, "tolerance", tolerance,
      "a number of at least 0")
    if let initialCentroids {
      try require(
        initialCentroids.rows == nClusters
          && initialCentroids.columns == samples.columns
          && initialCentroids.firstNonFinite() == nil,
        "initialCentroids",
        "\(initialCentroids.rows) x \(initialCentroids.columns)",
        "\(nClusters) x \(samples.columns) finite numbers")
    }
    let needed = LloydIteration.bytes(
      rows: samples.rows, columns: samples.columns, nClusters: nClusters)
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "use fewer clusters")
    }
  }
}
