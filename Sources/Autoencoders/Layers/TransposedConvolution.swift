import Execution
import LinearAlgebra

/// A transposed convolution of square kernels: the adjoint of a `Convolution`
/// of the same geometry.
///
/// Input [height, width, channels] (NHWC) of `geometry.small`, output that of
/// `geometry.big`. Parameters: weights
/// [kernel row, kernel column, output channel, input channel], then a bias for
/// every output channel.
package struct TransposedConvolution: Hashable, Sendable {
  package let geometry: PatchGeometry
  package let hasBias: Bool

  var input: ImageShape { geometry.small }
  var output: ImageShape { geometry.big }
  var biasCount: Int { hasBias ? output.channels : 0 }

  func products<Scalar: NetworkScalar>(
    _ weights: UnsafePointer<Scalar>, inLanes: Bool,
    forBackward isBackward: Bool
  ) -> PatchProducts<Scalar> {
    PatchProducts(
      geometry, weights, inLanes: inLanes, correlates: isBackward,
      spreads: !isBackward)
  }

  @inline(__always)
  func forward<Scalar: NetworkScalar>(
    _ image: UnsafePointer<Scalar>, _ products: PatchProducts<Scalar>,
    bias: UnsafePointer<Scalar>?, into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void
  ) {
    products.spread(
      image, bias: bias, into: result, scratch: scratch, finish: finish)
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
    let gathered = products.gather(outputGradient, scratch: scratch)
    products.addWeightGradient(gathered, small: image, to: weightSums)
    if let inputGradient {
      products.correlate(
        gathered, bias: nil, into: inputGradient, finish: finish)
    }
  }
}
