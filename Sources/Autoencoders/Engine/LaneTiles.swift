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
    second.write(to: target + First.count * ImageLanes.imageCount, step)
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
struct WeightedSums {
  /// Pixels of a tile.
  static var pixelCount: Int { Four.count }

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
        vector += ImageLanes.imageCount
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
struct PixelSums {
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
    let lanes = ImageLanes.imageCount
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
