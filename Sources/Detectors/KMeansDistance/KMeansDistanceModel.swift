import Execution
import Files
import LinearAlgebra

/// The centroids of clusters of training samples.
///
/// The score of a sample is its Euclidean distance to the nearest centroid.
/// With `ClusterScaling.spread`, distances are first divided by the spread of
/// the cluster that the centroid belongs to.
public struct KMeansDistanceModel: AnomalyModel {
  /// One centroid a row.
  public let centroids: Matrix
  /// The number of training samples of every cluster.
  public let counts: [Int]
  /// The sum of the squared distances of training samples to their centroids.
  public let inertia: Double
  /// The number of iterations of the start that was kept.
  public let iterations: Int
  /// What distances to every centroid are divided by; all 1 without scaling.
  ///
  /// The spread of a cluster is the root of the mean squared distance of its
  /// members, to which one member at the mean squared distance of all samples
  /// is added: a cluster of one has a spread too.
  @Tensor public private(set) var scales: [Float]

  public var featureCount: Int { centroids.columns }

  init(_ clustering: Clustering, scaling: ClusterScaling) {
    centroids = clustering.centroids
    counts = clustering.counts
    inertia = clustering.inertia
    iterations = clustering.iterations
    let pooled = inertia / Double(counts.reduce(0, +))
    switch scaling {
    case .spread where pooled > 0:
      scales = zip(clustering.inertias, counts).map { inertia, count in
        Float(((inertia + pooled) / Double(count + 1)).squareRoot())
      }
    case .spread, .none:
      scales = [Float](repeating: 1, count: counts.count)
    }
  }

  public func score(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Float] {
    let shifted = ShiftedSamples(RowReader(samples), aboutMeanOf: centroids)
    let shiftedCentroids = ShiftedCentroids(
      shifted.shift(centroids).values, count: centroids.rows)
    let isScaled = scales.contains { $0 != scales[0] }
    let everyCluster = Array(scales.indices)
    return try context.fill(
      samples.rows, blockSize: 1024, stage: "scoring"
    ) { rows, scores in
      // Where all scales are alike, the nearest centroid is known beforehand.
      var nearest: AssignmentBlock?
      if !isScaled {
        let block = AssignmentBlock(
          rows: rows, clusterCount: centroids.rows, rank: 0)
        try block.assign(shifted, to: shiftedCentroids, drift: nil, in: nil)
        nearest = block
      }
      for (index, row) in rows.enumerated() {
        let clusters =
          nearest.map { [Int($0.clusters[index])] } ?? everyCluster
        scores.initializeElement(
          at: index, to: score(samples, row: row, among: clusters))
      }
    }
  }

  /// The least of the scaled distances of a sample to some of the centroids.
  private func score(
    _ samples: Matrix, row: Int, among clusters: [Int]
  ) -> Float {
    samples.values.withUnsafeBufferPointer { values in
      centroids.values.withUnsafeBufferPointer { centroids in
        guard let sample = values.baseAddress.map({ $0 + row * featureCount }),
          let first = centroids.baseAddress
        else { return 0 }
        let least = clusters.reduce(Double.infinity) { least, cluster in
          let square = squaredDistance(
            sample, first + cluster * featureCount, count: featureCount)
          return min(least, square.squareRoot() / Double(scales[cluster]))
        }
        return Float(min(least, Double(Float.greatestFiniteMagnitude)))
      }
    }
  }
}

extension KMeansDistanceModel {
  private enum CodingKeys: CodingKey {
    case centroids
    case counts
    case inertia
    case iterations
    case scales
  }

  /// - Throws: `DecodingError.dataCorrupted` when the arrays do not fit
  ///   together.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    centroids = try container.decode(Matrix.self, forKey: .centroids)
    counts = try container.decode([Int].self, forKey: .counts)
    inertia = try container.decode(Double.self, forKey: .inertia)
    iterations = try container.decode(Int.self, forKey: .iterations)
    _scales = try container.decode(Tensor<Float>.self, forKey: .scales)
    guard
      centroids.rows > 0, centroids.columns > 0,
      counts.count == centroids.rows, scales.count == centroids.rows,
      centroids.firstNonFinite() == nil,
      scales.allSatisfy({ $0 > 0 && $0.isFinite })
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "the centroids, counts and scales do not agree"))
    }
  }
}
