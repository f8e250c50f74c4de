import Execution
import LinearAlgebra

/// Samples as seen from an origin in their midst, where inner products cancel
/// little, in a unit in which they neither overflow nor vanish; made row by
/// row, never stored.
struct ShiftedSamples {
  let samples: RowReader
  let origin: [Float]
  /// A power of two.
  let scale: Float

  /// About the mean of some of the samples.
  init(_ samples: RowReader, aboutMeanOf part: Matrix) {
    var sums = [Double](repeating: 0, count: part.columns)
    for row in 0..<part.rows {
      for (column, value) in part.row(row).enumerated() {
        sums[column] += Double(value)
      }
    }
    let origin = sums.map { Float($0 / Double(part.rows)) }
    let largest = part.values.indices.reduce(Float.zero) {
      max($0, abs(part.values[$1] - origin[$1 % part.columns]))
    }
    self.samples = samples
    self.origin = origin
    scale =
      largest.isNormal
      ? Float(sign: .plus, exponent: -Int(largest.exponent), significand: 1) : 1
  }

  /// Any points, as seen from the origin.
  func shift(_ points: Matrix) -> Matrix {
    Matrix(
      rows: points.rows, columns: points.columns,
      values: points.values.indices.map {
        (points.values[$0] - origin[$0 % points.columns]) * scale
      })
  }

  /// One coordinate of a point, as seen from the origin.
  func shift(_ value: Double, column: Int) -> Double {
    (value - Double(origin[column])) * Double(scale)
  }

  /// Writes some rows, one after the other.
  func copy(rows: [Int], to target: UnsafeMutablePointer<Float>) throws {
    let columns = samples.columns
    try origin.withUnsafeBufferPointer { origin in
      guard let origin = origin.baseAddress else { return }
      try samples.forEach(rows) { place, source in
        let line = target + place * columns
        for column in 0..<columns {
          line[column] = (source[column] - origin[column]) * scale
        }
      }
    }
  }
}

/// Centroids as seen from the origin of shifted samples.
struct ShiftedCentroids {
  let count: Int
  /// The coordinates, one centroid after the other.
  let values: [Float]
  /// |c|²/2 of every centroid.
  let halfSquares: [Float]
  /// The largest |c|.
  let longest: Float

  init(_ values: [Float], count: Int) {
    let columns = values.count / count
    let squares = Parallel.blocks(values.count, size: columns).map { row in
      values[row].reduce(0.0) { $0 + Double($1) * Double($1) }
    }
    self.count = count
    self.values = values
    halfSquares = squares.map { Float($0 / 2) }
    longest = Float(squares.reduce(0, max).squareRoot())
  }
}

/// How far centroids are from where they once stood.
struct CentroidDrift {
  /// P(c - r) in the coordinates of the subspace, centroids x rank.
  let coordinates: [Float]
  /// Upper bounds of |(c - r) - P(c - r)|.
  let residuals: [Float]
  /// The larger of the longest centroids now and then.
  let longest: Float

  init(
    from reference: ShiftedCentroids, to centroids: ShiftedCentroids,
    in basis: SubspaceBasis
  ) {
    let (rank, columns) = (basis.directions.rows, basis.directions.columns)
    let count = centroids.count
    var moved = zip(centroids.values, reference.values).map { $0 - $1 }
    var coordinates = [Float](repeating: 0, count: count * rank)
    BLAS.multiply(
      m: count, n: rank, k: columns, moved, stride: columns, .plain,
      basis.directions.values, stride: columns, .transposed,
      into: &coordinates, stride: rank)
    BLAS.multiply(
      m: count, n: columns, k: rank, alpha: -1, coordinates, stride: rank,
      .plain, basis.directions.values, stride: columns,
      beta: 1, into: &moved, stride: columns)
    self.coordinates = coordinates
    residuals = Parallel.blocks(moved.count, size: columns).map { row in
      let square = moved[row].reduce(0.0) { $0 + Double($1) * Double($1) }
      return Float(square.squareRoot() * 1.00001)
    }
    longest = max(reference.longest, centroids.longest)
  }
}
