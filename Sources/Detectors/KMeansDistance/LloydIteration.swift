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
  private let team: Team
  /// Of the rows that are this process's.
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
  /// How many samples the last assignment moved to another cluster.
  private var movedCount = 0

  /// Samples of one block; the inner products of a block with some dozens of
  /// centroids stay in a core's second-level cache.
  private static let blockSize = 1024
  /// Samples that are added up together: whole blocks.
  static let summedRows = HeldRows.blockSize
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
    samples: RowReader, nClusters: Int, maxIterations: Int, tolerance: Double,
    in team: Team
  ) throws {
    let partSize = min(samples.rows, Self.partSize)
    let part = try samples.matrix(
      ofRows: (0..<partSize).map { $0 * samples.rows / partSize })
    self.samples = samples
    self.team = team
    shifted = ShiftedSamples(samples, aboutMeanOf: part)
    basis =
      samples.rows >= Self.rowsForSubspace
        && samples.columns >= Self.columnsForSubspace
      ? try SubspaceBasis(of: shifted.shift(part)) : nil
    let rank = basis == nil ? 0 : SubspaceBasis.rank
    blocks = Parallel.blocks(samples.own, size: Self.blockSize).map {
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
      if iterations == 0 { leastShift = tolerance * meanVariance() }
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

  private mutating func start(from initial: Matrix) {
    for block in blocks { block.reset() }
    for index in sums.indices { sums[index] = 0 }
    for cluster in counts.indices { counts[cluster] = 0 }
    reference = nil
    movedCount = 0
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
    let moves = blocks.flatMap(\.moves)
    let counts = team.sum([
      blocks.reduce(0) { $0 + $1.unsettledCount }, moves.count,
    ])
    unsettledCount += counts[0]
    movedCount = counts[1]
    try addUp(moves)
  }

  /// A sum over blocks of `summedRows` rows.
  private func sum(length: Int) -> BlockSum<Double> {
    BlockSum(
      length: length,
      share: team.share(
        of: (samples.rows + Self.summedRows - 1) / Self.summedRows),
      in: team)
  }

  /// Takes moved samples out of the sums and counts of their former clusters
  /// and into those of the new ones.
  private mutating func addUp(_ moves: [AssignmentBlock.Move]) throws {
    var changes = counts.map { _ in 0 }
    for move in moves {
      if let from = move.from { changes[from] -= 1 }
      changes[move.to] += 1
    }
    for (cluster, change) in team.sum(changes).enumerated() {
      counts[cluster] += change
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
    var sum = sum(length: sums.count)
    try sum.append(
      blocks: stretches.map { moves[$0.lowerBound].row / Self.summedRows }
    ) { place, part in
      guard let part = part.baseAddress else { return }
      let stretch = stretches[place]
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
    let changed = sum.total()
    for index in sums.indices { sums[index] += changed[index] }
  }

  /// A sample that may be moved into an empty cluster.
  private struct Distant: BitwiseCopyable {
    let distance: Double
    let row: Int
    let cluster: Int

    /// Whether it comes before another.
    static func isFarther(_ one: Distant, _ other: Distant) -> Bool {
      (one.distance, other.row) > (other.distance, one.row)
    }
  }

  /// Gives every empty cluster the sample that is farthest from its centroid.
  private mutating func fillEmptyClusters(in context: RunContext) throws {
    let empty = counts.indices.filter { counts[$0] == 0 }
    guard !empty.isEmpty else { return }
    let clusters = blocks.flatMap(\.clusters)
    let distances = try squaredDistances(clusters, in: context)
    let own = distances.indices.map {
      Distant(
        distance: distances[$0], row: samples.own.lowerBound + $0,
        cluster: Int(clusters[$0]))
    }.sorted(by: Distant.isFarther)
    // The last sample of a cluster stays: one at most is left out for each.
    let most = empty.count + clusterCount
    var farthest = team.gathered(Array(own.prefix(most)))
      .sorted(by: Distant.isFarther)[...]
    var remaining = counts
    for cluster in empty {
      while let sample = farthest.popFirst(), sample.distance > 0 {
        guard remaining[sample.cluster] > 1 else { continue }
        remaining[sample.cluster] -= 1
        var moves: [AssignmentBlock.Move] = []
        if samples.own.contains(sample.row) {
          let block = (sample.row - samples.own.lowerBound) / Self.blockSize
          blocks[block].move(row: sample.row, to: cluster)
          moves.append(
            .init(row: sample.row, from: sample.cluster, to: cluster))
        }
        try addUp(moves)
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
  private func meanVariance() -> Double {
    let columns = samples.columns
    let rows = Double(samples.rows)
    let squares = sumOverRows(length: 1) { block, sum in
      sum[0] += block.squaresTotal
    }[0]
    let ofMean = (0..<columns).reduce(0.0) { total, column in
      let sum = Swift.stride(from: column, to: sums.count, by: columns)
        .reduce(0) { $0 + sums[$1] }
      let mean = shifted.shift(sum / rows, column: column)
      return total + mean * mean
    }
    return max(squares / rows - ofMean, 0) / Double(columns)
  }

  /// What `add` puts into zeros for all blocks of samples.
  private func sumOverRows(
    length: Int,
    add: (AssignmentBlock, UnsafeMutableBufferPointer<Double>) -> Void
  ) -> [Double] {
    let summed = Parallel.blocks(
      blocks.count, size: Self.summedRows / Self.blockSize)
    let first = samples.own.lowerBound / Self.summedRows
    var sum = sum(length: length)
    sum.append(blocks: summed.indices.map { first + $0 }) { place, sums in
      for block in blocks[summed[place]] { add(block, sums) }
    }
    return sum.total()
  }

  private func clustering(
    _ iterations: Int, in context: RunContext
  ) throws -> Clustering {
    let distances = try squaredDistances(
      blocks.flatMap(\.clusters), in: context)
    let first = samples.own.lowerBound
    let inertias = sumOverRows(length: clusterCount) { block, inertias in
      for (row, cluster) in zip(block.rows, block.clusters) {
        inertias[Int(cluster)] += distances[row - first]
      }
    }
    return Clustering(
      centroids: means, counts: counts, inertias: inertias,
      iterations: iterations)
  }

  /// The squared distance of every own sample to the centroid of its cluster.
  private func squaredDistances(
    _ clusters: [Int32], in context: RunContext
  ) throws -> [Double] {
    let columns = samples.columns
    let centroids = means
    return try Parallel.map(blocks.count) { index in
      try context.cancellation.check()
      let rows = blocks[index].rows
      let first = rows.lowerBound - samples.own.lowerBound
      var distances = [Double](repeating: 0, count: rows.count)
      try centroids.values.withUnsafeBufferPointer { centroids in
        guard let centroid = centroids.baseAddress else { return }
        try samples.forEach(Array(rows)) { place, sample in
          let cluster = Int(clusters[first + place])
          distances[place] = squaredDistance(
            sample, centroid + cluster * columns, count: columns)
        }
      }
      return distances
    }.flatMap { $0 }
  }
}
