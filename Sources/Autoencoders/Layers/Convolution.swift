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
  var scratchCount: Int { geometry.patchCount * geometry.patchSize }

  @inline(__always)
  func forward<Scalar: NetworkScalar>(
    _ image: UnsafePointer<Scalar>, _ parameters: UnsafePointer<Scalar>,
    into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    geometry.gather(image, into: scratch)
    geometry.correlate(
      scratch, weights: parameters,
      bias: hasBias ? parameters + geometry.weightCount : nil, into: result)
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
    geometry.gather(image, into: scratch)
    geometry.addWeightGradient(
      patches: scratch, small: outputGradient, to: gradient)
    if hasBias {
      addBiasGradient(
        of: outputGradient, output, to: gradient + geometry.weightCount)
    }
    if let inputGradient {
      geometry.spread(
        outputGradient, weights: parameters, bias: nil, into: inputGradient,
        scratch: scratch)
    }
  }
}
