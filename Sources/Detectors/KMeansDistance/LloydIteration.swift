import Diagnostics
import Execution
import LinearAlgebra

/// A partition of samples, and the centroids that it belongs to.
struct Clustering {
  /// One a row.
  var centroids: Matrix
  /// The number of samples of every cluster.
  var counts: [Int]
  /// The sum of the squared distances of every cluster's samples.
  var inertias: [Double]
  var iterations: Int

  var inertia: Double { inertias.reduce(0, +) }
}

/// Lloyd's iteration: assign every sample to the nearest centroid, move every
/// centroid to the mean of its samples, until they rest.
///
/// Stops, and treats clusters that became empty, as scikit-learn does.
struct LloydIteration {
  private let samples: RowReader
  private let shifted: ShiftedSamples
  private let basis: SubspaceBasis?
  private let blocks: [AssignmentBlock]
  private let clusterCount: Int
  private let maxIterations: Int
  private let tolerance: Double

  /// The sum of the samples of every cluster, clusters x features.
  private var sums: [Double]
  private var counts: [Int]
  private var centroids: ShiftedCentroids
  /// The centroids as the samples are: the mean of rows that are equal is that
  /// row, which a shift to the origin and back would round.
  private var means: Matrix
  /// Where the centroids stood when inner products were last computed.
  private var reference: ShiftedCentroids?
  /// How many samples were settled one by one since then.
  private var unsettledCount = 0

  /// Samples of one block; the inner products of a block with some dozens of
  /// centroids stay in a core's second-level cache.
  private static let blockSize = 1024
  /// Samples that are added up together.
  private static let summedRows = 4096
  /// The fewest features and samples for which bounds by a subspace pay.
  private static let columnsForSubspace = 4 * SubspaceBasis.rank
  private static let rowsForSubspace = 4096
  /// Samples that stand for all when the origin and the subspace are chosen.
  private static let partSize = 2048

  /// The memory that an iteration takes beside the samples.
  static func bytes(rows: Int, columns: Int, nClusters: Int) -> Int {
    let perRow = AssignmentBlock.bytesPerRow(
      clusterCount: nClusters, rank: SubspaceBasis.rank)
    // In double precision.
    let sums = nClusters * columns * 8
    let partialSums = Parallel.partialSumCount(
      blocks: rows / summedRows + 1, bytes: sums)
    // Centroids now, before, and their reference.
    return rows * perRow + (1 + partialSums) * sums
      + nClusters * columns * 4 * 4 + 4 * min(rows, partSize) * columns
  }

  /// - Throws: What reading throws; `DetectorFault.nonFiniteValue`.
  init(
    samples: RowReader, nClusters: Int, maxIterations: Int, tolerance: Double
  ) throws {
    let partSize = min(samples.rows, Self.partSize)
    let part = try samples.matrix(
      ofRows: (0..<partSize).map { $0 * samples.rows / partSize })
    self.samples = samples
    shifted = ShiftedSamples(samples, aboutMeanOf: part)
    basis =
      samples.rows >= Self.rowsForSubspace
        && samples.columns >= Self.columnsForSubspace
      ? try SubspaceBasis(of: shifted.shift(part)) : nil
    let rank = basis == nil ? 0 : SubspaceBasis.rank
    blocks = Parallel.blocks(samples.rows, size: Self.blockSize).map {
      AssignmentBlock(rows: $0, clusterCount: nClusters, rank: rank)
    }
    clusterCount = nClusters
    self.maxIterations = maxIterations
    self.tolerance = tolerance
    sums = [Double](repeating: 0, count: nClusters * samples.columns)
    counts = [Int](repeating: 0, count: nClusters)
    centroids = ShiftedCentroids(
      [Float](repeating: 0, count: nClusters * samples.columns),
      count: nClusters)
    means = Matrix(rows: nClusters, columns: samples.columns)
  }

  /// - Throws: `CancellationError`; what reading throws.
  mutating func run(
    from initial: Matrix, in context: RunContext
  ) throws -> Clustering {
    start(from: initial)
    var iterations = 0
    var leastShift = 0.0
    var rests = false
    while iterations < maxIterations, !rests {
      try assign(in: context)
      if iterations == 0 { leastShift = tolerance * meanVariance }
      iterations += 1
      try fillEmptyClusters(in: context)
      let shift = moveCentroids()
      context.progress.report(
        ProgressReport(
          stage: "k-means", completed: iterations, total: maxIterations,
          detail: "\(movedCount) moved"))
      if movedCount == 0 { return try clustering(iterations, in: context) }
      rests = shift <= leastShift
    }
    try assign(in: context)
    return try clustering(iterations, in: context)
  }

  /// How many samples the last assignment moved to another cluster.
  private var movedCount: Int {
    blocks.reduce(0) { $0 + $1.moves.count }
  }

  private mutating func start(from initial: Matrix) {
    for block in blocks { block.reset() }
    for index in sums.indices { sums[index] = 0 }
    for cluster in counts.indices { counts[cluster] = 0 }
    reference = nil
    means = initial
    centroids = ShiftedCentroids(
      shifted.shift(initial).values, count: clusterCount)
  }

