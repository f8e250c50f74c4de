import Execution

/// A two-dimensional convolution (cross-correlation, as everywhere in the
/// field) of square kernels, or the transposed convolution of the same
/// geometry, which is its adjoint.
///
/// Input [height, width, channels] (NHWC) of `geometry.big`, output that of
/// `geometry.small`; transposed, the other way round. Parameters: weights
/// [kernel row, kernel column, big channel, small channel], then a bias for
/// every output channel.
package struct Convolution: Hashable, Sendable {
  package let geometry: PatchGeometry
  package let isTransposed: Bool
  package let hasBias: Bool

  package var output: ImageShape {
    isTransposed ? geometry.big : geometry.small
  }
  var biasCount: Int { hasBias ? output.channels : 0 }
  var parameterCount: Int { geometry.weightCount + biasCount }
}
