import Execution
import LinearAlgebra

/// A few orthonormal directions that hold much of the samples' variance.
///
/// By the randomised range finder with power iterations of Halko, Martinsson
/// and Tropp (2011), on a subset of the samples. The bounds that are built on
/// it hold for any orthonormal directions; good ones make them tight.
struct SubspaceBasis {
  /// The directions, one a row, rank x features.
  let directions: Matrix

  static let rank = 32
  private static let powerIterations = 3

  /// - Parameter sample: Some of the samples, centred.
  init(of sample: Matrix) throws {
    let (rows, columns, rank) = (sample.rows, sample.columns, Self.rank)
    var generator = SeededGenerator(seed: 0)
    var directions = (0..<rank * columns).map { _ in
      Float(generator.normal())
    }
    var coordinates = [Float](repeating: 0, count: rank * rows)
    for _ in 0..<Self.powerIterations {
      BLAS.multiply(
        m: rank, n: rows, k: columns, directions, stride: columns, .plain,
        sample.values, stride: columns, .transposed, into: &coordinates,
        stride: rows)
      BLAS.multiply(
        m: rank, n: columns, k: rows, coordinates, stride: rows, .plain,
        sample.values, stride: columns, into: &directions, stride: columns)
      var exact = directions.map(Double.init)
      try QRDecomposition.orthonormalizeRows(
        of: &exact, rows: rank, columns: columns)
      directions = exact.map(Float.init)
    }
    self.directions = Matrix(rows: rank, columns: columns, values: directions)
  }
}
