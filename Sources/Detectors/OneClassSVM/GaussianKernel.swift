import Execution
import Foundation
import LinearAlgebra

/// Values of the Gaussian kernel in blocks, by matrix products.
///
/// The one place where the kernel is evaluated, for the fit and for the
/// scores.
enum GaussianKernel {
  /// Points side by side in memory, part of `ScaledPoints`.
  struct Span {
    let values: UnsafePointer<Float>
    /// ½|x|² of each; readable `ScaledPoints.padding` elements past the end.
    let halfNorms: UnsafePointer<Float>
    let count: Int
    let dimension: Int

    subscript(range: Range<Int>) -> Span {
      Span(
        values: values + range.lowerBound * dimension,
        halfNorms: halfNorms + range.lowerBound,
        count: range.count, dimension: dimension)
    }
  }

  /// The most rows and columns of a block: with both, the kernel values stay
  /// in the second-level cache.
  static let blockRows = 512
  static let blockColumns = 256

  /// K(x, y) for every `x` (a row of `block`) and `y` (a column).
  ///
  /// The rows of `block` are `blockColumns` elements apart; what is beyond the
  /// last column, up to a multiple of 16, is overwritten.
  static func evaluate(
    _ x: Span, _ y: Span, into block: UnsafeMutablePointer<Float>
  ) {
    BLAS.multiply(
      m: x.count, n: y.count, k: x.dimension,
      x.values, stride: x.dimension, .plain,
      y.values, stride: y.dimension, .transposed,
      into: block, stride: blockColumns)
    var largest: Float = 0
    for column in 0..<y.count { largest = max(largest, y.halfNorms[column]) }
    let yNorms = UnsafeRawPointer(y.halfNorms)
    for row in 0..<x.count {
      let norm = x.halfNorms[row]
      let values = UnsafeMutableRawPointer(block + row * blockColumns)
      for column in stride(from: 0, to: y.count, by: 16) {
        let offset = column * MemoryLayout<Float>.stride
        let products = values.load(
          fromByteOffset: offset, as: SIMD16<Float>.self)
        let norms = yNorms.loadUnaligned(
          fromByteOffset: offset, as: SIMD16<Float>.self)
        let exponents = products - (norms + norm)
        values.storeBytes(
          of: exponential(exponents.replacing(with: 0, where: exponents .> 0)),
          toByteOffset: offset, as: SIMD16<Float>.self)
      }
      if norm + largest > cancellationLimit {
        mendCancellation(x[row..<row + 1], y, block + row * blockColumns)
      }
    }
  }

  /// Adds Σ w(x) K(x, y) over all `x` to the sum of every `y`.
  ///
  /// `y.count` is at most `blockColumns`.
  static func addWeightedSums(
    of x: Span, weights: [Double], at y: Span,
    to sums: UnsafeMutableBufferPointer<Double>
  ) {
    withBlock(rows: min(x.count, blockRows)) { block in
      withUnsafeTemporaryAllocation(
        of: SIMD8<Double>.self, capacity: blockColumns / 8
      ) { lanes in
        lanes.initialize(repeating: .zero)
        for rows in Parallel.blocks(x.count, size: blockRows) {
          evaluate(x[rows], y, into: block)
          for row in 0..<rows.count {
            let weight = weights[rows.lowerBound + row]
            let values = UnsafeRawPointer(block + row * blockColumns)
            for group in 0..<(y.count + 7) / 8 {
              let kernel = values.load(
                fromByteOffset: group * 32, as: SIMD8<Float>.self)
              lanes[group] += SIMD8<Double>(kernel) * weight
            }
          }
        }
        for column in 0..<y.count {
          sums[column] += lanes[column / 8][column % 8]
        }
      }
    }
  }

  /// Room for the rows of a block, aligned for whole vectors.
  static func withBlock<Result>(
    rows: Int, _ body: (UnsafeMutablePointer<Float>) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(
      byteCount: max(rows, 1) * blockColumns * MemoryLayout<Float>.stride,
      alignment: MemoryLayout<SIMD16<Float>>.alignment
    ) { bytes in
      let block = bytes.bindMemory(to: Float.self)
      block.initialize(repeating: 0)
      guard let start = block.baseAddress else {
        preconditionFailure("a block is not empty")
      }
      return body(start)
    }
  }

  /// From this sum of half norms on, the rounding of x · y - ½|x|² - ½|y|²
  /// could change a kernel value by more than about 1e-5.
  private static let cancellationLimit: Float = 64
  /// Kernel values below are as good as zero, however they were rounded.
  private static let negligible: Float = 1e-9
  /// From this sum of half norms on, the product may have overflowed.
  private static let overflowLimit: Float = 1e30

  /// Evaluates anew, from the differences of the elements, what the product
  /// could not give: close points far from the centre.
  private static func mendCancellation(
    _ x: Span, _ y: Span, _ values: UnsafeMutablePointer<Float>
  ) {
    let norm = x.halfNorms[0]
    for start in stride(from: 0, to: y.count, by: 16) {
      let kernel = UnsafeRawPointer(values + start)
        .load(as: SIMD16<Float>.self)
      let norms =
        UnsafeRawPointer(y.halfNorms + start)
        .loadUnaligned(as: SIMD16<Float>.self) + norm
      let isDoubtful =
        (norms .> cancellationLimit) .& .!(kernel .< negligible)
        .| (norms .> overflowLimit)
      guard any(isDoubtful) else { continue }
      for column in start..<min(start + 16, y.count)
      where isDoubtful[column - start] {
        values[column] = exactValue(x, y[column..<column + 1])
      }
    }
  }

  /// K(x, y) of two points, from the differences of their elements.
  private static func exactValue(_ x: Span, _ y: Span) -> Float {
    var distance = 0.0
    for k in 0..<x.dimension {
      let difference = Double(x.values[k]) - Double(y.values[k])
      distance += difference * difference
    }
    return Float(exp(-0.5 * distance))
  }
}

extension ScaledPoints {
  func withSpan<Result>(
    _ body: (GaussianKernel.Span) throws -> Result
  ) rethrows -> Result {
    try values.withUnsafeBufferPointer { values in
      try halfNorms.withUnsafeBufferPointer { halfNorms in
        guard let first = values.baseAddress, let norm = halfNorms.baseAddress
        else { preconditionFailure("points have elements") }
        return try body(
          GaussianKernel.Span(
            values: first, halfNorms: norm, count: count, dimension: dimension))
      }
    }
  }
}
