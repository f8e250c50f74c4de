import CVectorUnit
import LinearAlgebra

/// The products of a 4x4 patch geometry of stride 2 and padding 1, written for
/// the vector unit: no patch is ever copied.
///
/// Channels are the lanes of a vector, padded to whole vectors in *packed*
/// weights; several neighbouring pixels share each vector of weights. With the
/// border of zeros that `pad` adds, a row of a patch is one contiguous run of
/// numbers. Towards the big image, a pixel of each parity is a dense sum over
/// 2x2 small pixels (the sub-pixel form: Shi et al. 2016, arXiv 1609.05158).
struct StrideTwoKernels {
  private let geometry: PatchGeometry
  private let big: ImageShape
  private let small: ImageShape

  private static let lanes = 16

  /// Nil where the general products have to do: other geometries, odd sides,
  /// and instructions that lack 32 registers of 16 lanes, with which OpenBLAS
  /// (it looks at the processor when it runs) is faster.
  init?(_ geometry: PatchGeometry) {
    guard
      vector_unit_has_avx512() == 1, geometry.kernel == 4, geometry.stride == 2,
      geometry.padding == 1, geometry.big.height.isMultiple(of: 2),
      geometry.big.width.isMultiple(of: 2), geometry.small.width >= 8
    else { return nil }
    self.geometry = geometry
    big = geometry.big
    small = geometry.small
  }

  /// Up to three vectors of channels that are computed together.
  private struct Lanes {
    /// The first channel, and as many as count.
    var channel: Int
    var count: Int
    var vectors: Int
  }

  private func groups(_ channels: Int) -> [Lanes] {
    stride(from: 0, to: channels, by: 3 * Self.lanes).map {
      let count = min(channels - $0, 3 * Self.lanes)
      return Lanes(
        channel: $0, count: count,
        vectors: (count + Self.lanes - 1) / Self.lanes)
    }
  }

  private func packedWidth(_ channels: Int) -> Int {
    (channels + Self.lanes - 1) / Self.lanes * Self.lanes
  }

  private var bigWidth: Int { (big.width + 2) * big.channels }
  private var smallWidth: Int { (small.width + 2) * small.channels }

  /// Numbers of scratch memory for the padded images.
  var scratchCount: Int {
    max((big.height + 2) * bigWidth, (small.height + 2) * smallWidth)
      + Self.lanes
  }
}

// MARK: Padding

extension StrideTwoKernels {
  func padBig(
    _ image: UnsafePointer<Float>, into padded: UnsafeMutablePointer<Float>
  ) {
    pad(image, big, into: padded)
  }

  private func pad(
    _ image: UnsafePointer<Float>, _ shape: ImageShape,
    into padded: UnsafeMutablePointer<Float>
  ) {
    let row = shape.width * shape.channels
    let paddedRow = row + 2 * shape.channels
    padded.update(repeating: 0, count: paddedRow)
    for y in 0..<shape.height {
      let target = padded + (y + 1) * paddedRow
      target.update(repeating: 0, count: shape.channels)
      (target + shape.channels).update(from: image + y * row, count: row)
      (target + shape.channels + row)
        .update(repeating: 0, count: shape.channels)
    }
    (padded + (shape.height + 1) * paddedRow)
      .update(repeating: 0, count: paddedRow)
  }
}

// MARK: Big to small

extension StrideTwoKernels {
  /// Weights for `correlate`: [lane group, patch place, lane].
  func packForCorrelation(_ weights: UnsafePointer<Float>) -> Batch<Float> {
    let count = geometry.patchSize
    let packed = Batch<Float>(
      rows: count, columns: packedWidth(small.channels))
    packed.fill(0)
    var target = packed.values
    for group in groups(small.channels) {
      for place in 0..<count {
        target.update(
          from: weights + place * small.channels + group.channel,
          count: group.count)
        target += group.vectors * Self.lanes
      }
    }
    return packed
  }

