import Execution
import LinearAlgebra

/// A two-dimensional convolution (cross-correlation, as everywhere in the
/// field) of square kernels.
///
/// Input [height, width, channels] (NHWC) of `geometry.big`, output that of
/// `geometry.small`. Parameters: weights
/// [kernel row, kernel column, input channel, output channel], then a bias for
/// every output channel.
package struct Convolution: Hashable, Sendable {
  package let geometry: PatchGeometry
  package let hasBias: Bool

  var input: ImageShape { geometry.big }
  var output: ImageShape { geometry.small }
  var biasCount: Int { hasBias ? output.channels : 0 }

  func products<Scalar: NetworkScalar>(
    _ weights: UnsafePointer<Scalar>, inLanes: Bool,
    forBackward isBackward: Bool
  ) -> PatchProducts<Scalar> {
    PatchProducts(
      geometry, weights, inLanes: inLanes, correlates: !isBackward,
      spreads: isBackward)
  }

  @inline(__always)
  func forward<Scalar: NetworkScalar>(
    _ image: UnsafePointer<Scalar>, _ products: PatchProducts<Scalar>,
    bias: UnsafePointer<Scalar>?, into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void
  ) {
    products.correlate(
      products.gather(image, scratch: scratch), bias: bias, into: result,
      finish: finish)
  }

  /// Adds to the gradient of the weights and gives, unless nil is passed, the
  /// gradient of the input.
  @inline(__always)
  func backward<Scalar: NetworkScalar>(
    _ outputGradient: UnsafePointer<Scalar>, input image: UnsafePointer<Scalar>,
    _ products: PatchProducts<Scalar>,
    weightSums: UnsafeMutablePointer<Scalar>,
    into inputGradient: UnsafeMutablePointer<Scalar>?,
    scratch: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void
  ) {
    let gathered = products.gather(image, scratch: scratch)
    products.addWeightGradient(gathered, small: outputGradient, to: weightSums)
    if let inputGradient {
      products.spread(
        outputGradient, bias: nil, into: inputGradient, scratch: scratch,
        finish: finish)
    }
  }
}
