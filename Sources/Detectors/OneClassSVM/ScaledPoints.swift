import LinearAlgebra

/// Points moved and scaled so that the Gaussian kernel is
/// exp(x · y - ½|x|² - ½|y|²), whose products are a matrix product.
///
/// Distances do not change when all points move together, but the difference
/// of nearly equal sums loses digits in proportion to the norms: centred points
/// have the smallest. The factor √(2 gamma) brings gamma in once and for all.
struct ScaledPoints {
  /// The elements, point after point.
  private(set) var values: [Float]
  /// ½|x|² of each point, followed by `padding` zeros.
  private(set) var halfNorms: [Float]
  private(set) var count: Int
  let dimension: Int

  /// What vector loops may read beyond the last half norm.
  static let padding = 16

  /// The given rows, in that order.
  init(
    _ samples: Matrix, rows: [Int], centre: [Double], gamma: Double
  ) {
    self.init(
      count: rows.count, dimension: samples.columns,
      values: Parallel.fill(
        rows.count * samples.columns, blockSize: 64 * samples.columns
      ) { range, buffer in
        let scale = (2 * gamma).squareRoot()
        let limit = Double(Float.greatestFiniteMagnitude)
        samples.values.withUnsafeBufferPointer { values in
          centre.withUnsafeBufferPointer { centre in
            let columns = centre.count
            for point in 0..<buffer.count / columns {
              let source = rows[range.lowerBound / columns + point] * columns
              let target = point * columns
              for column in 0..<columns {
                let moved = Double(values[source + column]) - centre[column]
                let scaled = moved * scale
                buffer[target + column] = Float(max(-limit, min(limit, scaled)))
              }
            }
          }
        }
      })
  }

  private init(count: Int, dimension: Int, values: [Float]) {
    self.count = count
    self.dimension = dimension
    self.values = values
    halfNorms =
      Parallel.fill(count, blockSize: 64) { range, buffer in
        values.withUnsafeBufferPointer { values in
          for (offset, point) in range.enumerated() {
            let row = UnsafeBufferPointer(
              rebasing: values[point * dimension..<(point + 1) * dimension])
            buffer[offset] = Float(0.5 * squaredNorm(row))
          }
        }
      } + [Float](repeating: 0, count: Self.padding)
  }

  /// A copy of some of the points.
  func selecting(_ positions: ArraySlice<Int>) -> ScaledPoints {
    var selected = self
    selected.count = positions.count
    selected.halfNorms =
      positions.map { halfNorms[$0] }
      + [Float](repeating: 0, count: Self.padding)
    selected.values = []
    selected.values.reserveCapacity(positions.count * dimension)
    for position in positions {
      selected.values.append(
        contentsOf: values[position * dimension..<(position + 1) * dimension])
    }
    return selected
  }

  mutating func swapAt(_ first: Int, _ second: Int) {
    halfNorms.swapAt(first, second)
    values.withUnsafeMutableBufferPointer { values in
      for column in 0..<dimension {
        values.swapAt(first * dimension + column, second * dimension + column)
      }
    }
  }
}

/// Σ x², in eight partial sums that the vector unit keeps apart.
private func squaredNorm(_ row: UnsafeBufferPointer<Float>) -> Double {
  let bytes = UnsafeRawBufferPointer(row)
  let whole = row.count & ~7
  var sums = SIMD8<Double>.zero
  for start in stride(from: 0, to: whole, by: 8) {
    let lanes = SIMD8<Double>(
      bytes.loadUnaligned(fromByteOffset: start * 4, as: SIMD8<Float>.self))
    sums += lanes * lanes
  }
  return row[whole...].reduce(sums.sum()) { $0 + Double($1) * Double($1) }
}
