import Execution

extension Activation {
  /// In place.
  func forward<Scalar: NetworkScalar>(_ batch: Batch<Scalar>) {
    Parallel.forEach(batch.rows) { row in
      forward(batch.pointer(toRow: row), count: batch.columns)
    }
  }

  /// Turns the gradient of the output into the gradient of the input.
  func backward<Scalar: NetworkScalar>(
    _ gradient: Batch<Scalar>, output batch: Batch<Scalar>
  ) {
    Parallel.forEach(gradient.rows) { row in
      backward(
        gradient.pointer(toRow: row), output: batch.pointer(toRow: row),
        count: gradient.columns)
    }
  }

  @inline(__always)
  func forward<Scalar: NetworkScalar>(
    _ values: UnsafeMutablePointer<Scalar>, count: Int
  ) {
    switch self {
    // Without comparisons, so that the loops are vectorised and a NaN passes:
    // a diverging training is to be noticed.
    case .relu:
      for index in 0..<count {
        values[index] = (values[index] + abs(values[index])) / 2
      }
    case .leakyReLU(let slope):
      let slope = Scalar(slope)
      let (own, absolute) = ((1 + slope) / 2, (1 - slope) / 2)
      for index in 0..<count {
        values[index] = own * values[index] + absolute * abs(values[index])
      }
    case .tanh: Scalar.applyTanh(values, count: count)
    case .sigmoid:
      // sigmoid(x) = (1 + tanh(x / 2)) / 2 cannot overflow.
      for index in 0..<count { values[index] /= 2 }
      Scalar.applyTanh(values, count: count)
      for index in 0..<count { values[index] = values[index] / 2 + 0.5 }
    }
  }

  @inline(__always)
  func backward<Scalar: NetworkScalar>(
    _ gradient: UnsafeMutablePointer<Scalar>,
    output values: UnsafePointer<Scalar>, count: Int
  ) {
    switch self {
    case .relu:
      for index in 0..<count {
        gradient[index] = values[index] > 0 ? gradient[index] : 0
      }
    case .leakyReLU(let slope):
      let slope = Scalar(slope)
      for index in 0..<count {
        let value = gradient[index]
        gradient[index] = values[index] > 0 ? value : slope * value
      }
    case .tanh:
      for index in 0..<count {
        gradient[index] *= 1 - values[index] * values[index]
      }
    case .sigmoid:
      for index in 0..<count {
        gradient[index] *= values[index] * (1 - values[index])
      }
    }
  }
}