  /// Assigns every sample to the nearest centroid; counts and adds up anew.
  private mutating func assign(in context: RunContext) throws {
    // Products are computed anew when that costs no more than what their age
    // has cost, or when the centroids move far.
    var drift: CentroidDrift?
    if let basis, let reference, unsettledCount < samples.rows,
      movedCount < samples.rows / 20
    {
      drift = CentroidDrift(from: reference, to: centroids, in: basis)
    } else {
      reference = centroids
      unsettledCount = 0
    }
    _ = try Parallel.map(blocks.count) { index in
      try context.cancellation.check()
      try blocks[index].assign(shifted, to: centroids, drift: drift, in: basis)
    }
    unsettledCount += blocks.reduce(0) { $0 + $1.unsettledCount }
    try addUp(blocks.flatMap(\.moves))
  }

  /// Takes moved samples out of the sums and counts of their former clusters
  /// and into those of the new ones.
  private mutating func addUp(_ moves: [AssignmentBlock.Move]) throws {
    for move in moves {
      if let from = move.from { counts[from] -= 1 }
      counts[move.to] += 1
    }
    // In blocks of rows, of which only those with moves have something to add.
    var stretches: [Range<Int>] = []
    var start = 0
    while start < moves.count {
      let block = moves[start].row / Self.summedRows
      let end = moves[start...].firstIndex {
        $0.row / Self.summedRows != block
      }
      stretches.append(start..<(end ?? moves.count))
      start = stretches[stretches.count - 1].upperBound
    }
    let samples = samples
    let columns = samples.columns
    try Parallel.addOrderedSum(over: stretches, to: &sums) { stretch, part in
      guard let part = part.baseAddress else { return }
      let moves = moves[stretch]
      try samples.forEach(moves.map(\.row)) { place, sample in
        let move = moves[stretch.lowerBound + place]
        let target = part + move.to * columns
        for column in 0..<columns { target[column] += Double(sample[column]) }
        guard let from = move.from else { return }
        let source = part + from * columns
        for column in 0..<columns { source[column] -= Double(sample[column]) }
      }
    }
  }

  /// Gives every empty cluster the sample that is farthest from its centroid.
  private mutating func fillEmptyClusters(in context: RunContext) throws {
    let empty = counts.indices.filter { counts[$0] == 0 }
    guard !empty.isEmpty else { return }
    let clusters = blocks.flatMap(\.clusters)
    let distances = try squaredDistances(clusters, in: context)
    var remaining = counts
    var farthest = distances.indices.sorted {
      (distances[$0], $1) > (distances[$1], $0)
    }[...]
    for cluster in empty {
      while let row = farthest.popFirst(), distances[row] > 0 {
        let former = Int(clusters[row])
        guard remaining[former] > 1 else { continue }
        remaining[former] -= 1
        blocks[row / Self.blockSize].move(row: row, to: cluster)
        try addUp([.init(row: row, from: former, to: cluster)])
        break
      }
    }
  }

  /// Moves every centroid to the mean of its samples; without samples it
  /// stays.
  ///
  /// - Returns: The sum of the squared moves.
  private mutating func moveCentroids() -> Double {
    let columns = samples.columns
    var values = centroids.values
    var shift = 0.0
    for cluster in 0..<clusterCount where counts[cluster] > 0 {
      let count = Double(counts[cluster])
      for column in 0..<columns {
        let index = cluster * columns + column
        let mean = sums[index] / count
        let place = shifted.shift(mean, column: column)
        let move = place - Double(values[index])
        shift += move * move
        values[index] = Float(place)
        means.values[index] = Float(mean)
      }
    }
    centroids = ShiftedCentroids(values, count: clusterCount)
    return shift
  }

  /// The mean of the features' variances.
  private var meanVariance: Double {
    let columns = samples.columns
    let rows = Double(samples.rows)
    let squares = blocks.reduce(0) { $0 + $1.squaresTotal }
    let ofMean = (0..<columns).reduce(0.0) { total, column in
      let sum = Swift.stride(from: column, to: sums.count, by: columns)
        .reduce(0) { $0 + sums[$1] }
      let mean = shifted.shift(sum / rows, column: column)
      return total + mean * mean
    }
    return max(squares / rows - ofMean, 0) / Double(columns)
  }

  private func clustering(
    _ iterations: Int, in context: RunContext
  ) throws -> Clustering {
    let clusters = blocks.flatMap(\.clusters)
    let distances = try squaredDistances(clusters, in: context)
    var inertias = [Double](repeating: 0, count: clusterCount)
    for (cluster, distance) in zip(clusters, distances) {
      inertias[Int(cluster)] += distance
    }
    return Clustering(
      centroids: means, counts: counts, inertias: inertias,
      iterations: iterations)
  }

  /// The squared distance of every sample to the centroid of its cluster.
  private func squaredDistances(
    _ clusters: [Int32], in context: RunContext
  ) throws -> [Double] {
    let columns = samples.columns
    let centroids = means
    return try Parallel.map(blocks.count) { index in
      try context.cancellation.check()
      let rows = blocks[index].rows
      var distances = [Double](repeating: 0, count: rows.count)
      try centroids.values.withUnsafeBufferPointer { centroids in
        guard let centroid = centroids.baseAddress else { return }
        try samples.forEach(Array(rows)) { place, sample in
          let cluster = Int(clusters[rows.lowerBound + place])
          distances[place] = squaredDistance(
            sample, centroid + cluster * columns, count: columns)
        }
      }
      return distances
    }.flatMap { $0 }
  }
}