  /// small ← patches of the padded big image · weights (+ bias).
  func correlate(
    padded: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, into result: UnsafeMutablePointer<Float>
  ) {
    var weights = packed
    for group in groups(small.channels) {
      let width = group.vectors * Self.lanes
      let sums = Sums(
        rowStep: 2 * big.channels, termStep: 1, vectorStep: width,
        terms: 4 * big.channels, runs: 4, runStep: bigWidth,
        runVectorStep: 4 * big.channels * width)
      let start = startLanes(bias.map { $0 + group.channel }, group)
      for y in 0..<small.height {
        let source = padded + 2 * y * bigWidth
        let target =
          result + y * small.width * small.channels + group.channel
        forEachTile(small.width, group.vectors) { x, size in
          sums.add(
            size, group.vectors, source + x * 2 * big.channels, weights,
            start: start
          ) { pixel, vector, lanes in
            store(
              lanes, group.count - vector * Self.lanes,
              target + (x + pixel) * small.channels + vector * Self.lanes)
          }
        }
      }
      weights += geometry.patchSize * width
    }
  }
}

// MARK: Small to big

extension StrideTwoKernels {
  /// Whether the two pixels of a pair of columns share a vector of 8 lanes.
  private var pairsPixels: Bool { big.channels <= 4 }

  /// Weights for `spread`: [row parity, column parity, lane group, small row,
  /// small column, small channel, lane], or in pairs
  /// [row parity, small row, small column (of 3), small channel, lane].
  func packForSpreading(_ weights: UnsafePointer<Float>) -> Batch<Float> {
    // The kernel row of parity a and small row r, and so for columns.
    func tap(_ a: Int, _ r: Int) -> Int { 3 - a - 2 * r }
    func weight(_ y: Int, _ x: Int, _ channel: Int, _ s: Int) -> Float {
      weights[((y * 4 + x) * big.channels + channel) * small.channels + s]
    }
    guard !pairsPixels else {
      let packed = Batch<Float>(rows: 12 * small.channels, columns: 8)
      packed.fill(0)
      var target = packed.values
      for a in 0..<2 {
        for r in 0..<2 {
          for column in 0..<3 {
            for s in 0..<small.channels {
              for b in 0..<2 where (0..<2).contains(column - b) {
                for channel in 0..<big.channels {
                  target[b * 4 + channel] = weight(
                    tap(a, r), tap(b, column - b), channel, s)
                }
              }
              target += 8
            }
          }
        }
      }
      return packed
    }
    let packed = Batch<Float>(
      rows: 16 * small.channels, columns: packedWidth(big.channels))
    packed.fill(0)
    var target = packed.values
    for a in 0..<2 {
      for b in 0..<2 {
        for group in groups(big.channels) {
          for r in 0..<2 {
            for q in 0..<2 {
              for s in 0..<small.channels {
                for lane in 0..<group.count {
                  target[lane] = weight(
                    tap(a, r), tap(b, q), group.channel + lane, s)
                }
                target += group.vectors * Self.lanes
              }
            }
          }
        }
      }
    }
    return packed
  }

  /// big ← the sum of all patches of (small · weights transposed) (+ bias).
  func spread(
    _ image: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, into result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    pad(image, small, into: scratch)
    if pairsPixels {
      spreadPairs(scratch, packed, bias, result)
    } else {
      spreadVectors(scratch, packed, bias, result)
    }
  }

  private func spreadVectors(
    _ padded: UnsafePointer<Float>, _ packed: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>?, _ result: UnsafeMutablePointer<Float>
  ) {
    var weights = packed
    for a in 0..<2 {
      for b in 0..<2 {
        for group in groups(big.channels) {
          let width = group.vectors * Self.lanes
          let sums = Sums(
            rowStep: small.channels, termStep: 1, vectorStep: width,
            terms: 2 * small.channels, runs: 2, runStep: smallWidth,
            runVectorStep: 2 * small.channels * width)
          let start = startLanes(bias.map { $0 + group.channel }, group)
          for y in 0..<small.height {
            let source =
              padded + (y + a) * smallWidth + b * small.channels
            let target =
              result + ((2 * y + a) * big.width + b) * big.channels
              + group.channel
            forEachTile(small.width, group.vectors) { x, size in
              sums.add(
                size, group.vectors, source + x * small.channels, weights,
                start: start
              ) { pixel, vector, lanes in
                store(
                  lanes, group.count - vector * Self.lanes,
                  target + 2 * (x + pixel) * big.channels
                    + vector * Self.lanes)
              }
            }
          }
          weights += 4 * small.channels * width
        }
      }
    }
  }

