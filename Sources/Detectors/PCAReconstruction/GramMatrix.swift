import Diagnostics
import Execution
import LinearAlgebra
import Synchronization

/// Products of centred samples with themselves, in double precision.
///
/// Forming XᵀX squares the condition of X, which in single precision loses
/// every singular value below 3e-4 of the largest. In double precision the
/// loss begins at 1e-8, below what samples of single precision can tell.
/// Pixels of 8 bits have products that are whole numbers: these are summed
/// without any error, and faster.
///
/// A `BlockSum` over a few long stretches of rows, which processes share; in each
/// the threads share the tiles of the one sum and go through its rows in order.
/// A partial sum is as large as the matrix, 1.2 GB for 12,288 columns: beyond
/// `mostSummedColumns` there is one stretch, and one process does all. Sums
/// without error need no order: they are shared whatever the columns.
struct GramMatrix {
  /// What the matrix holds the inner products of.
  enum Side {
    case rows
    case columns
  }

  /// The order of the matrix.
  let size: Int
  /// `size * size` elements, of which the upper triangle is meant.
  private(set) var values: [Double]

  private static let tileSize = 400
  private static let stepSize = 128

  /// - Throws: `CancellationError`.
  init(
    ofThe side: Side, of centered: CenteredSamples, in context: RunContext
  ) throws {
    let samples = centered.samples
    size = side == .rows ? samples.rows : samples.columns
    values = [Double](repeating: 0, count: size * size)
    if side == .columns, let levels = PixelLevels(samples) {
      var sums = [Int](repeating: 0, count: size)
      try add(levels, rows: samples.rows, sums: &sums, in: context)
      try center(by: sums, rows: samples.rows, in: context)
    } else if side == .rows {
      try add(centered, side, depth: 0..<samples.columns, in: context)
    } else {
      var sum = BlockSum<Double>(length: size * size)
      let stretches = Self.stretches(rows: samples.rows, columns: size)
      for (number, rows) in stretches.enumerated() {
        try add(centered, side, depth: rows, in: context)
        give(to: &sum, stretch: number)
      }
      values = sum.total()
    }
  }

  /// The columns for which there may be several partial sums.
  private static let mostSummedColumns = 2048
  /// How many there are, if so, and the fewest rows for each.
  private static let stretchCount = 16
  private static let leastStretch = 1024

  /// The stretches of rows that are summed by themselves, whole steps.
  private static func stretches(rows: Int, columns: Int) -> [Range<Int>] {
    let count =
      columns <= mostSummedColumns && rows >= stretchCount * leastStretch
      ? stretchCount : 1
    let steps = (rows + stepSize - 1) / stepSize
    return (0..<count).map {
      steps * $0 / count
        * stepSize..<min(
          rows, steps * ($0 + 1) / count * stepSize)
    }
  }

  /// The matrices that there are at a time beside the sum.
  static func summedCount(rows: Int, columns: Int) -> Int {
    let count = stretches(rows: rows, columns: columns).count
    return count == 1 ? 0 : Int.bitWidth - count.leadingZeroBitCount
  }

  /// Hands over the sum of a stretch, and begins the next one.
  private mutating func give(to sum: inout BlockSum<Double>, stretch: Int) {
    sum.append(values, block: stretch)
    values = [Double](repeating: 0, count: size * size)
  }

