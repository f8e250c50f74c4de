import Execution
import LinearAlgebra

/// The products of any patch geometry, image by image: patches are copied side
/// by side, and OpenBLAS multiplies them.
package struct PatchEngine<Scalar: NetworkScalar>: ConvolutionEngine {
  package typealias Layout = SingleImage<Scalar>

  private let geometry: PatchGeometry
  private let weights: UnsafePointer<Scalar>

  package static func supports(_ layer: Layer) -> Bool { true }

  package static func scratchCount(_ geometry: PatchGeometry) -> Int {
    geometry.patchCount * geometry.patchSize
  }

  package init(
    _ geometry: PatchGeometry, weights: UnsafePointer<Scalar>,
    spreads: Bool
  ) {
    self.geometry = geometry
    self.weights = weights
  }

  @inline(__always)
  package func gather(
    _ unit: UnsafePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) -> UnsafePointer<Scalar> {
    geometry.gather(unit, into: scratch)
    return UnsafePointer(scratch)
  }

  @inline(__always)
  package func correlate(
    _ gathered: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void
  ) {
    let small = geometry.small
    if let bias { fill(result, small, with: bias) }
    Scalar.multiply(
      m: geometry.patchCount, n: small.channels, k: geometry.patchSize,
      gathered, stride: geometry.patchSize, .plain,
      weights, stride: small.channels, .plain,
      beta: bias == nil ? 0 : 1, into: result, stride: small.channels)
    finish(0..<small.count)
  }

  @inline(__always)
  package func spread(
    _ unit: UnsafePointer<Scalar>, bias: UnsafePointer<Scalar>?,
    into result: UnsafeMutablePointer<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>, finish: (Range<Int>) -> Void
  ) {
    let (big, channels) = (geometry.big, geometry.small.channels)
    Scalar.multiply(
      m: geometry.patchCount, n: geometry.patchSize, k: channels,
      unit, stride: channels, .plain,
      weights, stride: channels, .transposed,
      beta: 0, into: scratch, stride: geometry.patchSize)
    if let bias {
      fill(result, big, with: bias)
    } else {
      for index in 0..<big.count { result[index] = 0 }
    }
    geometry.scatter(scratch, onto: result)
    finish(0..<big.count)
  }

  @inline(__always)
  package func addWeightGradient(
    _ gathered: UnsafePointer<Scalar>, small: UnsafePointer<Scalar>,
    to sums: UnsafeMutablePointer<Scalar>
  ) {
    let channels = geometry.small.channels
    Scalar.multiply(
      m: geometry.patchSize, n: channels, k: geometry.patchCount,
      gathered, stride: geometry.patchSize, .transposed,
      small, stride: channels, .plain,
      beta: 1, into: sums, stride: channels)
  }

  package func unpack(
    _ sums: UnsafePointer<Scalar>,
    addingTo gradient: UnsafeMutablePointer<Scalar>
  ) {
    for index in 0..<geometry.weightCount { gradient[index] += sums[index] }
  }

  @inline(__always)
  private func fill(
    _ image: UnsafeMutablePointer<Scalar>, _ shape: ImageShape,
    with bias: UnsafePointer<Scalar>
  ) {
    for pixel in 0..<shape.height * shape.width {
      let target = image + pixel * shape.channels
      for channel in 0..<shape.channels { target[channel] = bias[channel] }
    }
  }
}

// MARK: Patches

extension PatchGeometry {
  /// patches ← the values under every patch, zero outside the image.
  @inline(__always)
  fileprivate func gather<Scalar: NetworkScalar>(
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
      let middle = target + before
      for index in 0..<inside { middle[index] = source[index] }
      for index in before + inside..<max(width, before + inside) {
        target[index] = 0
      }
      target += width
    }
  }

  /// image ← image + every patch's values, at their places.
  @inline(__always)
  fileprivate func scatter<Scalar: NetworkScalar>(
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

// MARK: Layout

/// A unit of one image, laid out as in a batch.
package struct SingleImage<Scalar: NetworkScalar>: UnitLayout {
  private let shape: ImageShape

  package static var imageCount: Int { 1 }

  package init(shape: ImageShape) { self.shape = shape }

  package var valueCount: Int { shape.count }

  package func load(
    _ images: UnsafePointer<Scalar>, count: Int,
    into unit: UnsafeMutablePointer<Scalar>
  ) {
    unit.update(from: images, count: shape.count)
  }

  package func unload(
    _ unit: UnsafePointer<Scalar>, count: Int,
    into images: UnsafeMutablePointer<Scalar>
  ) {
    images.update(from: unit, count: shape.count)
  }

  package func clearBorder(_ unit: UnsafeMutablePointer<Scalar>) {}

  package static func addSquaredErrors(
    of unit: UnsafePointer<Scalar>, from targets: UnsafePointer<Scalar>,
    _ numbers: Range<Int>, gradient: UnsafeMutablePointer<Scalar>,
    factor: Scalar, count: Int, to squares: UnsafeMutablePointer<Double>
  ) {
    let start = numbers.lowerBound
    squares[0] += squaredError(
      unit + start, targets + start, gradient: gradient + start,
      factor: factor, count: numbers.count)
  }

  /// Takes all numbers: an image is finished as a whole.
  @inline(__always)
  package func sumPixels(
    _ unit: UnsafePointer<Scalar>, _ numbers: Range<Int>,
    to sums: UnsafeMutablePointer<Scalar>
  ) {
    // So many numbers are whole pixels of all usual channels.
    let width = 48
    var done = 0
    if width.isMultiple(of: shape.channels) {
      let numbers = UnsafeRawPointer(unit)
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
      let source = unit + pixel * shape.channels
      for channel in 0..<shape.channels { sums[channel] += source[channel] }
    }
  }
}
