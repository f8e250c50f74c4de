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

    /// The channels padded to whole vectors, the last of which may be half a
    /// vector: 8, 16, 24, 32 or 48.
    var width: Int {
      let halves = (count + 7) / 8
      return 8 * (halves == 5 ? 6 : halves)
    }
  }

  private func groups(_ channels: Int) -> [Lanes] {
    stride(from: 0, to: channels, by: 3 * Self.lanes).map {
      Lanes(channel: $0, count: min(channels - $0, 3 * Self.lanes))
    }
  }

  private func packedWidth(_ channels: Int) -> Int {
    groups(channels).reduce(0) { $0 + $1.width }
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
        target += group.width
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
      let width = group.width
      let sums = Sums(
        rowStep: 2 * big.channels, termStep: 1, vectorStep: width,
        terms: 4 * big.channels, runs: 4, runStep: bigWidth,
        runVectorStep: 4 * big.channels * width)
      let tile = Tile(width: width)
      for lane in 0..<group.count {
        tile.start[lane] = bias.map { $0[group.channel + lane] } ?? 0
      }
      for y in 0..<small.height {
        let source = padded + 2 * y * bigWidth
        let target =
          result + y * small.width * small.channels + group.channel
        forEachTile(small.width, width) { x, size in
          sums.add(source + x * 2 * big.channels, weights, size, in: tile)
          for pixel in 0..<size {
            tile.copy(
              pixel, 0..<group.count,
              to: target + (x + pixel) * small.channels)
          }
        }
      }
      weights += geometry.patchSize * width
    }
  }
}

// MARK: Small to big

extension StrideTwoKernels {
  /// Two neighbouring pixels of the big image as one vector of channels, where
  /// that leaves fewer lanes idle: the left one in an odd column, so that both
  /// lie under the same two small columns.
  private var pair: Lanes? {
    let both = Lanes(channel: 0, count: 2 * big.channels)
    let one = Lanes(channel: 0, count: big.channels)
    return both.count <= 3 * Self.lanes && both.width < 2 * one.width
      && small.height >= 8 ? both : nil
  }

