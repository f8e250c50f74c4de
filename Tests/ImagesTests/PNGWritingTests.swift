import Diagnostics
import Execution
import Files
import Foundation
import LinearAlgebra
import TestSupport
import Testing

@testable import Images

@Suite("PNG writing")
struct PNGWritingTests {
  @Test("whole byte values read back as they were written")
  func roundTrip() throws {
    for channels in [1, 3] {
      let shape = ImageShape(height: 5, width: 3, channels: channels)
      let image = RasterImage(
        shape: shape,
        values: (0..<shape.count).map { Float($0 * 7 % 256) / 255 })
      #expect(try PictureFile.decode(PNG.data(of: image)) == image)
    }
  }

  @Test("intensities beyond the range are clamped, and NaN is black")
  func clamping() throws {
    let image = RasterImage(
      shape: ImageShape(height: 1, width: 5, channels: 1),
      values: [-1, 0.5, 7, .infinity, .nan])
    let expected: [Float] = [0, 128 / 255, 1, 1, 0]
    #expect(try PictureFile.decode(PNG.data(of: image)).values == expected)
  }

  @Test("incompressible pictures are written whole")
  func noise() throws {
    var random = SeededGenerator(seed: 1)
    let shape = ImageShape(height: 200, width: 150, channels: 3)
    let image = RasterImage(
      shape: shape,
      values: (0..<shape.count).map { _ in
        Float(UInt8.random(in: 0...255, using: &random)) / 255
      })
    #expect(try PictureFile.decode(PNG.data(of: image)) == image)
  }

  @Test("a place that cannot be written to is named")
  func unwritable() throws {
    let image = RasterImage(shape: ImageShape(height: 1, width: 1, channels: 1))
    let fault = #expect(throws: FileFault.self) {
      try PNG.write(image, to: URL(filePath: "/nowhere/at/all.png"))
    }
    #expect(fault?.kind == .inputOutput)
  }
}
