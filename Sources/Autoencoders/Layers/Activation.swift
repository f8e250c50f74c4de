import LinearAlgebra

/// A function of every number by itself, computed in place.
///
/// Any shape. The derivative is taken from the output, so the input need not
/// be kept.
package enum Activation: Hashable, Sendable {
  /// max(x, 0).
  case relu
  /// x where it is positive, `slope` (above 0) times x elsewhere.
  case leakyReLU(slope: Float)
  case tanh
  /// 1 / (1 + exp(-x)).
  case sigmoid

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

  /// Turns the gradient of the output into the gradient of the input.
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
