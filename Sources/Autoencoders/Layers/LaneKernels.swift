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
struct LaneKernels {
  private let big: ImageLanes
  private let small: ImageLanes
  private let geometry: PatchGeometry

  private static let lanes = ImageLanes.count
  /// Channels of a group at most.
  private static let groupSize = 6

  /// Nil where the general products have to do: other geometries, odd sides,
  /// and instructions that lack 32 registers of 16 lanes, with which OpenBLAS
  /// (it looks at the processor when it runs) is faster.
  init?(_ geometry: PatchGeometry) {
    guard
      vector_unit_has_avx512() == 1, geometry.kernel == 4, geometry.stride == 2,
      geometry.padding == 1, geometry.big.height.isMultiple(of: 2),
      geometry.big.width.isMultiple(of: 2),
      geometry.small.width >= Four.count
    else { return nil }
    self.geometry = geometry
    big = ImageLanes(shape: geometry.big)
    small = ImageLanes(shape: geometry.small)
  }

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
    return stride(from: 0, to: width, by: Four.count).map {
      min($0, width - Four.count)
    }
  }
}

// MARK: Big to small

extension LaneKernels {
  /// Weights for `correlate`: [group, patch place, channel of the group].
  func packForCorrelation(_ weights: UnsafePointer<Float>) -> Batch<Float> {
    let packed = Batch<Float>(rows: 1, columns: geometry.weightCount)
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
    return packed
  }

