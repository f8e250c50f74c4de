import Execution
import LinearAlgebra

/// The order of the axes of an array of images, one letter each: n images, h
/// rows, w columns, c channels.
#if hasAttribute(nonexhaustive)
@nonexhaustive
#endif
public enum AxisOrder: String, CaseIterable, Sendable {
  /// Channels last, as NumPy and TensorFlow have them.
  case nhwc
  /// Channels first, as PyTorch has them.
  case nchw
}

/// Images of an array as grey or RGB with the channels last: channels are moved
/// there, and alpha is dropped.
struct ReorderedImages: SampleSource {
  let base: any SampleSource
  /// Of a stored image.
  let stored: ImageShape
  let isChannelsFirst: Bool
  /// Of a row.
  let shape: ImageShape

  var rows: Int { base.rows }
  var columns: Int { shape.count }

  func matrix(ofRows indices: [Int]) throws -> Matrix {
    let stored = try base.matrix(ofRows: indices)
    let pixels = shape.height * shape.width
    let channels = shape.channels
    let (pixelStep, channelStep) =
      isChannelsFirst ? (1, pixels) : (self.stored.channels, 1)
    let values = [Float](unsafeUninitializedCapacity: indices.count * columns) {
      target, count in
      for row in indices.indices {
        let source = stored.row(row)
        let start = source.startIndex
        for pixel in 0..<pixels {
          for channel in 0..<channels {
            target[row * columns + pixel * channels + channel] =
              source[start + pixel * pixelStep + channel * channelStep]
          }
        }
      }
      count = indices.count * columns
    }
    return Matrix(rows: indices.count, columns: columns, values: values)
  }
}
