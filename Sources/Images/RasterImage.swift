import Execution
import LinearAlgebra

/// A picture: intensities from 0 to 1, row by row, the channels of a pixel side
/// by side.
public struct RasterImage: Hashable, Sendable {
  /// Height, width and channels (1 grey, 3 RGB).
  public let shape: ImageShape
  /// The intensities; `shape.count` of them.
  public var values: [Float]

  /// - Precondition: `values.count == shape.count`.
  public init(shape: ImageShape, values: [Float]) {
    precondition(
      values.count == shape.count, "an image needs one value a channel")
    self.shape = shape
    self.values = values
  }

  /// An image of one colour, black by default.
  public init(shape: ImageShape, repeating value: Float = 0) {
    self.init(
      shape: shape, values: [Float](repeating: value, count: shape.count))
  }

  /// Width and height in pixels, without the channels.
  public var size: PixelSize {
    PixelSize(width: shape.width, height: shape.height)
  }

  /// One channel of the pixel in column `x` and row `y`.
  public subscript(x: Int, y: Int, channel: Int) -> Float {
    get { values[(y * shape.width + x) * shape.channels + channel] }
    set { values[(y * shape.width + x) * shape.channels + channel] = newValue }
  }
}
