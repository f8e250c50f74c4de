import Execution
import Files
import LinearAlgebra
import ONNX

/// The centroids of clusters of training samples.
///
/// The score of a sample is its Euclidean distance to the nearest centroid.
/// With `ClusterScaling.spread`, distances are first divided by the spread of
/// the cluster that the centroid belongs to.
public struct KMeansDistanceModel: LocalizingModel {
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
    try nearest(samples, in: context).map(\.score)
  }

  /// Maps of the squared difference to the nearest centroid.
  public func localize(
    _ samples: Matrix, in context: RunContext
  ) throws -> Localization {
    let nearest = try nearest(samples, in: context)
    return Localization(
      scores: nearest.map(\.score), of: samples, from: centroids,
      rows: nearest.map { Int($0.cluster) }, in: context)
  }

  /// The nearest centroid of a sample, and how far it is.
  private struct Nearest: BitwiseCopyable {
    var score: Float
    var cluster: Int32
  }

  private func nearest(
    _ samples: Matrix, in context: RunContext
  ) throws -> [Nearest] {
    let search = NearestRows(of: centroids, to: samples)
    let isScaled = scales.contains { $0 != scales[0] }
    let everyCluster = Array(scales.indices)
    return try context.fill(
      samples.rows, blockSize: 1024, stage: "scoring"
    ) { rows, results in
      // Where all scales are alike, the nearest centroid is known beforehand.
      let known = isScaled ? nil : try search.rows(nearestTo: rows)
      for (index, row) in rows.enumerated() {
        results.initializeElement(
          at: index,
          to: nearest(
            to: row, of: samples,
            among: known.map { [Int($0[index])] } ?? everyCluster))
      }
    }
  }

  /// The centroid of the least of the scaled distances of a sample to some.
  private func nearest(
    to row: Int, of samples: Matrix, among clusters: [Int]
  ) -> Nearest {
    samples.values.withUnsafeBufferPointer { values in
      centroids.values.withUnsafeBufferPointer { centroids in
        var nearest = Nearest(score: 0, cluster: 0)
        guard let sample = values.baseAddress.map({ $0 + row * featureCount }),
          let first = centroids.baseAddress
        else { return nearest }
        var least = Double.infinity
        for cluster in clusters {
          let square = squaredDistance(
            sample, first + cluster * featureCount, count: featureCount)
          let distance = square.squareRoot() / Double(scales[cluster])
          guard distance < least else { continue }
          least = distance
          nearest.cluster = Int32(cluster)
        }
        nearest.score = Float(min(least, Double(Float.greatestFiniteMagnitude)))
        return nearest
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

extension KMeansDistanceModel: ExportingModel {
  package func addScores(
    of samples: ONNXGraph.Value, to graph: inout ONNXGraph
  ) -> ONNXGraph.Value {
    let scales = graph.constant(scales.map(Double.init))
    let bank = ONNXRows(centroids)
    let distances = graph(
      "Div", graph("Sqrt", bank.squares(to: samples, in: &graph)), scales)
    let nearest = graph(
      "ArgMin", distances, attributes: ["axis": 1, "keepdims": 0])
    // The product that found it may have cancelled.
    let difference = graph(
      "Sub", graph.doubles(samples),
      graph("Gather", graph.constant(of: centroids), nearest))
    return graph.singles(
      graph(
        "Div", graph("Sqrt", graph.squaredNorms(difference)),
        graph("Gather", scales, nearest)))
  }
}
