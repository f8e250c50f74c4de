/// Gradients of a picture, told by how strong they are in each of eight
/// directions.
struct OrientedGradients {
  static let directions = 8
  /// Added to what gradients are divided by, so that noise stays small where
  /// nothing else is.
  static let floor: Float = 0.01

  /// The length of the gradient of every pixel, in intensities a pixel.
  private let magnitude: Raster
  /// Its direction, in eighths of a turn, 0 to 8.
  private let angle: [Float]

  /// Sobel's gradients, divided by 8.
  ///
  /// - Precondition: The width is a multiple of 16.
  init(of picture: Raster) {
    let (height, width) = (picture.height, picture.width)
    var angle = [Float](repeating: 0, count: height * width)
    magnitude = angle.withUnsafeMutableBufferPointer { angles in
      picture.values.withUnsafeBufferPointer { pixels in
        withUnsafeTemporaryAllocation(
          of: Float.self, capacity: 2 * (width + 18)
        ) { scratch in
          guard
            let pixels = pixels.baseAddress, let angles = angles.baseAddress,
            let smoothed = scratch.baseAddress.map({ $0 + 1 })
          else { return Raster(height: 0, width: 0, values: []) }
          let differences = smoothed + width + 18
          return Raster(height: height, width: width) { row, target in
            let above = pixels + Raster.mirrored(row - 1, height) * width
            let here = pixels + row * width
            let below = pixels + Raster.mirrored(row + 1, height) * width
            for x in 0..<width {
              smoothed[x] = above[x] + 2 * here[x] + below[x]
              differences[x] = below[x] - above[x]
            }
            for sums in [smoothed, differences] {
              sums[-1] = sums[Raster.mirrored(-1, width)]
              sums[width] = sums[Raster.mirrored(width, width)]
            }
            Self.polar(
              smoothed, differences, count: width, magnitudes: target,
              angles: angles + row * width)
          }
        }
      }
    }
    self.angle = angle
  }

  private static func polar(
    _ smoothed: UnsafePointer<Float>, _ differences: UnsafePointer<Float>,
    count: Int, magnitudes: UnsafeMutablePointer<Float>,
    angles: UnsafeMutablePointer<Float>
  ) {
    for x in stride(from: 0, to: count, by: 16) {
      let across = (load(smoothed + x + 1) - load(smoothed + x - 1)) / 8
      let down =
        (load(differences + x - 1) + load(differences + x) * 2
          + load(differences + x + 1)) / 8
      let length = (across * across + down * down).squareRoot()
      store(length, at: magnitudes + x)
      store(eighths(across, down), at: angles + x)
    }
  }

  /// The angle of a direction in eighths of a turn, to 1e-7; the arctangent is
  /// Abramowitz and Stegun's 4.4.49.
  @inline(__always)
  private static func eighths(
    _ x: SIMD16<Float>, _ y: SIMD16<Float>
  ) -> SIMD16<Float> {
    let width = x.replacing(with: -x, where: x .< 0)
    let height = y.replacing(with: -y, where: y .< 0)
    let isSteep = height .> width
    let longer = width.replacing(with: height, where: isSteep)
    let shorter = height.replacing(with: width, where: isSteep)
    let slope = shorter / (longer + .leastNormalMagnitude)
    let square = slope * slope
    var sum = square * 0.0028662257 - 0.0161657367
    sum = sum * square + 0.0429096138
    sum = sum * square - 0.0752896400
    sum = sum * square + 0.1065626393
    sum = sum * square - 0.1420889944
    sum = sum * square + 0.1999355085
    sum = sum * square - 0.3333314528
    sum = sum * square + 1
    var angle = slope * sum * (4 / .pi)
    angle.replace(with: 2 - angle, where: isSteep)
    angle.replace(with: 4 - angle, where: x .< 0)
    angle.replace(with: 8 - angle, where: y .< 0)
    return angle
  }

  /// The mean strength of the gradients of every square of `side` x `side`
  /// pixels in each direction: eight channels as they are, and eight of
  /// gradients divided by their mean strength around.
  ///
  /// A gradient between two directions counts for both, in proportion.
  ///
  /// - Parameters:
  ///   - side: Of a cell, in pixels.
  ///   - deviation: Of the Gaussian mean that gradients are divided by, in
  ///     pixels.
  func cells(
    of side: Int, dividedByMeanOver deviation: Float
  ) -> (raw: Raster, normalized: Raster) {
    let (height, width) = (magnitude.height, magnitude.width)
    let directions = Self.directions
    let around = magnitude.blurred(deviation)
    let length = width * directions
    var normalized = [Float](
      repeating: 0, count: height / side * (width / side) * directions)
    let factor = 1 / Float(side * side)
    let raw = normalized.withUnsafeMutableBufferPointer { normalized in
      magnitude.values.withUnsafeBufferPointer { magnitudes in
        around.values.withUnsafeBufferPointer { around in
          angle.withUnsafeBufferPointer { angles in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * length)
            { scratch in
              guard
                let magnitudes = magnitudes.baseAddress,
                let around = around.baseAddress,
                let angles = angles.baseAddress,
                let rawSums = scratch.baseAddress,
                let normalized = normalized.baseAddress
              else {
                return Raster(height: 0, width: 0, values: [])
              }
              let normalizedSums = rawSums + length
              return Raster(
                height: height / side, width: width / side,
                channels: directions
              ) { row, target in
                scratch.update(repeating: 0)
                for y in row * side..<(row + 1) * side {
                  Self.addRow(
                    magnitudes + y * width, around + y * width,
                    angles + y * width, count: width, raw: rawSums,
                    normalized: normalizedSums)
                }
                let cells = width / side
                Self.gather(
                  rawSums, side: side, cells: cells, factor: factor,
                  into: target)
                Self.gather(
                  normalizedSums, side: side, cells: cells, factor: factor,
                  into: normalized + row * cells * directions)
              }
            }
          }
        }
      }
    }
    return (
      raw,
      Raster(
        height: raw.height, width: raw.width, channels: directions,
        values: normalized)
    )
  }

  /// Adds a row of pixels to sums that have all pixels of a direction side by
  /// side.
  private static func addRow(
    _ magnitudes: UnsafePointer<Float>, _ around: UnsafePointer<Float>,
    _ angles: UnsafePointer<Float>, count: Int,
    raw: UnsafeMutablePointer<Float>, normalized: UnsafeMutablePointer<Float>
  ) {
    for x in stride(from: 0, to: count, by: 16) {
      let magnitude = load(magnitudes + x)
      let relative = magnitude / (load(around + x) + floor)
      let angle = load(angles + x)
      for direction in 0..<directions {
        var away = angle - Float(direction)
        away.replace(with: -away, where: away .< 0)
        away.replace(with: 8 - away, where: away .> 4)
        let share = (1 - away).replacing(with: 0, where: away .> 1)
        let place = direction * count + x
        store(load(raw + place) + share * magnitude, at: raw + place)
        store(
          load(normalized + place) + share * relative, at: normalized + place)
      }
    }
  }

  /// From sums of columns, direction by direction, to means of cells.
  private static func gather(
    _ sums: UnsafePointer<Float>, side: Int, cells: Int, factor: Float,
    into target: UnsafeMutablePointer<Float>
  ) {
    for direction in 0..<directions {
      let row = sums + direction * cells * side
      for cell in 0..<cells {
        var sum: Float = 0
        for x in cell * side..<(cell + 1) * side { sum += row[x] }
        target[cell * directions + direction] = sum * factor
      }
    }
  }
}
