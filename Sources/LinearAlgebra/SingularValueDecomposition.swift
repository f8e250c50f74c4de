import CLAPACKE

/// The singular values and right singular vectors of A = U S Vᵀ.
///
/// By divide and conquer (`dgesdd`) in double precision.
package struct SingularValueDecomposition: Sendable {
  /// The min(rows, columns) singular values, falling.
  package let values: [Double]
  /// The right singular vectors, one a row, in the order of `values`.
  package let rightVectors: [Double]

  /// - Parameter matrix: `rows * columns` elements, row after row.
  /// - Throws: `LinearAlgebraFault`.
  package init(_ matrix: [Double], rows: Int, columns: Int) throws {
    precondition(matrix.count == rows * columns)
    let count = min(rows, columns)
    var matrix = matrix
    var values = [Double](repeating: 0, count: count)
    var right = [Double](repeating: 0, count: count * columns)
    if count > 0 {
      // LAPACK stores by columns and so sees Aᵀ = V S Uᵀ: its left vectors,
      // stored by columns, are our right ones, stored by rows.
      var left = [Double](repeating: 0, count: rows * count)
      try LinearAlgebraFault.check(
        LAPACKE_dgesdd(
          LAPACK_COL_MAJOR, Int8(UInt8(ascii: "S")), Int32(columns),
          Int32(rows), &matrix, Int32(columns), &values, &right,
          Int32(columns), &left, Int32(count)),
        routine: "dgesdd")
    }
    self.values = values
    rightVectors = right
  }
}