  /// Weights for `spread`: [row parity, column parity, lane group, small row,
  /// small column, small channel, lane], or in pairs
  /// [row parity, small row, small column, small channel, lane].
  func packForSpreading(_ weights: UnsafePointer<Float>) -> Batch<Float> {
    // The kernel row of parity a and small row r, and so for columns.
    func tap(_ a: Int, _ r: Int) -> Int { 3 - a - 2 * r }
    func weight(_ y: Int, _ x: Int, _ channel: Int, _ s: Int) -> Float {
      weights[((y * 4 + x) * big.channels + channel) * small.channels + s]
    }
    if let pair {
      let packed = Batch<Float>(rows: 8 * small.channels, columns: pair.width)
      packed.fill(0)
      var target = packed.values
      for a in 0..<2 {
        for r in 0..<2 {
          for q in 0..<2 {
            for s in 0..<small.channels {
              for channel in 0..<big.channels {
                target[channel] = weight(tap(a, r), tap(1, q), channel, s)
                target[big.channels + channel] = weight(
                  tap(a, r), tap(0, q), channel, s)
              }
              target += pair.width
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
                target += group.width
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
    if let pair {
      spreadPairs(pair, scratch, packed, bias, result)
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
          let width = group.width
          let sums = Sums(
            rowStep: small.channels, termStep: 1, vectorStep: width,
            terms: 2 * small.channels, runs: 2, runStep: smallWidth,
            runVectorStep: 2 * small.channels * width)
          let tile = Tile(width: width)
          for lane in 0..<group.count {
            tile.start[lane] = bias.map { $0[group.channel + lane] } ?? 0
          }
          for y in 0..<small.height {
            let source =
              padded + (y + a) * smallWidth + b * small.channels
            let target =
              result + ((2 * y + a) * big.width + b) * big.channels
              + group.channel
            forEachTile(small.width, width) { x, size in
              sums.add(source + x * small.channels, weights, size, in: tile)
              for pixel in 0..<size {
                tile.copy(
                  pixel, 0..<group.count,
                  to: target + 2 * (x + pixel) * big.channels)
              }
            }
          }
          weights += 4 * small.channels * width
        }
      }
    }
  }

  private func spreadPairs(
    _ pair: Lanes, _ padded: UnsafePointer<Float>,
    _ packed: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
    _ result: UnsafeMutablePointer<Float>
  ) {
    let channels = big.channels
    let width = pair.width
    let bigRow = big.width * channels
    let tile = Tile(width: width)
    for lane in 0..<pair.count {
      tile.start[lane] = bias.map { $0[lane % channels] } ?? 0
    }
    func sums(rowStep: Int) -> Sums {
      Sums(
        rowStep: rowStep, termStep: 1, vectorStep: width,
        terms: 2 * small.channels, runs: 2, runStep: smallWidth,
        runVectorStep: 2 * small.channels * width)
    }
    let alongRow = sums(rowStep: small.channels)
    let alongEdge = sums(rowStep: smallWidth)
    for a in 0..<2 {
      let weights = packed + a * 4 * small.channels * width
      let source = padded + a * smallWidth
      let target = result + a * bigRow
      for y in 0..<small.height {
        let source = source + y * smallWidth
        let target = target + 2 * y * bigRow - channels
        forEachTile(small.width, width) { x, size in
          alongRow.add(source + x * small.channels, weights, size, in: tile)
          for pixel in 0..<size {
            // The left half of the first pair is outside.
            tile.copy(
              pixel, (x + pixel == 0 ? channels : 0)..<pair.count,
              to: target + 2 * (x + pixel) * channels)
          }
        }
      }
      // The left half of the last pair is the last column.
      let lastSource = source + small.width * small.channels
      let lastTarget = target + bigRow - channels
      forEachTile(small.height, width) { y, size in
        alongEdge.add(lastSource + y * smallWidth, weights, size, in: tile)
        for row in 0..<size {
          tile.copy(
            row, 0..<channels, to: lastTarget + 2 * (y + row) * bigRow)
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
      let width = group.width
      let sums = Sums(
        rowStep: 1, termStep: 2 * big.channels, vectorStep: small.channels,
        terms: small.width, runs: small.height, runStep: 2 * bigWidth,
        runVectorStep: small.width * small.channels)
      for row in 0..<4 {
        var term = 0
        while term < terms {
          // The twelve places of a kernel row of colours are one tile.
          let size =
            width == 16 && terms == 12
            ? 12 : width < 48 && term + 8 <= terms ? 8 : 4
          let place = target + term * width
          sums.add(
            padded + row * bigWidth + term, image + group.channel,
            size, width, start: place, startStep: width, into: place)
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
        source += group.width
      }
    }
  }
}

// MARK: Mechanism

extension StrideTwoKernels {
  /// The first pixel and the size, 8 or 4, of tiles that cover `0..<count`
  /// (at least 8); the last may overlap the one before it.
  @inline(__always)
  private func forEachTile(
    _ count: Int, _ width: Int, _ body: (Int, Int) -> Void
  ) {
    let size = width < 48 ? 8 : 4
    var x = 0
    while x < count {
      body(min(x, count - size), size)
      x += size
    }
  }
}

/// Where the sums of a tile start and end.
private struct Tile {
  let width: Int
  private let memory: Batch<Float>

  /// Eight rows of sums at most, then the numbers that each starts at.
  init(width: Int) {
    self.width = width
    memory = Batch(rows: 9, columns: width)
    for index in 0..<memory.count { memory.values[index] = 0 }
  }

  var sums: UnsafeMutablePointer<Float> { memory.values }
  var start: UnsafeMutablePointer<Float> { memory.row(8) }

  /// Copies some lanes of a row of sums to where they would be if the first
  /// lane were at `target`.
  @inline(__always)
  func copy(
    _ row: Int, _ lanes: Range<Int>, to target: UnsafeMutablePointer<Float>
  ) {
    let source = UnsafeRawPointer(sums + row * width)
    let target = UnsafeMutableRawPointer(target)
    var place = 4 * lanes.lowerBound
    let end = 4 * lanes.upperBound
    @inline(__always)
    func move<Lanes>(_ type: Lanes.Type) {
      target.storeBytes(
        of: source.loadUnaligned(fromByteOffset: place, as: type),
        toByteOffset: place, as: type)
      place += MemoryLayout<Lanes>.size
    }
    while place + 64 <= end { move(SIMD16<Float>.self) }
    if place + 32 <= end { move(SIMD8<Float>.self) }
    if place + 16 <= end { move(SIMD4<Float>.self) }
    while place < end { move(Float.self) }
  }
}

/// Sums of products of numbers, one for each row of a tile, with vectors that
/// all rows share.
///
///     sum[row] += number[row * rowStep + term * termStep]
///       * vector[term * vectorStep]
///
/// over `terms` terms of each of `runs` runs. The vectors are 8, 16, 24, 32 or
/// 48 lanes wide.
private struct Sums {
  var rowStep: Int
  var termStep: Int
  var vectorStep: Int
  var terms: Int
  var runs: Int
  var runStep: Int
  var runVectorStep: Int

  private typealias Whole = SIMD16<Float>
  private typealias Half = SIMD8<Float>

  /// Four rows of sums; more would not stay in registers together with what
  /// the callers keep beside them.
  private struct Four<Lanes: SIMD> where Lanes.Scalar == Float {
    private var a: Lanes
    private var b: Lanes
    private var c: Lanes
    private var d: Lanes

    /// Rows that are `step` apart.
    @inline(__always)
    init(_ start: UnsafePointer<Float>, _ step: Int) {
      a = load(start, Lanes.self)
      b = load(start + step, Lanes.self)
      c = load(start + 2 * step, Lanes.self)
      d = load(start + 3 * step, Lanes.self)
    }

    @inline(__always)
    func store(_ target: UnsafeMutablePointer<Float>, _ step: Int) {
      let target = UnsafeMutableRawPointer(target)
      target.storeBytes(of: a, as: Lanes.self)
      target.storeBytes(of: b, toByteOffset: 4 * step, as: Lanes.self)
      target.storeBytes(of: c, toByteOffset: 8 * step, as: Lanes.self)
      target.storeBytes(of: d, toByteOffset: 12 * step, as: Lanes.self)
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
  }

  /// The sums of a tile, each row from the start of the tile.
  func add(
    _ numbers: UnsafePointer<Float>, _ vectors: UnsafePointer<Float>,
    _ size: Int, in tile: Tile
  ) {
    add(
      numbers, vectors, size, tile.width, start: tile.start, startStep: 0,
      into: tile.sums)
  }

  /// The sums of `size` rows (8, 4, or 12 of 16 lanes), `width` lanes wide
  /// each.
  ///
  /// - Parameters:
  ///   - start: What the first row starts at; the next ones are `startStep`
  ///     numbers apart.
  ///   - target: Where the rows end, one after the other.
  @inline(never)
  func add(
    _ numbers: UnsafePointer<Float>, _ vectors: UnsafePointer<Float>,
    _ size: Int, _ width: Int,
    start: UnsafePointer<Float>, startStep: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    switch (size, width) {
    case (8, 8):
      var a = Four<Half>(start, startStep)
      var b = Four<Half>(start + 4 * startStep, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Half.self)
        a.add(numbers, rowStep, v)
        b.add(numbers + 4 * rowStep, rowStep, v)
      }
      a.store(target, width)
      b.store(target + 4 * width, width)
    case (8, 16):
      var a = Four<Whole>(start, startStep)
      var b = Four<Whole>(start + 4 * startStep, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        a.add(numbers, rowStep, v)
        b.add(numbers + 4 * rowStep, rowStep, v)
      }
      a.store(target, width)
      b.store(target + 4 * width, width)
    case (12, 16):
      var a = Four<Whole>(start, startStep)
      var b = Four<Whole>(start + 4 * startStep, startStep)
      var c = Four<Whole>(start + 8 * startStep, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        a.add(numbers, rowStep, v)
        b.add(numbers + 4 * rowStep, rowStep, v)
        c.add(numbers + 8 * rowStep, rowStep, v)
      }
      a.store(target, width)
      b.store(target + 4 * width, width)
      c.store(target + 8 * width, width)
    case (8, 24):
      var a = Four<Whole>(start, startStep)
      var b = Four<Half>(start + 16, startStep)
      var c = Four<Whole>(start + 4 * startStep, startStep)
      var d = Four<Half>(start + 4 * startStep + 16, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        let w = load(vectors + 16, Half.self)
        a.add(numbers, rowStep, v)
        b.add(numbers, rowStep, w)
        c.add(numbers + 4 * rowStep, rowStep, v)
        d.add(numbers + 4 * rowStep, rowStep, w)
      }
      a.store(target, width)
      b.store(target + 16, width)
      c.store(target + 4 * width, width)
      d.store(target + 4 * width + 16, width)
    case (8, 32):
      var a = Four<Whole>(start, startStep)
      var b = Four<Whole>(start + 16, startStep)
      var c = Four<Whole>(start + 4 * startStep, startStep)
      var d = Four<Whole>(start + 4 * startStep + 16, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        let w = load(vectors + 16, Whole.self)
        a.add(numbers, rowStep, v)
        b.add(numbers, rowStep, w)
        c.add(numbers + 4 * rowStep, rowStep, v)
        d.add(numbers + 4 * rowStep, rowStep, w)
      }
      a.store(target, width)
      b.store(target + 16, width)
      c.store(target + 4 * width, width)
      d.store(target + 4 * width + 16, width)
    case (4, 8):
      var a = Four<Half>(start, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Half.self)
        a.add(numbers, rowStep, v)
      }
      a.store(target, width)
    case (4, 16):
      var a = Four<Whole>(start, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        a.add(numbers, rowStep, v)
      }
      a.store(target, width)
    case (4, 24):
      var a = Four<Whole>(start, startStep)
      var b = Four<Half>(start + 16, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        let w = load(vectors + 16, Half.self)
        a.add(numbers, rowStep, v)
        b.add(numbers, rowStep, w)
      }
      a.store(target, width)
      b.store(target + 16, width)
    case (4, 32):
      var a = Four<Whole>(start, startStep)
      var b = Four<Whole>(start + 16, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        let w = load(vectors + 16, Whole.self)
        a.add(numbers, rowStep, v)
        b.add(numbers, rowStep, w)
      }
      a.store(target, width)
      b.store(target + 16, width)
    default:
      var a = Four<Whole>(start, startStep)
      var b = Four<Whole>(start + 16, startStep)
      var c = Four<Whole>(start + 32, startStep)
      forEachTerm(numbers, vectors) { numbers, vectors in
        let v = load(vectors, Whole.self)
        let w = load(vectors + 16, Whole.self)
        let x = load(vectors + 32, Whole.self)
        a.add(numbers, rowStep, v)
        b.add(numbers, rowStep, w)
        c.add(numbers, rowStep, x)
      }
      a.store(target, width)
      b.store(target + 16, width)
      c.store(target + 32, width)
    }
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
