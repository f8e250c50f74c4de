import Execution
import LinearAlgebra

/// A loss and its gradient by the values it was taken of.
package struct Loss<Scalar: NetworkScalar> {
  package var value: Double
  package var gradient: Batch<Scalar>
}

extension Batch {
  /// The mean of the squared differences over all values, times `weight`.
  package func meanSquaredError(
    to target: Batch, weight: Double = 1
  ) -> Loss<Scalar> {
    precondition(target.rows == rows && target.columns == columns)
    let gradient = Batch(rows: rows, columns: columns)
    let factor = Scalar(2 * weight / Double(count))
    let squares = rowSums { row in
      squaredError(
        pointer(toRow: row), target.pointer(toRow: row),
        gradient: gradient.pointer(toRow: row), factor: factor, count: columns)
    }
    let total = squares.reduce(0, +)
    return Loss(value: weight * total / Double(count), gradient: gradient)
  }

  /// The squared distance of every row from the target's.
  package func squaredDistances(to target: Batch) -> [Double] {
    precondition(target.rows == rows && target.columns == columns)
    return rowSums {
      squaredDistance(
        pointer(toRow: $0), target.pointer(toRow: $0), columns)
    }
  }

  /// The mean binary cross-entropy of logits (one a row) with one label for
  /// all, times `weight`.
  ///
  /// log(1 + exp(-|x|)) + max(x, 0) - x · label cannot overflow.
  package func crossEntropy(
    label: Scalar, weight: Double = 1
  ) -> Loss<Scalar> {
    let gradient = Batch(rows: rows, columns: columns)
    let factor = Scalar(weight / Double(count))
    var total = 0.0
    for index in 0..<count {
      let x = values[index]
      let small = Scalar.exponential(-abs(x))
      let sigmoid = x >= 0 ? 1 / (1 + small) : small / (1 + small)
      total += Double(
        Scalar.logarithm(1 + small) + (x > 0 ? x : 0) - x * label)
      gradient.values[index] = factor * (sigmoid - label)
    }
    return Loss(value: weight * total / Double(count), gradient: gradient)
  }

  /// A number for every row, computed in parallel.
  func rowSums(_ body: (Int) -> Double) -> [Double] {
    Parallel.fill(rows, blockSize: 8) { block, sums in
      for (place, row) in block.enumerated() { sums[place] = body(row) }
    }
  }
}

/// The squared distance of the values from the targets, and their differences
/// times a factor.
func squaredError<Scalar: NetworkScalar>(
  _ values: UnsafePointer<Scalar>, _ targets: UnsafePointer<Scalar>,
  gradient: UnsafeMutablePointer<Scalar>, factor: Scalar, count: Int
) -> Double {
  for index in 0..<count {
    gradient[index] = factor * (values[index] - targets[index])
  }
  return squaredDistance(values, targets, count)
}

/// Summed in short stretches of single precision, the stretches in Double.
private func squaredDistance<Scalar: NetworkScalar>(
  _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ count: Int
) -> Double {
  let (a, b) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
  let width = MemoryLayout<Scalar>.stride
  var total = 0.0
  var index = 0
  while index + 16 <= count {
    var sums = SIMD16<Scalar>.zero
    let end = min(index + 1024, count - 15)
    while index < end {
      let difference =
        a.loadUnaligned(fromByteOffset: index * width, as: SIMD16<Scalar>.self)
        - b.loadUnaligned(
          fromByteOffset: index * width, as: SIMD16<Scalar>.self)
      sums += difference * difference
      index += 16
    }
    for lane in 0..<16 { total += Double(sums[lane]) }
  }
  while index < count {
    let difference =
      a.loadUnaligned(fromByteOffset: index * width, as: Scalar.self)
      - b.loadUnaligned(fromByteOffset: index * width, as: Scalar.self)
    total += Double(difference) * Double(difference)
    index += 1
  }
  return total
}
