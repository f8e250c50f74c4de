import CLAPACKE

/// The orthonormal factor of A = Q R, by Householder reflections (`dgeqrf`,
/// `dorgqr`) in double precision.
package enum QRDecomposition {
  /// Makes rows orthonormal, each one against those before it.
  ///
  /// Row i becomes the part of it that is orthogonal to the rows above, made
  /// of length one, in the direction that it had.
  ///
  /// - Parameter matrix: `rows * columns` elements, row after row;
  ///   `rows <= columns`.
  /// - Throws: `LinearAlgebraFault`.
  package static func orthonormalizeRows(
    of matrix: inout [Double], rows: Int, columns: Int
  ) throws {
    precondition(matrix.count == rows * columns && rows <= columns)
    guard rows > 0 else { return }
    var scales = [Double](repeating: 0, count: rows)
    // Rows are columns to LAPACK.
    try LinearAlgebraFault.check(
      LAPACKE_dgeqrf(
        LAPACK_COL_MAJOR, Int32(columns), Int32(rows), &matrix,
        Int32(columns), &scales),
      routine: "dgeqrf")
    let isReversed = (0..<rows).map { matrix[$0 * columns + $0] < 0 }
    try LinearAlgebraFault.check(
      LAPACKE_dorgqr(
        LAPACK_COL_MAJOR, Int32(columns), Int32(rows), Int32(rows), &matrix,
        Int32(columns), scales),
      routine: "dorgqr")
    for row in 0..<rows where isReversed[row] {
      for index in row * columns..<(row + 1) * columns {
        matrix[index].negate()
      }
    }
  }
}
