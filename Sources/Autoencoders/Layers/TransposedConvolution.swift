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
    _ weights: UnsafePointer<Scalar>, forBackward isBackward: Bool
  ) -> PatchProducts<Scalar> {
    PatchProducts(
      geometry, weights, correlates: isBackward, spreads: !isBackward)
  }

  @inline(__always)
  func forward<Scalar: NetworkScalar>(
    _ image: UnsafePointer<Scalar>, _ products: PatchProducts<Scalar>,
    bias: UnsafePointer<Scalar>?, into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    products.spread(image, bias: bias, into: result, scratch: scratch)
  }

  /// Adds to the gradients of the weights and the bias and gives, unless nil
  /// is passed, the gradient of the input.
  @inline(__always)
  func backward<Scalar: NetworkScalar>(
    _ outputGradient: UnsafePointer<Scalar>, input image: UnsafePointer<Scalar>,
    _ products: PatchProducts<Scalar>,
    weightSums: UnsafeMutablePointer<Scalar>,
    biasSums: UnsafeMutablePointer<Scalar>?,
    into inputGradient: UnsafeMutablePointer<Scalar>?,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    products.gather(outputGradient, into: scratch)
    products.addWeightGradient(scratch, small: image, to: weightSums)
    if let biasSums {
      addBiasGradient(of: outputGradient, output, to: biasSums)
    }
    if let inputGradient {
      products.correlate(scratch, bias: nil, into: inputGradient)
    }
  }
}
