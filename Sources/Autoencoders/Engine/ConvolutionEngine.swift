import Execution

// How images go through the convolutions and activations that follow each
// other in a network:
//
//   batch     a row (NHWC) for every image
//     | load
//   place 0   a *unit*: the images that go together, one or sixteen, laid out
//     |       as the engine wants them
//     | convolution + bias, activation
//   place 1   the unit's numbers after the first convolution; they stay in the
//     |       cache until the next has read them
//     | ...
//   place n
//     | unload
//   batch     of the last convolution's output
//
// The way back visits the places in the other order, with the gradient by
// the unit's numbers at each.
//
// There are two engines. `PatchEngine` takes any convolution and one image a
// unit: it copies the values under the kernel (a *patch*) for every pixel side
// by side and multiplies matrices by OpenBLAS. `LaneEngine` takes sixteen
// images a unit, one in each *lane* of the vectors, and sums where they lie.

/// How the images of a unit lie in memory at a place of a network.
package protocol UnitLayout {
  associatedtype Scalar: NetworkScalar

  /// Images of a whole unit; the last of a batch may have fewer.
  static var imageCount: Int { get }

  init(shape: ImageShape)

  /// Numbers of a unit, of whatever count of images.
  var valueCount: Int { get }

  /// Lays out images (NHWC), `count` of them one after the other.
  func load(
    _ images: UnsafePointer<Scalar>, count: Int,
    into unit: UnsafeMutablePointer<Scalar>)

  func unload(
    _ unit: UnsafePointer<Scalar>, count: Int,
    into images: UnsafeMutablePointer<Scalar>)

  /// Zeroes what lies around the images, if anything does.
  func clearBorder(_ unit: UnsafeMutablePointer<Scalar>)

  /// Adds the squared distance of every image from its target, over some of
  /// the numbers, and gives the differences times a factor as the gradient.
  ///
  /// - Parameter squares: A number for each of `count` images.
  static func addSquaredErrors(
    of unit: UnsafePointer<Scalar>, from targets: UnsafePointer<Scalar>,
    _ numbers: Range<Int>, gradient: UnsafeMutablePointer<Scalar>,
    factor: Scalar, count: Int, to squares: UnsafeMutablePointer<Double>)

  /// sums ← sums + some of the numbers (whole rows), summed over pixels and
  /// images.
  func sumPixels(
    _ unit: UnsafePointer<Scalar>, _ numbers: Range<Int>,
    to sums: UnsafeMutablePointer<Scalar>)
}

/// The products of a patch geometry with one state of the weights.
///
/// Made once for a batch, used by all threads. `finish` is called with the
/// numbers that are finished, while they are in the cache.
package protocol ConvolutionEngine {
  associatedtype Layout: UnitLayout
  typealias Scalar = Layout.Scalar

  static func supports(_ layer: Layer) -> Bool

  /// Numbers of scratch memory that one unit needs.
  static func scratchCount(_ geometry: PatchGeometry) -> Int

  /// - Parameters:
  ///   - weights: Read as long as the engine is used.
  ///   - spreads: Whether `spread` will be asked for, and not `correlate`.
  init(
    _ geometry: PatchGeometry, weights: UnsafePointer<Scalar>,
    spreads: Bool)

  /// What the products read of big images: their patches, laid out in scratch
  /// memory, or the images themselves.
  func gather(
    _ unit: UnsafePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) -> UnsafePointer<Scalar>

  /// small ← gathered patches · weights (+ bias).
  func correlate(
    _ gathered: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void)

  /// big ← the sum of all patches of (small · weights transposed) (+ bias).
  func spread(
    _ unit: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void)

  /// sums ← sums + gathered patches transposed · small, in the layout that
  /// `unpack` reads.
  func addWeightGradient(
    _ gathered: UnsafePointer<Scalar>, small: UnsafePointer<Scalar>,
    to sums: UnsafeMutablePointer<Scalar>)

  /// gradient ← gradient + the sums of `addWeightGradient`.
  func unpack(
    _ sums: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>)
}
