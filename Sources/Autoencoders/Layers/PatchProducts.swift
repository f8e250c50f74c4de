import LinearAlgebra

/// The three products of a patch geometry with one state of the weights: on
/// one image by OpenBLAS, or on sixteen in lanes by our own kernels.
///
/// Made once for a batch, used by all threads.
struct PatchProducts<Scalar: NetworkScalar>: @unchecked Sendable {
  private let geometry: PatchGeometry
  // Read only while the network lends its parameters.
  private let weights: UnsafePointer<Scalar>
  private let kernels: LaneKernels?
  private let correlationWeights: Batch<Float>?
  private let spreadingWeights: Batch<Float>?

  /// - Parameters:
  ///   - inLanes: Whether images lie in lanes; only where there are kernels.
  ///   - correlates: Whether `correlate` will be asked for.
  ///   - spreads: Whether `spread` will be asked for.
  init(
    _ geometry: PatchGeometry, _ weights: UnsafePointer<Scalar>,
    inLanes: Bool, correlates: Bool, spreads: Bool
  ) {
    self.geometry = geometry
    self.weights = weights
    kernels = inLanes ? LaneKernels(geometry) : nil
    correlationWeights =
      correlates ? kernels?.packForCorrelation(float(weights)) : nil
    spreadingWeights =
      spreads ? kernels?.packForSpreading(float(weights)) : nil
  }

  /// Numbers of scratch memory for the patches of one image.
  static func scratchCount(_ geometry: PatchGeometry) -> Int {
    geometry.patchCount * geometry.patchSize
  }

  var weightCount: Int { geometry.weightCount }

  /// What the products read of a big image: its patches, laid out in scratch
  /// memory, or in lanes itself.
  @inline(__always)
  func gather(
    _ image: UnsafePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) -> UnsafePointer<Scalar> {
    if kernels != nil { return image }
    geometry.gather(image, into: scratch)
    return UnsafePointer(scratch)
  }

  /// small ← gathered patches · weights (+ bias).
  ///
  /// - Parameter finish: Called with the numbers that are finished, while they
  ///   are in the cache.
  @inline(__always)
  func correlate(
    _ gathered: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void
  ) {
    if let kernels, let correlationWeights {
      kernels.correlate(
        float(gathered), packed: correlationWeights.values,
        bias: bias.map(float), into: float(result), finish: finish)
    } else {
      geometry.correlate(
        gathered, weights: weights, bias: bias, into: result)
      finish(0..<geometry.small.count)
    }
  }

  /// big ← the sum of all patches of (small · weights transposed) (+ bias).
  ///
  /// - Parameter finish: As for `correlate`.
  @inline(__always)
  func spread(
    _ image: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void
  ) {
    if let kernels, let spreadingWeights {
      kernels.spread(
        float(image), packed: spreadingWeights.values, bias: bias.map(float),
        into: float(result), finish: finish)
    } else {
      geometry.spread(
        image, weights: weights, bias: bias, into: result, scratch: scratch)
      finish(0..<geometry.big.count)
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
        float(gathered), small: float(image), to: float(gradient))
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

/// The pointer itself: images lie in lanes only where `Scalar` is `Float`.
@inline(__always)
func float<Scalar: NetworkScalar>(
  _ pointer: UnsafePointer<Scalar>
) -> UnsafePointer<Float> {
  UnsafeRawPointer(pointer).assumingMemoryBound(to: Float.self)
}

@inline(__always)
func float<Scalar: NetworkScalar>(
  _ pointer: UnsafeMutablePointer<Scalar>
) -> UnsafeMutablePointer<Float> {
  UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Float.self)
}
