import Execution
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Images

@Suite("Resampling")
struct ResamplingTests {
  /// A grey picture of 7 x 5 pixels, made of sixteenths.
  private let picture: RasterImage = {
    var image = RasterImage(shape: ImageShape(height: 5, width: 7, channels: 1))
    for y in 0..<5 {
      for x in 0..<7 {
        image[x, y, 0] = Float((x * x + 3 * y * x + 7 * y) % 17) / 16
      }
    }
    return image
  }()

  // Made with Pillow 13.0.0 from the same numbers as a picture of mode F:
  // np.asarray(picture.resize((width, height), Image.BOX)).
  @Test("the means are those of Pillow's box filter")
  func pillow() {
    let references: [(PixelSize, [Float])] = [
      (
        PixelSize(width: 3, height: 2),
        [0.385417, 0.423611, 0.364583, 0.5625, 0.385417, 0.40625]
      ),
      (
        PixelSize(width: 4, height: 3),
        [
          0.296875, 0.328125, 0.53125, 0.515625, 0.5625, 0.625, 0.1875, 0.0625,
          0.5625, 0.390625, 0.375, 0.40625,
        ]
      ),
      (
        PixelSize(width: 2, height: 5),
        [
          0.21875, 0.541667, 0.40625, 0.5, 0.59375, 0.104167, 0.515625,
          0.416667, 0.4375, 0.375,
        ]
      ),
      (
        PixelSize(width: 3, height: 9),
        [
          0.03125, 0.604167, 0.3125, 0.03125, 0.604167, 0.3125, 0.5625, 0.1875,
          0.71875, 0.5625, 0.1875, 0.71875, 0.5625, 0.479167, 0.0625, 0.5625,
          0.416667, 0.46875, 0.5625, 0.416667, 0.46875, 0.5625, 0.354167,
          0.34375, 0.5625, 0.354167, 0.34375,
        ]
      ),
    ]
    for (size, expected) in references {
      let values = picture.resized(to: size).values
      expectClose(values, expected, within: .absolute(1e-6))
    }
  }

  @Test("shrinking by a whole factor gives the mean of each block")
  func wholeFactor() {
    let picture = RasterImage(
      shape: ImageShape(height: 2, width: 4, channels: 1),
      values: [0, 1, 0.5, 0.5, 1, 0, 0.25, 0.75])
    let expected: [Float] = [0.5, 0.5]
    #expect(
      picture.resized(to: PixelSize(width: 2, height: 1)).values == expected)
  }

  @Test("every pixel belongs to exactly one cell")
  func partition() {
    for pixels in 1...40 {
      for cells in 1...pixels {
        let bounds = CellBounds(cells: cells, over: pixels)
        #expect(bounds.starts.first == 0)
        #expect(bounds.starts.last == pixels)
        #expect((0..<cells).allSatisfy { !bounds[$0].isEmpty })
      }
    }
  }

  @Test("the same size is the same picture")
  func identity() {
    #expect(picture.resized(to: picture.size) == picture)
  }
}
