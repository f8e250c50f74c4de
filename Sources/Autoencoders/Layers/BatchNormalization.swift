import Execution

/// Standardises every channel over the pixels of all images of a batch, then
/// scales and shifts it (Ioffe and Szegedy 2015, arXiv 1502.03167).
///
/// Input and output [height, width, channels] (NHWC) of `shape`. Parameters:
/// a scale (gamma) for every channel, then a shift (beta); none when not
/// `isAffine`. Statistics: the moving mean of every channel, then the moving
/// unbiased variance. As in PyTorch the variance of a batch is biased, 1e-5 is
/// added to it, and a tenth of each batch enters the moving statistics.
package struct BatchNormalization: Hashable, Sendable {
  package let shape: ImageShape
  package let isAffine: Bool

  static let epsilon = 1e-5
  static let momentum = 0.1

  var channels: Int { shape.channels }
  var parameterCount: Int { isAffine ? 2 * channels : 0 }
  var statisticCount: Int { 2 * channels }
}