  private func spreadPairs(
    _ padded: UnsafePointer<Float>, _ packed: UnsafePointer<Float>,
    _ bias: UnsafePointer<Float>?, _ result: UnsafeMutablePointer<Float>
  ) {
    var start = SIMD8<Float>.zero
    if let bias {
      for channel in 0..<big.channels {
        start[channel] = bias[channel]
        start[4 + channel] = bias[channel]
      }
    }
    let sums = Sums(
      rowStep: small.channels, termStep: 1, vectorStep: 8,
      terms: 3 * small.channels, runs: 2, runStep: smallWidth,
      runVectorStep: 3 * small.channels * 8)
    let channels = big.channels
    for y in 0..<small.height {
      for a in 0..<2 {
        let source = padded + (y + a) * smallWidth
        let weights = packed + a * 6 * small.channels * 8
        let target = result + (2 * y + a) * big.width * channels
        forEachTile(small.width, 1) { x, _ in
          sums.addEight(
            source + x * small.channels, weights, start: start
          ) { pixel, lanes in
            let target = target + 2 * (x + pixel) * channels
            for channel in 0..<channels {
              target[channel] = lanes[channel]
              target[channels + channel] = lanes[4 + channel]
            }
          }
        }
      }
    }
  }
}

// MARK: Gradient of the weights

extension StrideTwoKernels {
  /// Numbers of a packed gradient.
  var packedGradientCount: Int {
    geometry.patchSize * packedWidth(small.channels)
  }

  /// gradient ← gradient + patches of the padded big image transposed · small.
  ///
  /// Reads up to 15 numbers past the small image.
  func addWeightGradient(
    padded: UnsafePointer<Float>, small image: UnsafePointer<Float>,
    to packed: UnsafeMutablePointer<Float>
  ) {
    var target = packed
    let terms = 4 * big.channels
    for group in groups(small.channels) {
      let width = group.vectors * Self.lanes
      let sums = Sums(
        rowStep: 1, termStep: 2 * big.channels, vectorStep: small.channels,
        terms: small.width, runs: small.height, runStep: 2 * bigWidth,
        runVectorStep: small.width * small.channels)
      for row in 0..<4 {
        var term = 0
        while term < terms {
          let size = group.vectors < 3 && term + 8 <= terms ? 8 : 4
          let place = target + term * width
          sums.add(
            size, group.vectors, padded + row * bigWidth + term,
            image + group.channel, startingAt: place, width
          ) { pixel, vector, lanes in
            UnsafeMutableRawPointer(
              place + pixel * width + vector * Self.lanes
            ).storeBytes(of: lanes, as: SIMD16<Float>.self)
          }
          term += size
        }
        target += terms * width
      }
    }
  }

  /// gradient ← gradient + a packed gradient.
  func unpack(
    _ packed: UnsafePointer<Float>,
    addingTo gradient: UnsafeMutablePointer<Float>
  ) {
    var source = packed
    for group in groups(small.channels) {
      for place in 0..<geometry.patchSize {
        let target = gradient + place * small.channels + group.channel
        for lane in 0..<group.count { target[lane] += source[lane] }
        source += group.vectors * Self.lanes
      }
    }
  }
}

// MARK: Mechanism

extension StrideTwoKernels {
  /// The first pixel and the size, 8 or 4, of tiles that cover `0..<width`
  /// (at least 8); the last may overlap the one before it.
  @inline(__always)
  private func forEachTile(
    _ width: Int, _ vectors: Int, _ body: (Int, Int) -> Void
  ) {
    let size = vectors < 3 ? 8 : 4
    var x = 0
    while x < width {
      body(min(x, width - size), size)
      x += size
    }
  }

  private typealias Start = (SIMD16<Float>, SIMD16<Float>, SIMD16<Float>)

