import Execution
import Images
import LinearAlgebra

/// Which of the channels of local features.
public enum LocalChannels: String, CaseIterable, Codable, Hashable, Sendable {
  /// Oriented gradients and colour: 54 channels.
  case all
  /// Oriented gradients alone: 48 channels.
  case gradients
  /// Colour alone: 6 channels.
  case color
  /// The brightness of the pixels in each cell: 1 channel.
  case pixels

  /// The numbers that describe a cell.
  package var count: Int {
    switch self {
    case .all: 54
    case .gradients: 48
    case .color: 6
    case .pixels: 1
    }
  }
}

/// What pictures look like around every cell of a grid: oriented gradients in
/// three octaves, and colour.
///
/// A cell of the finest grid is 4x4 pixels, so that pictures of 256x256 pixels
/// have grids of 64x64, 32x32 and 16x16 cells. The 54 channels of a cell are
///
/// - of each of three octaves: the square roots of the mean gradient in eight
///   directions, in intensities a pixel of the octave, and of the same divided
///   by the mean gradient around (48 channels);
/// - the brightness, red against green, and yellow against blue, each less that
///   of the picture's border, at two scales, in intensities (6 channels).
///
/// A gradient of the finest octave tells of the picture within about 8 pixels
/// of the middle of the cell, one of the coarsest within 12; what they are
/// divided by is a Gaussian mean of deviation 8 and 12.
package struct LocalFeatures: Hashable, Sendable {
  /// Which of the channels.
  package let channels: LocalChannels
  /// The number of cells from top to bottom.
  package let rows: Int
  /// The number of cells from left to right.
  package let columns: Int

  /// Those of `all` that tell of colour.
  package static let colorChannels = 48..<54
  /// Pixels a side of the pictures that they are usually made of.
  package static let usualSide = 256
  /// Pixels a side of a cell of the finest grid.
  package static let cellSide = 4
  /// Widths that are multiples of it can be halved twice and still be walked
  /// in vectors.
  private static let sideStep = 64

  struct Octave {
    /// Deviation of the mean that gradients are divided by, in pixels of the
    /// octave.
    let around: Float
    /// Deviation of the last smoothing, in cells.
    let smoothing: Float
  }

  /// Pixels from the border whose colour counts as that of the ground.
  static let borderDepth = 6
  /// Deviations of the two scales of colour, in cells.
  static let colorDeviations: [Float] = [0.7, 2]

  static let octaves = [
    Octave(around: 8, smoothing: 1), Octave(around: 4, smoothing: 1),
    Octave(around: 3, smoothing: 1.2),
  ]

  /// - Parameter shape: Pictures of other sides than multiples of 64 pixels
  ///   are resampled to the nearest.
  package init(_ channels: LocalChannels = .all, of shape: ImageShape) {
    self.channels = channels
    (rows, columns) = (
      Self.side(shape.height) / Self.cellSide,
      Self.side(shape.width) / Self.cellSide
    )
  }

  private static func side(_ side: Int) -> Int {
    max(1, (side + sideStep / 2) / sideStep) * sideStep
  }

  /// The features of one picture, intensities from 0 to 1, on the finest grid.
  package func features(of picture: RasterImage) -> Raster {
    let picture = fitted(picture)
    switch channels {
    case .all:
      return Raster(joining: Self.gradients(of: picture) + colors(of: picture))
    case .gradients: return Raster(joining: Self.gradients(of: picture))
    case .color: return Raster(joining: colors(of: picture))
    case .pixels: return Self.brightness(of: picture).means(of: Self.cellSide)
    }
  }

  /// How bright a picture is, mean over squares of so many pixels a side of the
  /// size that makes whole cells.
  package func brightness(of picture: RasterImage, side: Int) -> Raster {
    Self.brightness(of: fitted(picture)).means(of: side)
  }

  /// The picture in the size that makes whole cells.
  private func fitted(_ picture: RasterImage) -> RasterImage {
    let (height, width) = (rows * Self.cellSide, columns * Self.cellSide)
    let shrunk = picture.resized(
      to: PixelSize(
        width: min(width, picture.shape.width),
        height: min(height, picture.shape.height)))
    let channels = picture.shape.channels
    return RasterImage(
      shape: ImageShape(height: height, width: width, channels: channels),
      values: Raster(
        height: shrunk.shape.height, width: shrunk.shape.width,
        channels: channels, values: shrunk.values
      ).enlarged(height: height, width: width).values)
  }

  private static func gradients(of picture: RasterImage) -> [Raster] {
    var octave = brightness(of: picture).blurred(0.8)
    return octaves.enumerated().flatMap { index, settings in
      if index > 0 { octave = octave.halved() }
      let cells = OrientedGradients(of: octave).cells(
        of: cellSide >> index, dividedByMeanOver: settings.around)
      return [cells.raw, cells.normalized].map {
        var part = $0.blurred(settings.smoothing)
        part.takeSquareRoots()
        return part
      }
    }
  }

  private static func brightness(of picture: RasterImage) -> Raster {
    let (height, width) = (picture.shape.height, picture.shape.width)
    let channels = picture.shape.channels
    guard channels > 1 else {
      return Raster(height: height, width: width, values: picture.values)
    }
    return picture.values.withUnsafeBufferPointer { values in
      Raster(height: height, width: width) { row, target in
        for column in 0..<width {
          let place = (row * width + column) * channels
          // Weights of ITU-R BT.601.
          target[column] =
            0.299 * values[place] + 0.587 * values[place + 1]
            + 0.114 * values[place + 2]
        }
      }
    }
  }

  /// The colour of every cell, less that of the border of the picture, at two
  /// scales.
  private func colors(of picture: RasterImage) -> [Raster] {
    let channels = picture.shape.channels
    let pixels = Raster(
      height: picture.shape.height, width: picture.shape.width,
      channels: channels, values: picture.values)
    let means = pixels.means(of: Self.cellSide)
    // Of the cell that starts at a place; grey has one channel for all three.
    func opponents(
      _ values: UnsafeBufferPointer<Float>, _ place: Int
    ) -> SIMD3<Float> {
      let (red, green, blue) = (
        values[place], values[place + channels / 2],
        values[place + channels - 1]
      )
      return [(red + green + blue) / 3, red - green, (red + green) / 2 - blue]
    }
    let border = pixels.borderMedian(depth: Self.borderDepth)
      .withUnsafeBufferPointer { opponents($0, 0) }
    let colors = means.values.withUnsafeBufferPointer { values in
      Raster(height: means.height, width: means.width, channels: 3) {
        row, target in
        for column in 0..<means.width {
          let color =
            opponents(values, (row * means.width + column) * channels) - border
          for channel in 0..<3 { target[column * 3 + channel] = color[channel] }
        }
      }
    }
    return Self.colorDeviations.map(colors.blurred)
  }
}

extension Raster {
  /// Grids of one size with their channels side by side.
  fileprivate init(joining parts: [Raster]) {
    let channels = parts.reduce(0) { $0 + $1.channels }
    let (height, width) = (parts[0].height, parts[0].width)
    self.init(height: height, width: width, channels: channels) {
      row, target in
      var start = 0
      for part in parts {
        part.values.withUnsafeBufferPointer { values in
          for cell in 0..<width {
            for channel in 0..<part.channels {
              target[cell * channels + start + channel] =
                values[(row * width + cell) * part.channels + channel]
            }
          }
        }
        start += part.channels
      }
    }
  }
}
