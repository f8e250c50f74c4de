import Diagnostics
import LinearAlgebra
import Synchronization

/// Products of centred samples with themselves, in double precision.
///
/// Forming XᵀX squares the condition of X, which in single precision loses
/// every singular value below 3e-4 of the largest. In double precision the
/// loss begins at 1e-8, below what samples of single precision can tell.
struct GramMatrix {
  /// What the matrix holds the inner products of.
  enum Side {
    case rows
    case columns
  }

  /// The order of the matrix.
  let size: Int
  /// `size * size` elements, of which the upper triangle is meant.
  let values: [Double]

  private static let tileSize = 400
  private static let stepSize = 128

  /// - Throws: `CancellationError`.
  init(
    ofThe side: Side, of centered: CenteredSamples, in context: FitContext
  ) throws {
    let samples = centered.samples
    let size = side == .rows ? samples.rows : samples.columns
    let depth = side == .rows ? samples.columns : samples.rows
    // Equal strips keep the tiles of two threads balanced.
    let strips = (size + Self.tileSize - 1) / Self.tileSize
    let ranges = Parallel.blocks(size, size: (size + strips - 1) / strips)
    let tiles = ranges.indices.flatMap { first in
      (first..<ranges.count).map { (ranges[first], ranges[$0]) }
    }
    // The dear tiles first.
    .sorted { $0.0 != $0.1 && $1.0 == $1.1 }
    let steps = Parallel.blocks(depth, size: Self.stepSize)
    let done = Atomic<Int>(0)
    var values = [Double](repeating: 0, count: size * size)
    values.withUnsafeMutableBufferPointer { values in
      guard let target = values.baseAddress else { return }
      Parallel.forEach(tiles.count) { tile in
        let (left, right) = tiles[tile]
        withUnsafeTemporaryAllocation(
          of: Double.self, capacity: 2 * Self.tileSize * Self.stepSize
        ) { scratch in
          guard let first = scratch.baseAddress else { return }
          let second = first + Self.tileSize * Self.stepSize
          let corner = target + left.lowerBound * size + right.lowerBound
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
        context.progress.report(
          ProgressReport(
            stage: "covariance",
            completed: done.add(1, ordering: .relaxed).newValue,
            total: tiles.count))
      }
    }
    try context.cancellation.check()
    self.size = size
    self.values = values
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