  private func startLanes(
    _ bias: UnsafePointer<Float>?, _ group: Lanes
  ) -> Start {
    func vector(_ index: Int) -> SIMD16<Float> {
      var lanes = SIMD16<Float>.zero
      if let bias {
        let first = index * Self.lanes
        for lane in 0..<max(min(group.count - first, Self.lanes), 0) {
          lanes[lane] = bias[first + lane]
        }
      }
      return lanes
    }
    return (vector(0), vector(1), vector(2))
  }

  /// Stores the first `count` lanes.
  @inline(__always)
  private func store(
    _ lanes: SIMD16<Float>, _ count: Int, _ target: UnsafeMutablePointer<Float>
  ) {
    let raw = UnsafeMutableRawPointer(target)
    if count >= 16 {
      raw.storeBytes(of: lanes, as: SIMD16<Float>.self)
    } else if count == 12 {
      raw.storeBytes(of: lanes.lowHalf, as: SIMD8<Float>.self)
      raw.storeBytes(
        of: lanes.highHalf.lowHalf, toByteOffset: 32, as: SIMD4<Float>.self)
    } else if count == 8 {
      raw.storeBytes(of: lanes.lowHalf, as: SIMD8<Float>.self)
    } else {
      for lane in 0..<count { target[lane] = lanes[lane] }
    }
  }
}

/// Sums of products of numbers, one for each row of a tile, with vectors that
/// all rows share.
///
///     sum[row] += number[row * rowStep + term * termStep]
///       * vector[term * vectorStep]
///
/// over `terms` terms of each of `runs` runs.
private struct Sums {
  var rowStep: Int
  var termStep: Int
  var vectorStep: Int
  var terms: Int
  var runs: Int
  var runStep: Int
  var runVectorStep: Int

  /// Four rows of sums; more would not stay in registers together with what
  /// the callers keep beside them.
  struct Four<Lanes: SIMD> where Lanes.Scalar == Float {
    var a: Lanes
    var b: Lanes
    var c: Lanes
    var d: Lanes

    @inline(__always)
    init(_ start: Lanes) {
      (a, b, c, d) = (start, start, start, start)
    }

    @inline(__always)
    init(_ place: UnsafePointer<Float>, _ step: Int) {
      a = load(place, Lanes.self)
      b = load(place + step, Lanes.self)
      c = load(place + 2 * step, Lanes.self)
      d = load(place + 3 * step, Lanes.self)
    }

    @inline(__always)
    mutating func add(
      _ numbers: UnsafePointer<Float>, _ step: Int, _ vector: Lanes
    ) {
      a.addProduct(vector, Lanes(repeating: numbers[0]))
      b.addProduct(vector, Lanes(repeating: numbers[step]))
      c.addProduct(vector, Lanes(repeating: numbers[2 * step]))
      d.addProduct(vector, Lanes(repeating: numbers[3 * step]))
    }

    @inline(__always)
    func forEach(_ first: Int, _ body: (Int, Lanes) -> Void) {
      body(first, a)
      body(first + 1, b)
      body(first + 2, c)
      body(first + 3, d)
    }
  }

  typealias Vector = SIMD16<Float>

  /// Every row starts at the same vectors.
  @inline(__always)
  func add(
    _ size: Int, _ vectors: Int, _ numbers: UnsafePointer<Float>,
    _ vector: UnsafePointer<Float>, start: (Vector, Vector, Vector),
    _ store: (Int, Int, Vector) -> Void
  ) {
    add(
      size, vectors, numbers, vector,
      first: { _, index in
        Four(index == 0 ? start.0 : index == 1 ? start.1 : start.2)
      }, store)
  }

  /// Every row starts at what is stored for it, `width` apart.
  @inline(__always)
  func add(
    _ size: Int, _ vectors: Int, _ numbers: UnsafePointer<Float>,
    _ vector: UnsafePointer<Float>,
    startingAt place: UnsafePointer<Float>, _ width: Int,
    _ store: (Int, Int, Vector) -> Void
  ) {
    add(
      size, vectors, numbers, vector,
      first: { row, index in
        Four(place + row * width + index * 16, width)
      }, store)
  }