  /// small ← patches of big · weights (+ bias).
  ///
  /// - Parameter finish: Called with the numbers of each finished row, while
  ///   they are in the cache.
  func correlate(
    _ image: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, into result: UnsafeMutablePointer<Float>,
    finish: (Range<Int>) -> Void
  ) {
    small.clearBorder(result)
    let (groups, fours) = (groups(geometry.small.channels), fours())
    let sums = WeightedSums(
      pixelStep: 2 * big.pixelStep, runs: 4, runStep: big.rowStep,
      terms: 4 * geometry.big.channels, targetStep: small.pixelStep)
    for y in 0..<geometry.small.height {
      for x in fours {
        let source = image + 2 * y * big.rowStep + 2 * x * big.pixelStep
        let target =
          result + small.origin + y * small.rowStep + x * small.pixelStep
        var weights = packed
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

extension LaneKernels {
  /// Weights for `spread`: [row parity, column parity, group, small row,
  /// small column, small channel, channel of the group].
  func packForSpreading(_ weights: UnsafePointer<Float>) -> Batch<Float> {
    let packed = Batch<Float>(rows: 1, columns: geometry.weightCount)
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
    return packed
  }

  /// big ← the sum of all patches of (small · weights transposed) (+ bias).
  ///
  /// - Parameter finish: As for `correlate`, of two rows.
  func spread(
    _ image: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, into result: UnsafeMutablePointer<Float>,
    finish: (Range<Int>) -> Void
  ) {
    big.clearBorder(result)
    let (groups, fours) = (groups(geometry.big.channels), fours())
    let sums = WeightedSums(
      pixelStep: small.pixelStep, runs: 2, runStep: small.rowStep,
      terms: 2 * geometry.small.channels, targetStep: 2 * big.pixelStep)
    for y in 0..<geometry.small.height {
      for x in fours {
        var weights = packed
        for parity in 0..<4 {
          let (a, b) = (parity / 2, parity % 2)
          let source =
            image + (y + a) * small.rowStep + (x + b) * small.pixelStep
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

extension LaneKernels {
  /// gradient ← gradient + patches of big transposed · small, summed over the
  /// images: [group, four of a patch's places, channel of the group, place of
  /// the four].
  func addWeightGradient(
    _ image: UnsafePointer<Float>, small factors: UnsafePointer<Float>,
    to gradient: UnsafeMutablePointer<Float>
  ) {
    // So many rows of small pixels that what a tile reads stays in the cache.
    let (height, width) = (geometry.small.height, geometry.small.width)
    let strips = Parallel.blocks(height, size: max(1, 64 / width))
    let groups = groups(geometry.small.channels)
    let packed = Batch<Float>(
      rows: strips[0].count * width, columns: Self.groupSize * Self.lanes)
    for rows in strips {
      let source = image + 2 * rows.lowerBound * big.rowStep
      let sums = PixelSums(
        rows: rows.count, columns: width,
        rowStep: 2 * big.rowStep, columnStep: 2 * big.pixelStep)
      var target = gradient
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
            sums.add(source + place, packed.values, group.count, to: target)
            target += 4 * group.count
          }
        }
      }
    }
  }

  /// gradient ← gradient + the sums of `addWeightGradient`.
  func unpack(
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

// MARK: Tiles

private typealias Vector = ImageLanes.Vector

/// Four vectors, or sums that four vectors are added to.
private struct Four {
  static let count = 4

  private var a: Vector
  private var b: Vector
  private var c: Vector
  private var d: Vector

  @inline(__always)
  init(repeating value: Vector) {
    (a, b, c, d) = (value, value, value, value)
  }

  /// Vectors that begin `step` numbers apart.
  @inline(__always)
  init(_ start: UnsafePointer<Float>, _ step: Int) {
    a = vector(start)
    b = vector(start + step)
    c = vector(start + 2 * step)
    d = vector(start + 3 * step)
  }

  @inline(__always)
  func write(to target: UnsafeMutablePointer<Float>, _ step: Int) {
    store(a, to: target)
    store(b, to: target + step)
    store(c, to: target + 2 * step)
    store(d, to: target + 3 * step)
  }

  /// The sum of the lanes of each.
  @inline(__always)
  var laneSums: SIMD4<Float> {
    let sums = Self.halved(Self.halved(a, c), Self.halved(b, d))
    let halves = sums.lowHalf + sums.highHalf
    return halves.lowHalf + halves.highHalf
  }

  /// The lower lanes plus the upper ones, of both in turn.
  @inline(__always)
  private static func halved(_ a: Vector, _ b: Vector) -> Vector {
    alternating(a.lowHalf, b.lowHalf) + alternating(a.highHalf, b.highHalf)
  }

  @inline(__always)
  mutating func add(_ vectors: Four, times factor: Vector) {
    a.addProduct(vectors.a, factor)
    b.addProduct(vectors.b, factor)
    c.addProduct(vectors.c, factor)
    d.addProduct(vectors.d, factor)
  }
}

/// The sums of a tile: a `Four` for each channel of a group.
private protocol Tile {
  static var count: Int { get }
  /// Sums that start at a number for each channel.
  init(_ start: (Int) -> Float)
  mutating func add(_ vectors: Four, times factor: (Int) -> Vector)
  /// Writes the vectors of a four `step` numbers apart, the channels side by
  /// side.
  func write(to target: UnsafeMutablePointer<Float>, _ step: Int)
  /// target ← target + the sum of the lanes of each vector.
  func addLaneSums(to target: UnsafeMutablePointer<Float>)
}

private struct One: Tile {
  static var count: Int { 1 }
  private var sums: Four

  @inline(__always)
  init(_ start: (Int) -> Float) {
    sums = Four(repeating: Vector(repeating: start(0)))
  }

  @inline(__always)
  mutating func add(_ vectors: Four, times factor: (Int) -> Vector) {
    sums.add(vectors, times: factor(0))
  }

  @inline(__always)
  func write(to target: UnsafeMutablePointer<Float>, _ step: Int) {
    sums.write(to: target, step)
  }

  @inline(__always)
  func addLaneSums(to target: UnsafeMutablePointer<Float>) {
    let target = UnsafeMutableRawPointer(target)
    target.storeBytes(
      of: target.loadUnaligned(as: SIMD4<Float>.self) + sums.laneSums,
      as: SIMD4<Float>.self)
  }
}

/// Two tiles, one above the other.
private struct Stack<First: Tile, Second: Tile>: Tile {
  static var count: Int { First.count + Second.count }
  private var first: First
  private var second: Second

  @inline(__always)
  init(_ start: (Int) -> Float) {
    first = First(start)
    second = Second { start(First.count + $0) }
  }

  @inline(__always)
  mutating func add(_ vectors: Four, times factor: (Int) -> Vector) {
    first.add(vectors, times: factor)
    second.add(vectors) { factor(First.count + $0) }
  }

  @inline(__always)
  func write(to target: UnsafeMutablePointer<Float>, _ step: Int) {
    first.write(to: target, step)
    second.write(to: target + First.count * ImageLanes.count, step)
  }

  @inline(__always)
  func addLaneSums(to target: UnsafeMutablePointer<Float>) {
    first.addLaneSums(to: target)
    second.addLaneSums(to: target + First.count * Four.count)
  }
}

private typealias Two = Stack<One, One>
private typealias Three = Stack<Two, One>

/// Sums over vectors with a weight for each channel, four pixels at a time.
///
///     sum[channel, pixel] = bias[channel]
///       + Σ weight[term, channel] * vector[term, pixel]
///
/// over `terms` consecutive vectors of each of `runs` runs.
private struct WeightedSums {
  var pixelStep: Int
  var runs: Int
  var runStep: Int
  var terms: Int
  var targetStep: Int

  func compute(
    _ vectors: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>?, _ channels: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    switch channels {
    case 1: compute(One.self, vectors, weights, bias, target)
    case 2: compute(Two.self, vectors, weights, bias, target)
    case 3: compute(Three.self, vectors, weights, bias, target)
    case 4: compute(Stack<Two, Two>.self, vectors, weights, bias, target)
    case 5: compute(Stack<Three, Two>.self, vectors, weights, bias, target)
    default: compute(Stack<Three, Three>.self, vectors, weights, bias, target)
    }
  }

  @inline(never)
  private func compute<Sums: Tile>(
    _: Sums.Type,
    _ vectors: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>?, _ target: UnsafeMutablePointer<Float>
  ) {
    var sums = Sums { channel in bias.map { $0[channel] } ?? 0 }
    var weights = weights
    for run in 0..<runs {
      var vector = vectors + run * runStep
      for _ in 0..<terms {
        sums.add(Four(vector, pixelStep)) {
          Vector(repeating: weights[$0])
        }
        weights += Sums.count
        vector += ImageLanes.count
      }
    }
    sums.write(to: target, targetStep)
  }
}

/// Sums over pixels of the products of four consecutive vectors with a vector
/// for each channel.
///
///     sum[channel, place] += Σ vector[pixel, place] * factor[pixel, channel]
///
/// The factors of a pixel follow each other, and the pixels too.
private struct PixelSums {
  var rows: Int
  var columns: Int
  var rowStep: Int
  var columnStep: Int

  func add(
    _ vectors: UnsafePointer<Float>, _ factors: UnsafePointer<Float>,
    _ channels: Int, to target: UnsafeMutablePointer<Float>
  ) {
    switch channels {
    case 1: add(One.self, vectors, factors, target)
    case 2: add(Two.self, vectors, factors, target)
    case 3: add(Three.self, vectors, factors, target)
    case 4: add(Stack<Two, Two>.self, vectors, factors, target)
    case 5: add(Stack<Three, Two>.self, vectors, factors, target)
    default: add(Stack<Three, Three>.self, vectors, factors, target)
    }
  }

  @inline(never)
  private func add<Sums: Tile>(
    _: Sums.Type, _ vectors: UnsafePointer<Float>,
    _ factors: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    let lanes = ImageLanes.count
    var sums = Sums { _ in 0 }
    var factors = factors
    for row in 0..<rows {
      var place = vectors + row * rowStep
      for _ in 0..<columns {
        sums.add(Four(place, lanes)) { vector(factors + $0 * lanes) }
        place += columnStep
        factors += Sums.count * lanes
      }
    }
    sums.addLaneSums(to: target)
  }
}
