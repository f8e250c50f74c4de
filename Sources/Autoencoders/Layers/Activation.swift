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
}
