import CLAPACKE
import Foundation

/// What makes the covariance of vectors the identity: T, upper triangular, with
/// C⁻¹ = T Tᵀ for a symmetric positive definite C (`dpotrf`, `dtrtri`).
package struct Whitening: Sendable {
  /// T, row after row; |vT|² is the squared Mahalanobis distance of v.
  package let values: [Double]
  /// The logarithm of the determinant of C.
  package let logDeterminant: Double

  /// Nil when C is singular: when less than 1e-10 of the variance of a
  /// coordinate is left once those before it are known.
  ///
  /// - Parameter matrix: `size * size` elements; only the upper triangle is
  ///   read.
  package init?(_ matrix: [Double], size: Int) {
    precondition(matrix.count == size * size && size > 0)
    var factor = matrix
    // The upper triangle by rows is the lower one by columns.
    let lower = Int8(UInt8(ascii: "L"))
    guard
      LAPACKE_dpotrf(
        LAPACK_COL_MAJOR, lower, Int32(size), &factor, Int32(size)) == 0
    else { return nil }
    var logarithms = 0.0
    for place in stride(from: 0, to: size * size, by: size + 1) {
      let left = factor[place] * factor[place]
      guard left > 1e-10 * matrix[place] else { return nil }
      logarithms += log(left)
    }
    guard
      LAPACKE_dtrtri(
        LAPACK_COL_MAJOR, lower, Int8(UInt8(ascii: "N")), Int32(size), &factor,
        Int32(size)) == 0
    else { return nil }
    for row in 0..<size {
      for column in 0..<row { factor[row * size + column] = 0 }
    }
    values = factor
    logDeterminant = logarithms
  }
}
