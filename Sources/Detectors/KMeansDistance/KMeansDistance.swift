import Diagnostics
import Execution
import LinearAlgebra
import Parameters

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
  /// What distances are divided by when a sample is scored; nothing by default.
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

  public var parameters: [Parameter<Self>] {
    [
      Parameter("n-clusters", \.nClusters, .count, "number of clusters"),
      Parameter("n-init", \.nInit, .count, "number of starts"),
      Parameter("max-iter", \.maxIterations, .count, "most iterations"),
      Parameter(
        "cluster-scaling", \.scaling, .choice,
        "none, or spread to divide by the cluster's spread"),
      Parameter(
        "tolerance", \.tolerance, .notNegative, "least move of centroids"),
    ]
  }

  public var isShared: Bool { true }

  public var invariance: Invariance {
    initialCentroids == nil ? [.shift, .scale] : []
  }

  /// The entry of the catalogue, `kmeans`.
  public static let description = DetectorDescription(
    "kmeans", "distance to the nearest k-means centroid",
    prototype: KMeansDistance()
  ) { detector in
    FitGrowth(
      seconds: 0.007 * Double(detector.nClusters) * Double(detector.nInit),
      remedies: ["n-clusters", "n-init", "size"])
  }

  /// Of fewer samples than `nClusters` each becomes a cluster of its own, with
  /// a warning.
  public func learn(
    from source: any SampleSource, in context: RunContext
  ) throws -> KMeansDistanceModel {
    let count = try clusterCount(for: source, in: context)
    // Samples are walked many times: in memory, where that leaves room.
    let own = context.team.rows(
      of: source.rows, blockSize: LloydIteration.summedRows)
    let size = own.count * source.columns * MemoryLayout<Float>.stride
    let samples = RowReader(
      size <= context.memoryBudget / 2
        ? try source.ownRowsInMemory(in: context) : source, own: own)
    var lloyd = try LloydIteration(
      samples: samples, nClusters: count, maxIterations: maxIterations,
      tolerance: tolerance, in: context.team)
    if let initialCentroids {
      return model(try lloyd.run(from: initialCentroids, in: context))
    }
    var best: Clustering?
    for start in 0..<nInit {
      var generator = SeededGenerator(
        seed: context.seed, stream: UInt64(start))
      let centroids = try plusPlusCentroids(
        of: samples, count: count, using: &generator, in: context)
      let found = try lloyd.run(from: centroids, in: context)
      if best.map({ found.inertia < $0.inertia }) ?? true { best = found }
    }
    guard let best else { preconditionFailure("there is a start") }
    return model(best)
  }

  private func model(_ clustering: Clustering) -> KMeansDistanceModel {
    KMeansDistanceModel(clustering, scaling: scaling)
  }

  /// The clusters to make, once memory is known to suffice.
  private func clusterCount(
    for samples: any SampleSource, in context: RunContext
  ) throws -> Int {
    if let initialCentroids {
      guard
        initialCentroids.rows == nClusters,
        initialCentroids.columns == samples.columns,
        initialCentroids.firstNonFinite() == nil
      else {
        throw ParameterFault.impossible(
          "initial-centroids",
          value: "\(initialCentroids.rows) x \(initialCentroids.columns)",
          allowed: "\(nClusters) x \(samples.columns) finite numbers")
      }
    }
    let count = min(nClusters, samples.rows)
    if count < nClusters {
      context.warn(
        "there are \(samples.rows) samples for \(nClusters) clusters: each is"
          + " one of its own")
    }
    let needed = LloydIteration.bytes(
      rows: (samples.rows - 1) / context.team.size + 1,
      columns: samples.columns, nClusters: count)
    guard needed <= context.memoryBudget else {
      throw DetectorFault.exceedsMemoryBudget(
        needed: needed, budget: context.memoryBudget,
        remedy: "lower \(option: "n-clusters")")
    }
    return count
  }
}
