import LinearAlgebra

/// The three products of a patch geometry with one state of the weights, by
/// kernels of the vector unit where there are some and by OpenBLAS otherwise.
///
/// Made once for a batch, used by all threads.
struct PatchProducts<Scalar: NetworkScalar>: @unchecked Sendable {
  private let geometry: PatchGeometry
  // Read only while the network lends its parameters.
  private let weights: UnsafePointer<Scalar>
  private let kernels: StrideTwoKernels?
  private let correlationWeights: Batch<Float>?
  private let spreadingWeights: Batch<Float>?

  /// - Parameter directions: The products that will be asked for.
  init(
    _ geometry: PatchGeometry, _ weights: UnsafePointer<Scalar>,
    correlates: Bool, spreads: Bool
  ) {
    self.geometry = geometry
    self.weights = weights
    kernels = Scalar.self == Float.self ? StrideTwoKernels(geometry) : nil
    correlationWeights =
      correlates ? kernels?.packForCorrelation(float(weights)) : nil
    spreadingWeights =
      spreads ? kernels?.packForSpreading(float(weights)) : nil
  }

  /// Numbers of scratch memory for one image.
  static func scratchCount(_ geometry: PatchGeometry) -> Int {
    max(
      geometry.patchCount * geometry.patchSize,
      StrideTwoKernels(geometry)?.scratchCount ?? 0)
  }

  /// Numbers of a gradient that `addWeightGradient` adds to.
  var gradientCount: Int {
    kernels?.packedGradientCount ?? geometry.weightCount
  }

  /// Lays the patches of a big image out in scratch memory.
  @inline(__always)
  func gather(
    _ image: UnsafePointer<Scalar>, into scratch: UnsafeMutablePointer<Scalar>
  ) {
    if let kernels {
      kernels.padBig(float(image), into: float(scratch))
    } else {
      geometry.gather(image, into: scratch)
    }
  }

  /// small ← gathered patches · weights (+ bias).
  @inline(__always)
  func correlate(
    _ gathered: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>
  ) {
    if let kernels, let correlationWeights {
      kernels.correlate(
        padded: float(gathered), packed: correlationWeights.values,
        bias: bias.map(float), into: float(result))
    } else {
      geometry.correlate(
        gathered, weights: weights, bias: bias, into: result)
    }
  }

  /// big ← the sum of all patches of (small · weights transposed) (+ bias).
  @inline(__always)
  func spread(
    _ image: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    if let kernels, let spreadingWeights {
      kernels.spread(
        float(image), packed: spreadingWeights.values, bias: bias.map(float),
        into: float(result), scratch: float(scratch))
    } else {
      geometry.spread(
        image, weights: weights, bias: bias, into: result, scratch: scratch)
    }
  }

  /// gradient ← gradient + gathered patches transposed · small, in the layout
  /// that `unpack` reads.
  @inline(__always)
  func addWeightGradient(
    _ gathered: UnsafePointer<Scalar>, small image: UnsafePointer<Scalar>,
    to gradient: UnsafeMutablePointer<Scalar>
  ) {
    if let kernels {
      kernels.addWeightGradient(
        padded: float(gathered), small: float(image), to: float(gradient))
    } else {
      geometry.addWeightGradient(
        patches: gathered, small: image, to: gradient)
    }
  }

  /// gradient ← gradient + the sums of `addWeightGradient`.
  func unpack(
    _ sums: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>
  ) {
    if let kernels {
      kernels.unpack(float(sums), addingTo: float(gradient))
    } else {
      for index in 0..<geometry.weightCount { gradient[index] += sums[index] }
    }
  }
}

/// The pointer itself: there are kernels only where `Scalar` is `Float`.
@inline(__always)
private func float<Scalar: NetworkScalar>(
  _ pointer: UnsafePointer<Scalar>
) -> UnsafePointer<Float> {
  UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
}

@inline(__always)
private func float<Scalar: NetworkScalar>(
  _ pointer: UnsafeMutablePointer<Scalar>
) -> UnsafeMutablePointer<Float> {
  UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
}
