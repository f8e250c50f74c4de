import Execution
import LinearAlgebra

/// Some consecutive samples, the clusters that they belong to, and what is
/// kept of them so that most distances need not be computed again.
///
/// The nearest centroid c of a sample x minimises |c|²/2 - xc. Let the inner
/// products xr with the reference centroids r, where the centroids once stood,
/// be known. With the orthogonal projection P onto a subspace,
///
///     xc = xr + (Px)(P(c - r)) + (x - Px)(c - r),
///
/// where the second product has few factors and the third is at most
/// |x - Px| |(c - r) - P(c - r)|. Most samples are settled by these bounds; the
/// others get the exact inner products. (Bounds on distances by projections:
/// Bottesch, Buehler and Kaechele, ICML 2016; by distances of earlier
/// iterations: Elkan, ICML 2003.)
final class AssignmentBlock {
  /// A sample that left a cluster for another.
  struct Move {
    let row: Int
    /// Nil when the sample had none.
    let from: Int?
    let to: Int
  }

  let rows: Range<Int>
  /// The cluster of every sample; -1 before the first assignment.
  private(set) var clusters: [Int32]
  /// The moves of the last assignment.
  private(set) var moves: [Move] = []
  /// How many samples of the last assignment needed exact inner products.
  private(set) var unsettledCount = 0

  /// `rows.count` rounded up to whole vectors.
  private let stride: Int
  private let clusterCount: Int
  private let rank: Int
  private let storage: UnsafeMutablePointer<Float>
  /// The nearest centroid of every sample, while it is being decided.
  private let nearest: UnsafeMutablePointer<Int32>
  private var isDescribed = false

  /// Upper bounds of |x|.
  private var norms: UnsafeMutablePointer<Float> { storage }
  /// Upper bounds of |x - Px|.
  private var residuals: UnsafeMutablePointer<Float> { storage + stride }
  /// What the nearest may be worth where it is not yet certain; else infinite.
  private var limits: UnsafeMutablePointer<Float> { storage + 2 * stride }
  /// Px in the coordinates of the subspace, rank x stride.
  private var coordinates: UnsafeMutablePointer<Float> {
    storage + 3 * stride
  }
  /// xr, clusters x stride.
  private var products: UnsafeMutablePointer<Float> {
    storage + (3 + rank) * stride
  }

  /// Bytes that are kept for one sample.
  static func bytesPerRow(clusterCount: Int, rank: Int) -> Int {
    4 * (5 + rank + clusterCount)
  }

  /// - Parameter rank: The dimension of the subspace; 0 without one.
  init(rows: Range<Int>, clusterCount: Int, rank: Int) {
    self.rows = rows
    self.clusterCount = clusterCount
    self.rank = rank
    stride =
      (rows.count + Lanes.scalarCount - 1) / Lanes.scalarCount
      * Lanes.scalarCount
    let count = stride * (3 + rank + clusterCount)
    storage = .allocate(capacity: count)
    storage.initialize(repeating: 0, count: count)
    nearest = .allocate(capacity: stride)
    nearest.initialize(repeating: 0, count: stride)
    clusters = [Int32](repeating: -1, count: rows.count)
  }

  deinit {
    storage.deallocate()
    nearest.deallocate()
  }

  /// The sum of |x|² of all samples.
  var squaresTotal: Double {
    (0..<rows.count).reduce(0) {
      $0 + Double(norms[$1]) * Double(norms[$1])
    }
  }

  /// Puts one sample into another cluster.
  func move(row: Int, to cluster: Int) {
    clusters[row - rows.lowerBound] = Int32(cluster)
  }

  /// Forgets the clusters, but not what holds for any centroids.
  func reset() {
    for index in clusters.indices { clusters[index] = -1 }
  }

