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
  var scratchCount: Int { geometry.patchCount * geometry.patchSize }

  @inline(__always)
  func forward<Scalar: NetworkScalar>(
    _ image: UnsafePointer<Scalar>, _ parameters: UnsafePointer<Scalar>,
    into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    geometry.spread(
      image, weights: parameters,
      bias: hasBias ? parameters + geometry.weightCount : nil, into: result,
      scratch: scratch)
  }

  /// Adds to the gradient of the parameters and gives, unless nil is passed,
  /// the gradient of the input.
  @inline(__always)
  func backward<Scalar: NetworkScalar>(
    _ outputGradient: UnsafePointer<Scalar>, input image: UnsafePointer<Scalar>,
    _ parameters: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>,
    into inputGradient: UnsafeMutablePointer<Scalar>?,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    geometry.gather(outputGradient, into: scratch)
    geometry.addWeightGradient(patches: scratch, small: image, to: gradient)
    if hasBias {
      addBiasGradient(
        of: outputGradient, output, to: gradient + geometry.weightCount)
    }
    if let inputGradient {
      geometry.correlate(
        scratch, weights: parameters, bias: nil, into: inputGradient)
    }
  }
}
