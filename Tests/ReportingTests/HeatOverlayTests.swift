import Execution
import Images
import Testing

@testable import Reporting

@Suite struct HeatOverlayTests {
  private let shape = ImageShape(height: 32, width: 32, channels: 1)

  private func map(_ value: (Int) -> Float) -> RasterImage {
    RasterImage(shape: shape, values: (0..<1024).map(value))
  }

  private func pixel(_ image: RasterImage, _ x: Int, _ y: Int) -> [Float] {
    (0..<3).map { image[x, y, $0] }
  }

  @Test("All maps of a run share one scale, from blue to yellow")
  func scale() {
    let quiet = map { Float($0) / 1024 }
    let loud = map { 10 * Float($0) / 1024 }
    let heat = HeatOverlay([quiet, loud])
    let picture = RasterImage(shape: shape, repeating: 0.5)
    let (first, second) = (
      heat.draw(quiet, on: picture, outlining: nil),
      heat.draw(loud, on: picture, outlining: nil)
    )
    #expect(first.shape.channels == 3)
    // The corner is the highest place of either map.
    let (low, high) = (pixel(first, 31, 31), pixel(second, 31, 31))
    #expect(low[2] > low[0])
    #expect(high[0] > high[2] + 0.3)
    #expect(pixel(first, 0, 0) == pixel(second, 0, 0))
  }

  @Test("A constant map is drawn too")
  func constant() {
    let flat = map { _ in 3 }
    let image = HeatOverlay([flat]).draw(
      flat, on: RasterImage(shape: shape), outlining: nil)
    #expect(image.values.allSatisfy { 0...1 ~= $0 })
  }

  @Test("The defect has an outline, one pixel wide")
  func outline() {
    let mask = map { 8...15 ~= $0 % 32 && 8...15 ~= $0 / 32 ? 1 : 0 }
    let flat = map { _ in 0 }
    let image = HeatOverlay([flat]).draw(
      flat, on: RasterImage(shape: shape), outlining: mask)
    let white = (0..<1024).filter {
      pixel(image, $0 % 32, $0 / 32) == [1, 1, 1]
    }
    #expect(white.count == 28)
    #expect(white.first == 8 * 32 + 8)
  }

  @Test("What lies above the threshold has a black outline")
  func threshold() {
    let peak = map { 8...15 ~= $0 % 32 && 8...15 ~= $0 / 32 ? 1 : 0 }
    for (threshold, count) in [(0.5, 28), (1, 0)] as [(Float, Int)] {
      let image = HeatOverlay([peak]).draw(
        peak, on: RasterImage(shape: shape), outlining: nil, above: threshold)
      let black = (0..<1024).filter {
        pixel(image, $0 % 32, $0 / 32) == [0, 0, 0]
      }
      #expect(black.count == count)
    }
  }
}
