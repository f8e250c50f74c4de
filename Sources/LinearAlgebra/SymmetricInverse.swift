import CLAPACKE

/// The inverse of a symmetric positive definite matrix, by Cholesky's factors
/// (`dpotrf`, `dpotri`) in double precision.
package enum SymmetricInverse {
  /// Puts the inverse in the place of the matrix.
  ///
  /// - Parameter matrix: `size * size` elements; only the upper triangle is
  ///   read, both are written.
  /// - Throws: `LinearAlgebraFault` when the matrix is not positive definite.
  package static func invert(_ matrix: inout [Double], size: Int) throws {
    precondition(matrix.count == size * size && size > 0)
    // The upper triangle by rows is the lower one by columns.
    let lower = Int8(UInt8(ascii: "L"))
    try LinearAlgebraFault.check(
      LAPACKE_dpotrf(
        LAPACK_COL_MAJOR, lower, Int32(size), &matrix, Int32(size)),
      routine: "dpotrf")
    try LinearAlgebraFault.check(
      LAPACKE_dpotri(
        LAPACK_COL_MAJOR, lower, Int32(size), &matrix, Int32(size)),
      routine: "dpotri")
    for row in 0..<size {
      for column in 0..<row {
        matrix[row * size + column] = matrix[column * size + row]
      }
    }
  }

  /// The solution of a system of equations (`dposv`).
  ///
  /// - Parameters:
  ///   - matrix: As for `invert`; its factor afterwards.
  ///   - right: The right-hand side.
  /// - Throws: `LinearAlgebraFault` when the matrix is not positive definite.
  package static func solve(
    _ matrix: inout [Double], _ right: [Double]
  ) throws -> [Double] {
    let size = right.count
    precondition(matrix.count == size * size && size > 0)
    var solution = right
    try LinearAlgebraFault.check(
      LAPACKE_dposv(
        LAPACK_COL_MAJOR, Int8(UInt8(ascii: "L")), Int32(size), 1, &matrix,
        Int32(size), &solution, Int32(size)),
      routine: "dposv")
    return solution
  }
}