  /// Calls `body` with every tile of the upper triangle: a range of rows, one
  /// of columns, and where the tile begins.
  private mutating func forEachTile(
    in context: RunContext,
    _ body: (Range<Int>, Range<Int>, UnsafeMutablePointer<Double>) -> Void
  ) throws {
    // Equal strips keep the tiles of two threads balanced.
    let strips = (size + Self.tileSize - 1) / Self.tileSize
    let ranges = Parallel.blocks(size, size: (size + strips - 1) / strips)
    typealias Tile = (rows: Range<Int>, columns: Range<Int>)
    let all = ranges.indices.flatMap { first -> [Tile] in
      (first..<ranges.count).map { (ranges[first], ranges[$0]) }
    }
    func isDear(_ tile: Tile) -> Bool { tile.rows != tile.columns }
    let tiles = all.filter(isDear) + all.filter { !isDear($0) }
    let done = Atomic<Int>(0)
    let size = size
    values.withUnsafeMutableBufferPointer { values in
      guard let target = values.baseAddress else { return }
      Parallel.forEach(tiles.count) { tile in
        let (left, right) = tiles[tile]
        body(
          left, right, target + left.lowerBound * size + right.lowerBound)
        context.progress.report(
          ProgressReport(
            stage: "covariance",
            completed: done.add(1, ordering: .relaxed).newValue,
            total: tiles.count))
      }
    }
    try context.cancellation.check()
  }
}

// MARK: Samples of any kind

extension GramMatrix {
  private mutating func add(
    _ centered: CenteredSamples, _ side: Side, depth: Range<Int>,
    in context: RunContext
  ) throws {
    let steps = Parallel.blocks(depth, size: Self.stepSize)
    let size = size
    try forEachTile(in: context) { left, right, corner in
      withUnsafeTemporaryAllocation(
        of: Double.self, capacity: 2 * Self.tileSize * Self.stepSize
      ) { scratch in
        guard let first = scratch.baseAddress else { return }
        let second = first + Self.tileSize * Self.stepSize
        for step in steps where !context.cancellation.isRequested {
          centered.copy(side, left, step, to: first)
          let form: BLAS.Form = side == .rows ? .plain : .transposed
          let firstStride = side == .rows ? step.count : left.count
          if left == right {
            BLAS.multiplyByOwnTranspose(
              m: left.count, k: step.count, first, stride: firstStride, form,
              beta: 1, into: corner, stride: size)
          } else {
            centered.copy(side, right, step, to: second)
            BLAS.multiply(
              m: left.count, n: right.count, k: step.count,
              first, stride: firstStride, form,
              second, stride: side == .rows ? step.count : right.count,
              side == .rows ? .transposed : .plain,
              beta: 1, into: corner, stride: size)
          }
        }
      }
    }
  }
}

extension CenteredSamples {
  fileprivate func copy(
    _ side: GramMatrix.Side, _ strip: Range<Int>, _ step: Range<Int>,
    to target: UnsafeMutablePointer<Double>
  ) {
    switch side {
    case .rows: copy(rows: strip, columns: step, to: target)
    case .columns: copy(rows: step, columns: strip, to: target)
    }
  }
}

// MARK: Pixels of 8 bits

extension GramMatrix {
  /// Adds products of whole numbers, without any error, and the numbers
  /// themselves to the sums of the columns.
  private mutating func add(
    _ levels: PixelLevels, rows: Int, sums: inout [Int], in context: RunContext
  ) throws {
    let steps = Parallel.blocks(rows, size: PixelLevels.exactRows)
    let size = size
    try sums.withUnsafeMutableBufferPointer { columnSums in
      let columnSums = columnSums
      try forEachTile(in: context) { left, right, corner in
        withUnsafeTemporaryAllocation(
          of: Float.self,
          capacity: Self.tileSize
            * (2 * PixelLevels.exactRows + Self.tileSize + 1)
        ) { scratch in
          guard let first = scratch.baseAddress else { return }
          let second = first + Self.tileSize * PixelLevels.exactRows
          let products = second + Self.tileSize * PixelLevels.exactRows
          let sums = products + Self.tileSize * Self.tileSize
          for step in steps where !context.cancellation.isRequested {
            levels.copy(rows: step, columns: left, to: first, sums: sums)
            if left == right {
              for (index, column) in left.enumerated() {
                columnSums[column] += Int(sums[index])
              }
              BLAS.multiplyByOwnTranspose(
                m: left.count, k: step.count, first, stride: left.count,
                .transposed, into: products, stride: right.count)
            } else {
              levels.copy(rows: step, columns: right, to: second, sums: sums)
              BLAS.multiply(
                m: left.count, n: right.count, k: step.count,
                first, stride: left.count, .transposed,
                second, stride: right.count,
                into: products, stride: right.count)
            }
            for row in 0..<left.count {
              let line = corner + row * size
              let source = products + row * right.count
              for column in (left == right ? row : 0)..<right.count {
                line[column] += Double(source[column])
              }
            }
          }
        }
      }
    }
  }

