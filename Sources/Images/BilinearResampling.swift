import Execution

/// Brings maps of one number a pixel to another size, linearly between the
/// centres of their pixels; beyond the outermost centres they go on as they
/// are.
///
/// For maps that are made bigger; pixels between the centres of a smaller one
/// are passed over.
package struct BilinearResampling: Sendable {
  /// What one pixel along an axis is made of.
  private struct Mix {
    var first: Int
    var second: Int
    /// Of the second, from 0 to 1.
    var share: Float
  }

  private let source: PixelSize
  private let target: PixelSize
  private let rows: [Mix]
  private let columns: [Mix]

  /// - Precondition: Both sizes have pixels.
  package init(from source: PixelSize, to target: PixelSize) {
    self.source = source
    self.target = target
    func axis(_ old: Int, _ new: Int) -> [Mix] {
      (0..<new).map { pixel in
        let place = (Double(pixel) + 0.5) * Double(old) / Double(new) - 0.5
        let inside = min(max(place, 0), Double(old - 1))
        let first = Int(inside)
        return Mix(
          first: first, second: min(first + 1, old - 1),
          share: Float(inside - Double(first)))
      }
    }
    rows = axis(source.height, target.height)
    columns = axis(source.width, target.width)
  }

  /// The map at the new size, row by row.
  ///
  /// - Precondition: `map` has the pixels of the old size.
  package func resample(_ map: ArraySlice<Float>) -> [Float] {
    precondition(map.count == source.width * source.height, "another size")
    guard source != target else { return Array(map) }
    return [Float](unsafeUninitializedCapacity: target.width * target.height) {
      values, count in
      map.withUnsafeBufferPointer { map in
        var line = [Float](repeating: 0, count: source.width)
        for (y, row) in rows.enumerated() {
          let (upper, lower) = (
            row.first * source.width, row.second * source.width
          )
          line.withUnsafeMutableBufferPointer { line in
            for x in 0..<line.count {
              line[x] =
                map[upper + x] + row.share * (map[lower + x] - map[upper + x])
            }
            let start = y * target.width
            columns.withUnsafeBufferPointer { columns in
              for x in 0..<columns.count {
                let mix = columns[x]
                let first = line[mix.first]
                values.initializeElement(
                  at: start + x,
                  to: first + mix.share * (line[mix.second] - first))
              }
            }
          }
        }
      }
      count = target.width * target.height
    }
  }
}

extension RasterImage {
  /// A picture of one channel at another size; see `BilinearResampling`.
  package func interpolated(to size: PixelSize) -> RasterImage {
    precondition(shape.channels == 1, "one number a pixel")
    return RasterImage(
      shape: ImageShape(height: size.height, width: size.width, channels: 1),
      values: BilinearResampling(from: self.size, to: size)
        .resample(values[...]))
  }
}
