import Execution
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
    let columns = samples.columns
    let scale = (2 * gamma).squareRoot()
    self.init(
      count: rows.count, dimension: columns,
      values: Parallel.fill(rows.count * columns, blockSize: 64 * columns) {
        range, buffer in
        samples.values.withUnsafeBufferPointer { values in
          centre.withUnsafeBufferPointer { centre in
            for point in 0..<buffer.count / columns {
              let source = rows[range.lowerBound / columns + point] * columns
              let target = point * columns
              scaleRow(
                UnsafeBufferPointer(
                  rebasing: values[source..<source + columns]),
                centre: centre, scale: scale,
                into: UnsafeMutableBufferPointer(
                  rebasing: buffer[target..<target + columns]))
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

/// (x - centre) · scale, cut off at the largest finite number.
private func scaleRow(
  _ row: UnsafeBufferPointer<Float>, centre: UnsafeBufferPointer<Double>,
  scale: Double, into scaled: UnsafeMutableBufferPointer<Float>
) {
  typealias Lanes = SIMD8<Double>
  let limit = Double(Float.greatestFiniteMagnitude)
  func scaling(_ x: Lanes, _ centre: Lanes) -> SIMD8<Float> {
    let scaled = (x - centre) * scale
    return SIMD8<Float>(
      scaled.replacing(with: limit, where: scaled .> limit)
        .replacing(with: -limit, where: scaled .< -limit))
  }
  let elements = UnsafeRawBufferPointer(row)
  let centres = UnsafeRawBufferPointer(centre)
  let target = UnsafeMutableRawBufferPointer(scaled)
  let whole = row.count & ~7
  for column in stride(from: 0, to: whole, by: 8) {
    let x = Lanes(
      elements.loadUnaligned(
        fromByteOffset: column * 4, as: SIMD8<Float>.self))
    let c = centres.loadUnaligned(fromByteOffset: column * 8, as: Lanes.self)
    target.storeBytes(
      of: scaling(x, c), toByteOffset: column * 4, as: SIMD8<Float>.self)
  }
  for column in whole..<row.count {
    let x = Lanes(repeating: Double(row[column]))
    scaled[column] = scaling(x, Lanes(repeating: centre[column]))[0]
  }
}