  /// Assigns every sample to the nearest centroid.
  ///
  /// - Parameter drift: How the centroids moved since the reference; nil makes
  ///   them the reference.
  func assign(
    _ samples: ShiftedSamples, to centroids: ShiftedCentroids,
    drift: CentroidDrift?, in basis: SubspaceBasis?
  ) throws {
    if let drift {
      try assign(samples, to: centroids, drift: drift)
    } else {
      try multiply(samples, centroids, basis, into: products)
      let bounds = Bounds(centroids)
      compare(products, bounds)
      unsettledCount = try settle(samples, centroids, products, bounds)
    }
    recordMoves()
  }

  // MARK: Mechanism

  private typealias Lanes = SIMD16<Float>

  /// Samples whose inner products are computed together.
  private static let batchSize = 128

  /// Samples that are read together when they are settled one by one.
  private static let settledRows = 16

  /// How far single precision may take a product, relative to the lengths of
  /// its factors.
  private static let rounding: Float = 1e-6

  /// Inner products of all samples with all centroids; the first time also
  /// what holds for any centroids.
  private func multiply(
    _ samples: ShiftedSamples, _ centroids: ShiftedCentroids,
    _ basis: SubspaceBasis?, into target: UnsafeMutablePointer<Float>
  ) throws {
    let columns = samples.samples.columns
    try withUnsafeTemporaryAllocation(
      of: Float.self, capacity: Self.batchSize * columns
    ) { scratch in
      guard let batch = scratch.baseAddress else { return }
      for part in Parallel.blocks(rows.count, size: Self.batchSize) {
        let start = part.lowerBound
        try samples.copy(rows: part.map { rows.lowerBound + $0 }, to: batch)
        BLAS.multiply(
          m: clusterCount, n: part.count, k: columns,
          centroids.values, stride: columns, .plain,
          batch, stride: columns, .transposed,
          into: target + start, stride: stride)
        guard !isDescribed else { continue }
        if let basis {
          BLAS.multiply(
            m: rank, n: part.count, k: columns,
            basis.directions.values, stride: columns, .plain,
            batch, stride: columns, .transposed,
            into: coordinates + start, stride: stride)
        }
        for index in part {
          let row = batch + (index - start) * columns
          measure(index, square: innerProduct(row, row, count: columns))
        }
      }
    }
    isDescribed = true
  }

  private func measure(_ index: Int, square: Float) {
    var residual = square
    for axis in 0..<rank {
      let coordinate = coordinates[axis * stride + index]
      residual -= coordinate * coordinate
    }
    // Upward, past what rounding may have taken away.
    let slack = 4 * Self.rounding * square
    norms[index] = (square + slack).squareRoot()
    residuals[index] = (max(residual, 0) + slack).squareRoot()
  }

