import Execution
import Images
import LinearAlgebra
import LocalFeatures

/// A linear prediction of every pixel of a picture by others around it, whose
/// weights solve the normal equations of the picture's own autocorrelation.
///
/// Near an edge only the pixels on the inner side predict.
struct PixelPredictor: Codable, Sendable {
  /// How far pixels that predict are, the greater of both directions.
  let distances: ClosedRange<Int>
  /// In parts of the variance.
  let ridge: Double

  /// Of the Gaussian mean that is taken off first, in pixels.
  private static let background: Float = 8
  /// Of the Gaussian that squares are averaged with, in pixels.
  private static let smoothing: Float = 1.5
  /// Added to a picture's median, that its map is divided by.
  private static let floor: Float = 1e-3

  var isWhole: Bool {
    distances.lowerBound >= 1 && distances.upperBound <= 16 && ridge > 0
      && ridge.isFinite
  }

  /// The maps of pictures that are rows, on the finest grid and smoothed.
  func maps(
    of pictures: Matrix, _ shape: ImageShape, _ features: LocalFeatures,
    in context: RunContext
  ) throws -> [Raster] {
    try context.withThreads {
      try Parallel.map(pictures.rows) { row in
        try context.cancellation.check()
        let brightness = features.brightness(
          of: RasterImage(shape: shape, values: Array(pictures.row(row))),
          side: 2)
        return try map(of: brightness).means(of: 2)
          .smoothed(over: features)
      }
    }
  }

  /// What is left over at every pixel, in parts of the picture's median.
  func map(of picture: Raster) throws -> Raster {
    let (height, width) = (picture.height, picture.width)
    var pixels = picture
    for (index, value) in picture.blurred(Self.background).values.enumerated() {
      pixels.values[index] -= value
    }
    let mean = pixels.values.reduce(0, +) / Float(pixels.values.count)
    for index in pixels.values.indices { pixels.values[index] -= mean }
    let correlation = Autocorrelation(of: pixels, reach: 2 * reach)
    var residual = pixels
    for vertical in Side.allCases {
      let rows = vertical.range(of: height, margin: reach)
      for horizontal in Side.allCases {
        let columns = horizontal.range(of: width, margin: reach)
        guard !rows.isEmpty, !columns.isEmpty else { continue }
        let offsets = offsets(vertical, horizontal, height, width)
        let weights = try correlation.weights(of: offsets, ridge: ridge)
        subtract(
          offsets, weights, of: pixels, rows, columns, from: &residual)
      }
    }
    residual.values = residual.values.map { $0 * $0 }
    var map = residual.blurred(Self.smoothing)
    map.values = map.values.map { max(0, $0).squareRoot() }
    let scale = map.values.sorted()[map.values.count / 2] + Self.floor
    map.values = map.values.map { $0 / scale }
    return map
  }

  private var reach: Int { distances.upperBound }

  /// Where a stretch of pixels lies along one direction.
  private enum Side: CaseIterable {
    case start, middle, end

    func range(of count: Int, margin: Int) -> Range<Int> {
      let start = min(margin, count)
      let end = max(start, count - margin)
      return switch self {
      case .start: 0..<start
      case .middle: start..<end
      case .end: end..<count
      }
    }

    /// Whether every pixel of the stretch has one at this distance.
    func has(_ offset: Int, within count: Int, margin: Int) -> Bool {
      let range = range(of: count, margin: margin)
      return range.lowerBound + offset >= 0
        && range.upperBound - 1 + offset < count
    }
  }

  private func offsets(
    _ vertical: Side, _ horizontal: Side, _ height: Int, _ width: Int
  ) -> [PixelOffset] {
    (-reach...reach).flatMap { y in
      (-reach...reach).map { x in (y: y, x: x) }
    }.filter { offset in
      distances.contains(max(abs(offset.y), abs(offset.x)))
        && vertical.has(offset.y, within: height, margin: reach)
        && horizontal.has(offset.x, within: width, margin: reach)
    }
  }

  private func subtract(
    _ offsets: [PixelOffset], _ weights: [Double], of pixels: Raster,
    _ rows: Range<Int>, _ columns: Range<Int>, from residual: inout Raster
  ) {
    let width = pixels.width
    pixels.values.withUnsafeBufferPointer { pixels in
      residual.values.withUnsafeMutableBufferPointer { residual in
        for row in rows {
          for (offset, weight) in zip(offsets, weights) {
            let weight = Float(weight)
            let start = row * width
            let other = (row + offset.y) * width + offset.x
            for column in columns {
              residual[start + column] -= weight * pixels[other + column]
            }
          }
        }
      }
    }
  }
}

/// From a pixel to another, rows down and columns to the right.
private typealias PixelOffset = (y: Int, x: Int)

/// The mean product of pixels at each distance, as if there were zeros outside.
private struct Autocorrelation {
  private let reach: Int
  /// From no to most rows down, from most columns left to most right.
  private let values: [Double]

  init(of pixels: Raster, reach: Int) {
    let (height, width) = (pixels.height, pixels.width)
    let span = 2 * reach + 1
    var values = [Double](repeating: 0, count: (reach + 1) * span)
    pixels.values.withUnsafeBufferPointer { pixels in
      for down in 0..<min(reach + 1, height) {
        for right in -min(reach, width - 1)...min(reach, width - 1) {
          var sum = 0.0
          let columns = max(0, -right)..<min(width, width - right)
          for row in 0..<height - down {
            let start = row * width
            let other = (row + down) * width + right
            var part: Float = 0
            for column in columns {
              part += pixels[start + column] * pixels[other + column]
            }
            sum += Double(part)
          }
          values[down * span + right + reach] = sum / Double(height * width)
        }
      }
    }
    self.reach = reach
    self.values = values
  }

  private func at(_ y: Int, _ x: Int) -> Double {
    let (down, right) = y < 0 ? (-y, -x) : (y, x)
    return values[down * (2 * reach + 1) + right + reach]
  }

  /// Those that predict a pixel best by others.
  func weights(
    of offsets: [PixelOffset], ridge: Double
  ) throws -> [Double] {
    let count = offsets.count
    guard count > 0, at(0, 0) > 0 else {
      return [Double](repeating: 0, count: count)
    }
    var matrix = [Double](repeating: 0, count: count * count)
    for (row, first) in offsets.enumerated() {
      for (column, second) in offsets.enumerated().dropFirst(row) {
        matrix[row * count + column] = at(
          first.y - second.y, first.x - second.x)
      }
      matrix[row * count + row] += ridge * at(0, 0)
    }
    return try SymmetricInverse.solve(
      &matrix, offsets.map { at($0.y, $0.x) })
  }
}
