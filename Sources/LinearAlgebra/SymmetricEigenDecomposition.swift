import CLAPACKE

/// The eigenvalues of a symmetric matrix A, and those eigenvectors that are
/// asked for.
///
/// A = Q T Qᵀ with T tridiagonal (`dsytrd`); all eigenvalues of T by the QR
/// iteration (`dsterf`), chosen vectors by relatively robust representations
/// (`dstemr`), turned back by Q (`dormtr`). In double precision.
package struct SymmetricEigenDecomposition: Sendable {
  /// All eigenvalues, falling.
  package let values: [Double]

  private let size: Int
  private let reflectors: [Double]
  private let scales: [Double]
  private let diagonal: [Double]
  private let offDiagonal: [Double]

  /// - Parameter matrix: `size * size` elements, row after row; only the
  ///   upper triangle is read.
  /// - Throws: `LinearAlgebraFault`.
  package init(_ matrix: [Double], size: Int) throws {
    precondition(matrix.count == size * size && size > 0)
    var reflectors = matrix
    var diagonal = [Double](repeating: 0, count: size)
    // `dstemr` wants room for `size` elements.
    var offDiagonal = diagonal
    var scales = diagonal
    // The upper triangle by rows is the lower one by columns.
    try LinearAlgebraFault.check(
      LAPACKE_dsytrd(
        LAPACK_COL_MAJOR, Self.lower, Int32(size), &reflectors, Int32(size),
        &diagonal, &offDiagonal, &scales),
      routine: "dsytrd")
    var values = diagonal
    var scratch = offDiagonal
    try LinearAlgebraFault.check(
      LAPACKE_dsterf(Int32(size), &values, &scratch), routine: "dsterf")
    self.values = values.reversed()
    self.size = size
    self.reflectors = reflectors
    self.scales = scales
    self.diagonal = diagonal
    self.offDiagonal = offDiagonal
  }

  /// The eigenvectors of the `count` largest eigenvalues, one a row.
  ///
  /// - Throws: `LinearAlgebraFault`.
  package func leadingVectors(_ count: Int) throws -> [Double] {
    precondition(count <= size)
    guard count > 0 else { return [] }
    var diagonal = diagonal
    var offDiagonal = offDiagonal
    var found: Int32 = 0
    var values = [Double](repeating: 0, count: size)
    var vectors = [Double](repeating: 0, count: size * count)
    var support = [Int32](repeating: 0, count: 2 * count)
    var wantsHighAccuracy: Int32 = 1
    try LinearAlgebraFault.check(
      LAPACKE_dstemr(
        LAPACK_COL_MAJOR, Int8(UInt8(ascii: "V")), Int8(UInt8(ascii: "I")),
        Int32(size), &diagonal, &offDiagonal, 0, 0, Int32(size - count + 1),
        Int32(size), &found, &values, &vectors, Int32(size), Int32(count),
        &support, &wantsHighAccuracy),
      routine: "dstemr")
    try LinearAlgebraFault.check(
      LAPACKE_dormtr(
        LAPACK_COL_MAJOR, Int8(UInt8(ascii: "L")), Self.lower,
        Int8(UInt8(ascii: "N")), Int32(size), Int32(count), reflectors,
        Int32(size), scales, &vectors, Int32(size)),
      routine: "dormtr")
    // LAPACK's order is rising.
    return (0..<count).reversed().flatMap {
      vectors[$0 * size..<($0 + 1) * size]
    }
  }

  private static let lower = Int8(UInt8(ascii: "L"))
}