  private func assign(
    _ samples: ShiftedSamples, to centroids: ShiftedCentroids,
    drift: CentroidDrift
  ) throws {
    let count = clusterCount * stride
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: count) {
      scratch in
      guard let current = scratch.baseAddress else { return }
      current.initialize(from: products, count: count)
      BLAS.multiply(
        m: clusterCount, n: stride, k: rank,
        drift.coordinates, stride: rank, .plain,
        coordinates, stride: stride,
        beta: 1, into: current, stride: stride)
      var bounds = Bounds(centroids, drift)
      compare(current, bounds)
      unsettledCount = (0..<rows.count).count { limits[$0].isFinite }
      if unsettledCount > rows.count / 4 {
        // One by one would take longer.
        try multiply(samples, centroids, nil, into: current)
        bounds = Bounds(centroids)
        compare(current, bounds)
      }
      _ = try settle(samples, centroids, current, bounds)
    }
  }

  /// What the value |c|²/2 - xc of a sample and a centroid is made of besides
  /// the product, and how wrong it may be.
  private struct Bounds {
    let halfSquares: [Float]
    /// The error for a sample of unit residual.
    let residuals: [Float]
    let longest: Float

    /// For products with the centroids themselves.
    init(_ centroids: ShiftedCentroids) {
      halfSquares = centroids.halfSquares
      residuals = [Float](repeating: 0, count: centroids.count)
      longest = centroids.longest
    }

    /// For products from which the drift outside of the subspace is missing.
    init(_ centroids: ShiftedCentroids, _ drift: CentroidDrift) {
      halfSquares = centroids.halfSquares
      residuals = drift.residuals
      longest = drift.longest
    }
  }

  /// Finds the nearest centroid of every sample as far as the bounds tell.
  ///
  /// Where another one may be nearer, the limit becomes the largest value that
  /// the nearest may have; elsewhere it becomes infinite.
  private func compare(
    _ products: UnsafeMutablePointer<Float>, _ bounds: Bounds
  ) {
    for index in Swift.stride(from: 0, to: stride, by: Lanes.scalarCount) {
      let residual = load(residuals + index)
      let slack =
        (load(norms + index) + bounds.longest)
        * (bounds.longest * Self.rounding)
      var limit = Lanes(repeating: .infinity)
      // The two least of the values that the centroids may have.
      var (least, second) = (limit, limit)
      var leader = SIMD16<Int32>.zero
      for cluster in 0..<clusterCount {
        let value =
          bounds.halfSquares[cluster]
          - load(products + cluster * stride + index)
        let error = residual * bounds.residuals[cluster] + slack
        let low = value - error
        let high = value + error
        limit.replace(with: high, where: high .< limit)
        let isLeast = low .< least
        let other = low.replacing(with: least, where: isLeast)
        second.replace(with: other, where: other .< second)
        least.replace(with: low, where: isLeast)
        leader.replace(with: Int32(cluster), where: isLeast)
      }
      limit.replace(with: .infinity, where: second .> limit)
      store(limit, limits + index)
      store(leader, nearest + index)
    }
  }

  /// Decides by exact inner products what the bounds left open.
  ///
  /// - Returns: How many samples it were.
  private func settle(
    _ samples: ShiftedSamples, _ centroids: ShiftedCentroids,
    _ products: UnsafeMutablePointer<Float>, _ bounds: Bounds
  ) throws -> Int {
    let columns = samples.samples.columns
    let open = (0..<rows.count).filter { limits[$0].isFinite }
    try withUnsafeTemporaryAllocation(
      of: Float.self, capacity: Self.settledRows * columns
    ) { scratch in
      guard let batch = scratch.baseAddress else { return }
      for (place, index) in open.enumerated() {
        let sample = batch + place % Self.settledRows * columns
        if place.isMultiple(of: Self.settledRows) {
          try samples.copy(
            rows: open[place...].prefix(Self.settledRows).map {
              rows.lowerBound + $0
            }, to: batch)
        }
        let slack =
          (norms[index] + bounds.longest) * (bounds.longest * Self.rounding)
        var least = Float.infinity
        for cluster in 0..<clusterCount {
          let value =
            bounds.halfSquares[cluster] - products[cluster * stride + index]
          let error = residuals[index] * bounds.residuals[cluster] + slack
          guard value - error <= limits[index] else { continue }
          let exact = centroids.values.withUnsafeBufferPointer {
            guard let first = $0.baseAddress else { return Float.infinity }
            return bounds.halfSquares[cluster]
              - innerProduct(first + cluster * columns, sample, count: columns)
          }
          if exact < least {
            least = exact
            nearest[index] = Int32(cluster)
          }
        }
      }
    }
    return open.count
  }

  private func recordMoves() {
    moves.removeAll(keepingCapacity: true)
    for index in 0..<rows.count where clusters[index] != nearest[index] {
      moves.append(
        Move(
          row: rows.lowerBound + index,
          from: clusters[index] < 0 ? nil : Int(clusters[index]),
          to: Int(nearest[index])))
      clusters[index] = nearest[index]
    }
  }

  @inline(__always)
  private func load(_ pointer: UnsafePointer<Float>) -> Lanes {
    UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
  }

  @inline(__always)
  private func store<Vector: BitwiseCopyable, Scalar>(
    _ vector: Vector, _ pointer: UnsafeMutablePointer<Scalar>
  ) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
  }
}
