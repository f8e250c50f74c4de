import CVectorUnit
import Execution
import LinearAlgebra

/// The products of a 4x4 patch geometry of stride 2 and padding 1 on images
/// in lanes.
///
/// No patch is copied: a row of a patch is one contiguous run of vectors.
/// Towards the big image, a pixel of each parity is a dense sum over 2x2 small
/// pixels (the sub-pixel form: Shi et al. 2016, arXiv 1609.05158). A *tile* of
/// sums stays in registers: four pixels of up to six channels each.
package struct LaneEngine: ConvolutionEngine {
  package typealias Layout = ImageLanes

  private let big: ImageLanes
  private let small: ImageLanes
  private let geometry: PatchGeometry
  /// In the order of use.
  private let packed: Batch<Float>

  private static let lanes = ImageLanes.imageCount
  /// Channels of a group at most.
  private static let groupSize = 6

  /// Not where `PatchEngine` has to do: other geometries, odd sides, and
  /// instructions that lack 32 registers of 16 lanes, with which OpenBLAS
  /// (it looks at the processor when it runs) is faster.
  package static func supports(_ layer: Layer) -> Bool {
    switch layer {
    case .convolution(let layer):
      let geometry = layer.geometry
      return vector_unit_has_avx512() == 1 && geometry.kernel == 4
        && geometry.stride == 2 && geometry.padding == 1
        && geometry.big.height.isMultiple(of: 2)
        && geometry.big.width.isMultiple(of: 2)
        && geometry.small.width >= WeightedSums.pixelCount
    // It has to leave the border of zeros as it is.
    case .activation(let activation): return activation != .sigmoid
    case .linear, .batchNormalization: return false
    }
  }

  package static func scratchCount(_ geometry: PatchGeometry) -> Int { 0 }

  package init(
    _ geometry: PatchGeometry, weights: UnsafePointer<Float>,
    spreads: Bool
  ) {
    self.geometry = geometry
    big = ImageLanes(shape: geometry.big)
    small = ImageLanes(shape: geometry.small)
    packed = Batch(rows: 1, columns: geometry.weightCount)
    if spreads {
      packForSpreading(weights)
    } else {
      packForCorrelation(weights)
    }
  }

  package func gather(
    _ unit: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> { unit }

  /// The channels, in as few groups of up to six as possible, of equal size
  /// or one apart.
  private func groups(_ channels: Int) -> [Range<Int>] {
    let count = (channels + Self.groupSize - 1) / Self.groupSize
    return (0..<count).map {
      channels * $0 / count..<channels * ($0 + 1) / count
    }
  }

  /// The first pixels of fours that cover a row of the small image; the last
  /// may overlap the one before it.
  private func fours() -> [Int] {
    let width = small.shape.width
    return stride(from: 0, to: width, by: WeightedSums.pixelCount).map {
      min($0, width - WeightedSums.pixelCount)
    }
  }
}

// MARK: Big to small

extension LaneEngine {
  /// [group, patch place, channel of the group].
  private func packForCorrelation(_ weights: UnsafePointer<Float>) {
    let channels = geometry.small.channels
    var target = packed.values
    for group in groups(channels) {
      for place in 0..<geometry.patchSize {
        target.update(
          from: weights + place * channels + group.lowerBound,
          count: group.count)
        target += group.count
      }
    }
  }

  /// Finishes row by row.
  package func correlate(
    _ gathered: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    into result: UnsafeMutablePointer<Float>,
    finish: (Range<Int>) -> Void
  ) {
    small.clearBorder(result)
    let (groups, fours) = (groups(geometry.small.channels), fours())
    let sums = WeightedSums(
      pixelStep: 2 * big.pixelStep, runs: 4, runStep: big.rowStep,
      terms: 4 * geometry.big.channels, targetStep: small.pixelStep)
    for y in 0..<geometry.small.height {
      for x in fours {
        let source = gathered + 2 * y * big.rowStep + 2 * x * big.pixelStep
        let target =
          result + small.origin + y * small.rowStep + x * small.pixelStep
        var weights = UnsafePointer(packed.values)
        for group in groups {
          sums.compute(
            source, weights, bias.map { $0 + group.lowerBound }, group.count,
            into: target + group.lowerBound * Self.lanes)
          weights += geometry.patchSize * group.count
        }
      }
      finish(small.numbers(inRows: y..<y + 1))
    }
  }
}

// MARK: Small to big

extension LaneEngine {
  /// [row parity, column parity, group, small row, small column, small channel,
  /// channel of the group].
  private func packForSpreading(_ weights: UnsafePointer<Float>) {
    let (channels, smallChannels) = (
      geometry.big.channels, geometry.small.channels
    )
    // The kernel row of parity a and small row r, and so for columns.
    func tap(_ a: Int, _ r: Int) -> Int { 3 - a - 2 * r }
    var target = packed.values
    for parity in 0..<4 {
      for group in groups(channels) {
        for pixel in 0..<4 {
          let place =
            tap(parity / 2, pixel / 2) * 4 + tap(parity % 2, pixel % 2)
          for smallChannel in 0..<smallChannels {
            for channel in group {
              target.pointee =
                weights[
                  (place * channels + channel) * smallChannels
                    + smallChannel]
              target += 1
            }
          }
        }
      }
    }
  }

  /// Finishes two rows at a time.
  package func spread(
    _ unit: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    into result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, finish: (Range<Int>) -> Void
  ) {
    big.clearBorder(result)
    let (groups, fours) = (groups(geometry.big.channels), fours())
    let sums = WeightedSums(
      pixelStep: small.pixelStep, runs: 2, runStep: small.rowStep,
      terms: 2 * geometry.small.channels, targetStep: 2 * big.pixelStep)
    for y in 0..<geometry.small.height {
      for x in fours {
        var weights = UnsafePointer(packed.values)
        for parity in 0..<4 {
          let (a, b) = (parity / 2, parity % 2)
          let source =
            unit + (y + a) * small.rowStep + (x + b) * small.pixelStep
          let target =
            result + big.origin + (2 * y + a) * big.rowStep
            + (2 * x + b) * big.pixelStep
          for group in groups {
            sums.compute(
              source, weights, bias.map { $0 + group.lowerBound }, group.count,
              into: target + group.lowerBound * Self.lanes)
            weights += 4 * geometry.small.channels * group.count
          }
        }
      }
      finish(big.numbers(inRows: 2 * y..<2 * y + 2))
    }
  }
}

// MARK: Gradient of the weights

extension LaneEngine {
  /// The sums are [group, four of a patch's places, channel of the group,
  /// place of the four].
  package func addWeightGradient(
    _ gathered: UnsafePointer<Float>, small factors: UnsafePointer<Float>,
    to sums: UnsafeMutablePointer<Float>
  ) {
    // So many rows of small pixels that what a tile reads stays in the cache.
    let (height, width) = (geometry.small.height, geometry.small.width)
    let strips = Parallel.blocks(height, size: max(1, 64 / width))
    let groups = groups(geometry.small.channels)
    let packed = Batch<Float>(
      rows: strips[0].count * width, columns: Self.groupSize * Self.lanes)
    for rows in strips {
      let source = gathered + 2 * rows.lowerBound * big.rowStep
      let tiles = PixelSums(
        rows: rows.count, columns: width,
        rowStep: 2 * big.rowStep, columnStep: 2 * big.pixelStep)
      var target = sums
      for group in groups {
        let length = group.count * Self.lanes
        var next = packed.values
        for y in rows {
          var pixel =
            factors + small.origin + y * small.rowStep
            + group.lowerBound * Self.lanes
          for _ in 0..<width {
            next.update(from: pixel, count: length)
            next += length
            pixel += small.pixelStep
          }
        }
        for kernelRow in 0..<4 {
          for four in 0..<geometry.big.channels {
            let place = kernelRow * big.rowStep + 4 * four * Self.lanes
            tiles.add(source + place, packed.values, group.count, to: target)
            target += 4 * group.count
          }
        }
      }
    }
  }

  package func unpack(
    _ sums: UnsafePointer<Float>,
    addingTo gradient: UnsafeMutablePointer<Float>
  ) {
    let channels = geometry.small.channels
    var source = sums
    for group in groups(channels) {
      for four in 0..<geometry.patchSize / 4 {
        for channel in group {
          for place in 4 * four..<4 * four + 4 {
            gradient[place * channels + channel] += source.pointee
            source += 1
          }
        }
      }
    }
  }
}
