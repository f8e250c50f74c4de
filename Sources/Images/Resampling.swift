import Execution
import LinearAlgebra

extension RasterImage {
  /// The picture at another size.
  ///
  /// Along an axis that shrinks, a new pixel is the mean of the old pixels
  /// whose centres it covers; along one that grows, the old pixel under its
  /// centre. This is what Pillow's `resize(BOX)` does, without its rounding.
  ///
  /// - Precondition: `size` has at least one pixel.
  public func resized(to size: PixelSize) -> RasterImage {
    resampled(
      to: ImageShape(
        height: size.height, width: size.width, channels: shape.channels))
  }

  /// The picture in grey (1 channel, the luma of ITU-R BT.601) or RGB (3).
  public func converted(toChannels channels: Int) -> RasterImage {
    resampled(
      to: ImageShape(
        height: shape.height, width: shape.width, channels: channels))
  }

  private func resampled(to target: ImageShape) -> RasterImage {
    guard target != shape else { return self }
    let resampling = Resampling(from: shape, to: target)
    return RasterImage(
      shape: target,
      values: [Float](unsafeUninitializedCapacity: target.count) {
        buffer, count in
        values.withUnsafeBufferPointer {
          resampling.resample($0, into: buffer)
        }
        count = target.count
      })
  }
}

/// Brings pictures of one shape to another.
package struct Resampling: Sendable {
  private let source: ImageShape
  private let target: ImageShape
  private let rows: CellBounds
  private let columns: CellBounds

  /// - Precondition: Both shapes have pixels, and 1 or 3 channels.
  package init(from source: ImageShape, to target: ImageShape) {
    self.source = source
    self.target = target
    rows = CellBounds(
      cells: min(source.height, target.height), over: source.height)
    columns = CellBounds(
      cells: min(source.width, target.width), over: source.width)
  }

  /// The pictures that are the rows of a matrix, each resampled.
  package func resample(_ pictures: Matrix) -> Matrix {
    let values = [Float](
      unsafeUninitializedCapacity: pictures.rows * target.count
    ) { results, count in
      pictures.values.withUnsafeBufferPointer { pixels in
        for picture in 0..<pictures.rows {
          let old = picture * source.count..<(picture + 1) * source.count
          let new = picture * target.count..<(picture + 1) * target.count
          resample(
            UnsafeBufferPointer(rebasing: pixels[old]),
            into: UnsafeMutableBufferPointer(rebasing: results[new]))
        }
      }
      count = pictures.rows * target.count
    }
    return Matrix(rows: pictures.rows, columns: target.count, values: values)
  }

  fileprivate func resample(
    _ pixels: UnsafeBufferPointer<Float>,
    into result: UnsafeMutableBufferPointer<Float>
  ) {
    let grid = ImageShape(
      height: rows.count, width: columns.count, channels: source.channels)
    guard grid != source else {
      return Self.convert(pixels, of: source, into: result, of: target)
    }
    means(of: pixels).withUnsafeBufferPointer {
      Self.convert($0, of: grid, into: result, of: target)
    }
  }

  /// The means over the cells.
  private func means(of pixels: UnsafeBufferPointer<Float>) -> [Float] {
    let channels = source.channels
    let width = source.width * channels
    var means: [Float] = []
    means.reserveCapacity(rows.count * columns.count * channels)
    var columnSums = [Double](repeating: 0, count: width)
    for cellRow in 0..<rows.count {
      for (place, row) in rows[cellRow].enumerated() {
        let pixels = UnsafeBufferPointer(
          rebasing: pixels[row * width..<(row + 1) * width])
        columnSums.withUnsafeMutableBufferPointer { sums in
          for index in sums.indices {
            let sum = place == 0 ? 0 : sums[index]
            sums[index] = sum + Double(pixels[index])
          }
        }
      }
      for cell in 0..<columns.count {
        let count = Double(rows[cellRow].count * columns[cell].count)
        for channel in 0..<channels {
          var sum = 0.0
          for column in columns[cell] {
            sum += columnSums[column &* channels &+ channel]
          }
          means.append(Float(sum / count))
        }
      }
    }
    return means
  }

  /// Converts channels and repeats pixels where the target is longer.
  static func convert(
    _ values: UnsafeBufferPointer<Float>, of shape: ImageShape,
    into result: UnsafeMutableBufferPointer<Float>, of target: ImageShape
  ) {
    guard target != shape else {
      _ = result.update(fromContentsOf: values)
      return
    }
    let columns = (0..<target.width).map {
      (2 * $0 + 1) * shape.width / (2 * target.width) * shape.channels
    }
    var index = 0
    for y in 0..<target.height {
      let row =
        (2 * y + 1) * shape.height / (2 * target.height)
        * shape.width * shape.channels
      for column in columns {
        let place = row + column
        switch (shape.channels, target.channels) {
        case (3, 1):
          // The luma of ITU-R BT.601.
          result[index] =
            0.299 * values[place] + 0.587 * values[place + 1]
            + 0.114 * values[place + 2]
        default:
          for channel in 0..<target.channels {
            result[index + channel] =
              values[place + min(channel, shape.channels - 1)]
          }
        }
        index += target.channels
      }
    }
  }
}
