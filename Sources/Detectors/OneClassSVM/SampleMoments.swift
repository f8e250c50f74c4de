import Execution
import LinearAlgebra

/// The mean of every column and the variance of all elements together.
struct SampleMoments {
  let means: [Double]
  /// The population variance of all elements, whatever their column.
  let totalVariance: Double

  init(_ samples: Matrix, rows: [Int]) {
    let columns = samples.columns
    let zeros = [Double](repeating: 0, count: columns)
    let means = Self.sums(samples, rows, centre: zeros) { $0 }
      .map { $0 / Double(rows.count) }
    let squares = Self.sums(samples, rows, centre: means) { $0 * $0 }
    // Within the columns and between them (the analysis of variance).
    let mean = means.reduce(0, +) / Double(columns)
    let between = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    totalVariance =
      (squares.reduce(0, +) / Double(rows.count) + between) / Double(columns)
    self.means = means
  }

  /// Σ term(x - centre) of every column.
  @inline(__always)
  private static func sums(
    _ samples: Matrix, _ rows: [Int], centre: [Double],
    term: (SIMD8<Double>) -> SIMD8<Double>
  ) -> [Double] {
    let columns = samples.columns
    return Parallel.orderedSum(rows.count, blockSize: 256, length: columns) {
      block, sums in
      samples.values.withUnsafeBufferPointer { values in
        centre.withUnsafeBufferPointer { centre in
          for row in block {
            let start = rows[row] * columns
            add(values[start..<start + columns], centre, to: sums, term)
          }
        }
      }
    }
  }

  @inline(__always)
  private static func add(
    _ row: Slice<UnsafeBufferPointer<Float>>,
    _ centre: UnsafeBufferPointer<Double>,
    to sums: UnsafeMutableBufferPointer<Double>,
    _ term: (SIMD8<Double>) -> SIMD8<Double>
  ) {
    let elements = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: row))
    let centres = UnsafeRawBufferPointer(centre)
    let bytes = UnsafeMutableRawBufferPointer(sums)
    let whole = row.count & ~7
    for column in stride(from: 0, to: whole, by: 8) {
      let x = SIMD8<Double>(
        elements.loadUnaligned(
          fromByteOffset: column * 4, as: SIMD8<Float>.self))
      let c = centres.loadUnaligned(
        fromByteOffset: column * 8, as: SIMD8<Double>.self)
      let sum = bytes.loadUnaligned(
        fromByteOffset: column * 8, as: SIMD8<Double>.self)
      bytes.storeBytes(
        of: sum + term(x - c), toByteOffset: column * 8,
        as: SIMD8<Double>.self)
    }
    for column in whole..<row.count {
      let moved = Double(row[row.startIndex + column]) - centre[column]
      sums[column] += term(SIMD8(repeating: moved))[0]
    }
  }
}