  @inline(__always)
  private func add(
    _ size: Int, _ vectors: Int, _ numbers: UnsafePointer<Float>,
    _ vector: UnsafePointer<Float>, first: (Int, Int) -> Four<Vector>,
    _ store: (Int, Int, Vector) -> Void
  ) {
    switch (size, vectors) {
    case (8, 1):
      var (a, b) = (first(0, 0), first(4, 0))
      forEachTerm(numbers, vector) { numbers, vector in
        let v = load(vector, Vector.self)
        a.add(numbers, rowStep, v)
        b.add(numbers + 4 * rowStep, rowStep, v)
      }
      a.forEach(0) { store($0, 0, $1) }
      b.forEach(4) { store($0, 0, $1) }
    case (8, 2):
      var (a, b) = (first(0, 0), first(4, 0))
      var (c, d) = (first(0, 1), first(4, 1))
      forEachTerm(numbers, vector) { numbers, vector in
        let (v, w) = (
          load(vector, Vector.self), load(vector + 16, Vector.self)
        )
        a.add(numbers, rowStep, v)
        c.add(numbers, rowStep, w)
        b.add(numbers + 4 * rowStep, rowStep, v)
        d.add(numbers + 4 * rowStep, rowStep, w)
      }
      a.forEach(0) { store($0, 0, $1) }
      b.forEach(4) { store($0, 0, $1) }
      c.forEach(0) { store($0, 1, $1) }
      d.forEach(4) { store($0, 1, $1) }
    case (_, 1):
      var a = first(0, 0)
      forEachTerm(numbers, vector) { numbers, vector in
        a.add(numbers, rowStep, load(vector, Vector.self))
      }
      a.forEach(0) { store($0, 0, $1) }
    case (_, 2):
      var (a, b) = (first(0, 0), first(0, 1))
      forEachTerm(numbers, vector) { numbers, vector in
        a.add(numbers, rowStep, load(vector, Vector.self))
        b.add(numbers, rowStep, load(vector + 16, Vector.self))
      }
      a.forEach(0) { store($0, 0, $1) }
      b.forEach(0) { store($0, 1, $1) }
    default:
      var (a, b, c) = (first(0, 0), first(0, 1), first(0, 2))
      forEachTerm(numbers, vector) { numbers, vector in
        a.add(numbers, rowStep, load(vector, Vector.self))
        b.add(numbers, rowStep, load(vector + 16, Vector.self))
        c.add(numbers, rowStep, load(vector + 32, Vector.self))
      }
      a.forEach(0) { store($0, 0, $1) }
      b.forEach(0) { store($0, 1, $1) }
      c.forEach(0) { store($0, 2, $1) }
    }
  }

  /// Eight rows of vectors of eight lanes.
  @inline(__always)
  func addEight(
    _ numbers: UnsafePointer<Float>, _ vector: UnsafePointer<Float>,
    start: SIMD8<Float>, _ store: (Int, SIMD8<Float>) -> Void
  ) {
    var (a, b) = (Four(start), Four(start))
    forEachTerm(numbers, vector) { numbers, vector in
      let v = load(vector, SIMD8<Float>.self)
      a.add(numbers, rowStep, v)
      b.add(numbers + 4 * rowStep, rowStep, v)
    }
    a.forEach(0, store)
    b.forEach(4, store)
  }

  @inline(__always)
  private func forEachTerm(
    _ numbers: UnsafePointer<Float>, _ vector: UnsafePointer<Float>,
    _ body: (UnsafePointer<Float>, UnsafePointer<Float>) -> Void
  ) {
    let (termStep, vectorStep, terms) = (termStep, vectorStep, terms)
    for run in 0..<runs {
      var number = numbers + run * runStep
      var vector = vector + run * runVectorStep
      for _ in 0..<terms {
        body(number, vector)
        number += termStep
        vector += vectorStep
      }
    }
  }
}

@inline(__always)
private func load<Lanes>(
  _ pointer: UnsafePointer<Float>, _ type: Lanes.Type
) -> Lanes {
  UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}