  /// Centres sums of products exactly: of n samples x with the sums s,
  /// n · Σxᵢxⱼ - sᵢsⱼ.
  private mutating func center(
    by sums: [Int], rows: Int, in context: RunContext
  ) throws {
    let size = size
    let scale = Double(rows * PixelLevels.white * PixelLevels.white)
    try forEachTile(in: context.quiet) { left, right, corner in
      for (row, i) in left.enumerated() {
        let line = corner + row * size
        for column in (left == right ? row : 0)..<right.count {
          let j = right.lowerBound + column
          line[column] =
            Double(rows * Int(line[column]) - sums[i] * sums[j]) / scale
        }
      }
    }
  }
}

// MARK: Samples that are read in blocks

extension GramMatrix {
  /// Of the columns of samples that are not in memory; the same numbers as of
  /// those that are.
  ///
  /// - Parameter mean: Of every column.
  /// - Throws: What reading throws; `DetectorFault.nonFiniteValue`;
  ///   `CancellationError`.
  init(
    ofColumnsOf source: any SampleSource, mean: [Double],
    in context: RunContext
  ) throws {
    size = source.columns
    values = [Double](repeating: 0, count: size * size)
    let team = context.team
    var sums = [Int](repeating: 0, count: size)
    let own = team.rows(of: source.rows, blockSize: PixelLevels.exactRows)
    let arePixels = try forEachBlock(own, of: source, in: context) {
      gram, block in
      guard
        source.rows <= PixelLevels.mostRows, let levels = PixelLevels(block)
      else { return false }
      try gram.add(levels, rows: block.rows, sums: &sums, in: context.quiet)
      return true
    }
    if team.sum(arePixels ? 0 : 1) == 0 {
      var sum = BlockSum<Double>(
        length: size * size, share: team.rank..<team.rank + 1, in: team)
      sum.append(values, block: team.rank)
      values = sum.total()
      sums = team.sum(sums)
      try center(by: sums, rows: source.rows, in: context)
      return
    }
    for index in values.indices { values[index] = 0 }
    let stretches = Self.stretches(rows: source.rows, columns: size)
    let share = team.share(of: stretches.count)
    var sum = BlockSum<Double>(length: size * size, share: share, in: team)
    for number in share {
      _ = try forEachBlock(stretches[number], of: source, in: context) {
        gram, block in
        try gram.add(
          CenteredSamples(block, mean: mean), .columns, depth: 0..<block.rows,
          in: context.quiet)
        return true
      }
      give(to: &sum, stretch: number)
    }
    values = sum.total()
  }

  /// Calls `body` with some of the samples, whole steps of either kind at a
  /// time, until it gives false.
  ///
  /// - Returns: Whether it never did.
  private mutating func forEachBlock(
    _ rows: Range<Int>, of source: any SampleSource, in context: RunContext,
    _ body: (inout GramMatrix, Matrix) throws -> Bool
  ) throws -> Bool {
    let fitting =
      context.memoryBudget / 8 / (size * MemoryLayout<Float>.stride)
    let most =
      PixelLevels.exactRows * min(8, max(1, fitting / PixelLevels.exactRows))
    for block in Parallel.blocks(rows, size: most) {
      try context.cancellation.check()
      guard try body(&self, source.finite(rows: Array(block))) else {
        return false
      }
      context.progress.report(
        ProgressReport(
          stage: "covariance", completed: block.upperBound,
          total: rows.upperBound))
    }
    return true
  }
}
