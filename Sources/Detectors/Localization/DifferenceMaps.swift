import Execution
import LinearAlgebra

extension Localization {
  /// Maps of how far pictures are from what the model would have seen there:
  /// the squared difference of every pixel, the mean over its channels.
  ///
  /// - Parameters:
  ///   - samples: The pictures, one a row, of the context's shape.
  ///   - scores: One a picture.
  ///   - expected: What the model would have seen, one a row.
  ///   - rows: For every picture its row of `expected`.
  ///   - context: With the shape of the pictures.
  package init(
    scores: [Float], of samples: Matrix, from expected: Matrix, rows: [Int],
    in context: RunContext
  ) {
    let channels = context.imageShape?.channels ?? 1
    let pixels = samples.columns / channels
    let values: [Float] = Parallel.fill(
      samples.rows * pixels, blockSize: max(pixels, 1)
    ) { range, map in
      let row = range.lowerBound / pixels
      samples.values.withUnsafeBufferPointer { samples in
        expected.values.withUnsafeBufferPointer { expected in
          let picture = row * pixels * channels
          let other = rows[row] * pixels * channels
          for pixel in 0..<pixels {
            var sum: Float = 0
            for channel in pixel * channels..<(pixel + 1) * channels {
              let difference =
                samples[picture + channel] - expected[other + channel]
              sum += difference * difference
            }
            map[pixel] = min(
              sum / Float(channels), Float.greatestFiniteMagnitude)
          }
        }
      }
    }
    self.init(
      scores: scores,
      maps: Matrix(rows: samples.rows, columns: pixels, values: values))
  }
}
