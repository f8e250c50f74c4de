import LinearAlgebra

extension Image {
  /// The picture at another size.
  ///
  /// Along an axis that shrinks, a new pixel is the mean of the old pixels
  /// whose centres it covers; along one that grows, the old pixel under its
  /// centre. This is what Pillow's `resize(BOX)` does, without its rounding.
  ///
  /// - Precondition: `size` has at least one pixel.
  public func resized(to size: PixelSize) -> Image {
    let shape = ImageShape(
      height: size.height, width: size.width, channels: shape.channels)
    return shrunk(
      to: PixelSize(
        width: min(size.width, self.size.width),
        height: min(size.height, self.size.height))
    ).converted(to: shape)
  }

  /// The picture in grey (1 channel, the luma of ITU-R BT.601) or RGB (3).
  public func converted(toChannels channels: Int) -> Image {
    converted(
      to: ImageShape(
        height: shape.height, width: shape.width, channels: channels))
  }

  /// - Precondition: `size` is nowhere longer than the picture.
  private func shrunk(to size: PixelSize) -> Image {
    guard size != self.size else { return self }
    let rows = CellBounds(cells: size.height, over: shape.height)
    let columns = CellBounds(cells: size.width, over: shape.width)
    var result = Image(
      shape: ImageShape(
        height: size.height, width: size.width, channels: shape.channels))
    for y in 0..<size.height {
      for x in 0..<size.width {
        let count = Double(rows[y].count * columns[x].count)
        for channel in 0..<shape.channels {
          var sum = 0.0
          for row in rows[y] {
            for column in columns[x] {
              sum += Double(self[column, row, channel])
            }
          }
          result[x, y, channel] = Float(sum / count)
        }
      }
    }
    return result
  }

  /// The picture with other channels and, where it grows, its pixels repeated.
  private func converted(to target: ImageShape) -> Image {
    guard target != shape else { return self }
    return Image(
      shape: target,
      values: [Float](unsafeUninitializedCapacity: target.count) {
        buffer, count in
        values.withUnsafeBufferPointer {
          Self.convert($0, of: shape, into: buffer, of: target)
        }
        count = target.count
      })
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
              values[
                place + min(channel, shape.channels - 1)]
          }
        }
        index += target.channels
      }
    }
  }
}
