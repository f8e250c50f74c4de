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
      try add(levels, rows: samples.rows, in: context)
    } else {
      try add(centered, side, in: context)
    }
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
    let tiles = ranges.indices.flatMap { first in
      (first..<ranges.count).map { (ranges[first], ranges[$0]) }
    }
    // The dear tiles first.
    .sorted { $0.0 != $0.1 && $1.0 == $1.1 }
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
    _ centered: CenteredSamples, _ side: Side, in context: RunContext
  ) throws {
    let samples = centered.samples
    let depth = side == .rows ? samples.columns : samples.rows
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
  /// Products of whole numbers, summed exactly, then centred exactly: of n
  /// samples x with the sums s, n · Σxᵢxⱼ - sᵢsⱼ.
  private mutating func add(
    _ levels: PixelLevels, rows: Int, in context: RunContext
  ) throws {
    let steps = Parallel.blocks(rows, size: PixelLevels.exactRows)
    let size = size
    let scale = Double(rows * PixelLevels.white * PixelLevels.white)
    try forEachTile(in: context) { left, right, corner in
      var leftSums = [Int](repeating: 0, count: left.count)
      var rightSums = [Int](repeating: 0, count: right.count)
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
          for index in 0..<left.count { leftSums[index] += Int(sums[index]) }
          if left == right {
            BLAS.multiplyByOwnTranspose(
              m: left.count, k: step.count, first, stride: left.count,
              .transposed, into: products, stride: right.count)
          } else {
            levels.copy(rows: step, columns: right, to: second, sums: sums)
            for index in 0..<right.count {
              rightSums[index] += Int(sums[index])
            }
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
      if left == right { rightSums = leftSums }
      for row in 0..<left.count {
        let line = corner + row * size
        for column in (left == right ? row : 0)..<right.count {
          line[column] =
            Double(
              rows * Int(line[column]) - leftSums[row] * rightSums[column])
            / scale
        }
      }
    }
  }
}
