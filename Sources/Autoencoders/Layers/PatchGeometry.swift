import Execution
import LinearAlgebra

/// How the square patches of a big image lie on the pixels of a small one.
///
/// A convolution goes from the big image to the small one, a transposed
/// convolution back; each is the other's gradient. Both keep the weights as
/// [kernel row, kernel column, big channel, small channel]. A transposed
/// convolution that takes over the geometry of a convolution gives exactly
/// its input size, whatever that is; big pixels under no patch get the bias.
///
/// The images are rows of pixels with the channels of a pixel side by side
/// (NHWC). Sums run over *patches*: the values under every small pixel's patch
/// side by side, [small pixel, kernel row, kernel column, big channel].
package struct PatchGeometry: Hashable, Sendable {
  package let big: ImageShape
  package let small: ImageShape
  package let kernel: Int
  package let stride: Int
  package let padding: Int

  /// Nil when the big image is too small for one patch.
  package init?(
    big: ImageShape, smallChannels: Int, kernel: Int, stride: Int, padding: Int
  ) {
    let height = big.height + 2 * padding - kernel
    let width = big.width + 2 * padding - kernel
    guard height >= 0, width >= 0 else { return nil }
    self.big = big
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
    small = ImageShape(
      height: height / stride + 1, width: width / stride + 1,
      channels: smallChannels)
  }

  /// Numbers in one patch.
  var patchSize: Int { kernel * kernel * big.channels }
  /// Small pixels, each with its patch.
  var patchCount: Int { small.height * small.width }
  package var weightCount: Int { patchSize * small.channels }
}

extension PatchGeometry {
  /// patches ← the values under every patch, zero outside the image.
  @inline(__always)
  func gather<Scalar: NetworkScalar>(
    _ image: UnsafePointer<Scalar>, into patches: UnsafeMutablePointer<Scalar>
  ) {
    var target = patches
    forEachPatchRow { row, columns in
      let width = kernel * big.channels
      guard let row else {
        for index in 0..<width { target[index] = 0 }
        target += width
        return
      }
      let lower = max(columns.lowerBound, 0)
      let upper = max(min(columns.upperBound, big.width), lower)
      let before = min(lower - columns.lowerBound, kernel) * big.channels
      let inside = (upper - lower) * big.channels
      let source = image + (row * big.width + lower) * big.channels
      for index in 0..<before { target[index] = 0 }
      for index in 0..<inside { target[before + index] = source[index] }
      for index in before + inside..<max(width, before + inside) {
        target[index] = 0
      }
      target += width
    }
  }

  /// image ← image + every patch's values, at their places.
  @inline(__always)
  func scatter<Scalar: NetworkScalar>(
    _ patches: UnsafePointer<Scalar>, onto image: UnsafeMutablePointer<Scalar>
  ) {
    var source = patches
    forEachPatchRow { row, columns in
      let width = kernel * big.channels
      defer { source += width }
      guard let row else { return }
      let lower = max(columns.lowerBound, 0)
      let upper = min(columns.upperBound, big.width)
      guard lower < upper else { return }
      let from = source + (lower - columns.lowerBound) * big.channels
      let target = image + (row * big.width + lower) * big.channels
      for index in 0..<(upper - lower) * big.channels {
        target[index] += from[index]
      }
    }
  }

  /// Calls `body` for every row of every patch in the order of storage, with
  /// its row of the big image (nil outside) and its columns (some may be
  /// outside).
  @inline(__always)
  private func forEachPatchRow(_ body: (Int?, Range<Int>) -> Void) {
    for smallRow in 0..<small.height {
      for smallColumn in 0..<small.width {
        let column = smallColumn * stride - padding
        for kernelRow in 0..<kernel {
          let row = smallRow * stride - padding + kernelRow
          body(
            row >= 0 && row < big.height ? row : nil, column..<column + kernel)
        }
      }
    }
  }
}

extension PatchGeometry {
  /// small ← patches · weights (+ bias at every pixel).
  @inline(__always)
  func correlate<Scalar: NetworkScalar>(
    _ patches: UnsafePointer<Scalar>, weights: UnsafePointer<Scalar>,
    bias: UnsafePointer<Scalar>?, into result: UnsafeMutablePointer<Scalar>
  ) {
    if let bias { fill(result, small, with: bias) }
    Scalar.multiply(
      m: patchCount, n: small.channels, k: patchSize,
      patches, stride: patchSize, .plain,
      weights, stride: small.channels, .plain,
      beta: bias == nil ? 0 : 1, into: result, stride: small.channels)
  }

  /// big ← the sum of all patches of (small · weights transposed)
  /// (+ bias at every pixel).
  ///
  /// `scratch` holds the patches.
  @inline(__always)
  func spread<Scalar: NetworkScalar>(
    _ image: UnsafePointer<Scalar>, weights: UnsafePointer<Scalar>,
    bias: UnsafePointer<Scalar>?, into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.multiply(
      m: patchCount, n: patchSize, k: small.channels,
      image, stride: small.channels, .plain,
      weights, stride: small.channels, .transposed,
      beta: 0, into: scratch, stride: patchSize)
    if let bias {
      fill(result, big, with: bias)
    } else {
      for index in 0..<big.count { result[index] = 0 }
    }
    scatter(scratch, onto: result)
  }

  /// gradient ← gradient + patches transposed · small.
  @inline(__always)
  func addWeightGradient<Scalar: NetworkScalar>(
    patches: UnsafePointer<Scalar>, small image: UnsafePointer<Scalar>,
    to gradient: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.multiply(
      m: patchSize, n: small.channels, k: patchCount,
      patches, stride: patchSize, .transposed,
      image, stride: small.channels, .plain,
      beta: 1, into: gradient, stride: small.channels)
  }

  @inline(__always)
  private func fill<Scalar: NetworkScalar>(
    _ image: UnsafeMutablePointer<Scalar>, _ shape: ImageShape,
    with bias: UnsafePointer<Scalar>
  ) {
    for pixel in 0..<shape.height * shape.width {
      let target = image + pixel * shape.channels
      for channel in 0..<shape.channels { target[channel] = bias[channel] }
    }
  }
}

/// sums ← sums + an image's numbers, summed over its pixels.
@inline(__always)
func sumPixels<Scalar: NetworkScalar>(
  of image: UnsafePointer<Scalar>, _ shape: ImageShape,
  to sums: UnsafeMutablePointer<Scalar>
) {
  // So many numbers are whole pixels of all usual channels.
  let width = 48
  var done = 0
  if width.isMultiple(of: shape.channels) {
    let numbers = UnsafeRawPointer(image)
    func vector(_ index: Int) -> SIMD16<Scalar> {
      numbers.loadUnaligned(
        fromByteOffset: index * MemoryLayout<Scalar>.stride,
        as: SIMD16<Scalar>.self)
    }
    var (a, b, c) = (
      SIMD16<Scalar>.zero, SIMD16<Scalar>.zero, SIMD16<Scalar>.zero
    )
    while done + width <= shape.count {
      a += vector(done)
      b += vector(done + 16)
      c += vector(done + 32)
      done += width
    }
    for lane in 0..<16 {
      sums[lane % shape.channels] += a[lane]
      sums[(16 + lane) % shape.channels] += b[lane]
      sums[(32 + lane) % shape.channels] += c[lane]
    }
  }
  for pixel in done / shape.channels..<shape.height * shape.width {
    let source = image + pixel * shape.channels
    for channel in 0..<shape.channels { sums[channel] += source[channel] }
  }
}
