import Images
import TestSupport
import Testing

@Suite struct BilinearResamplingTests {
  @Test("Between the centres of pixels a map is linear")
  func reference() {
    // scipy.ndimage.map_coordinates at the centres, order=1, mode="nearest".
    let map: [Float] = [0, 1, 4, 2, 8, 6]
    let larger = BilinearResampling(
      from: PixelSize(width: 3, height: 2), to: PixelSize(width: 6, height: 3)
    ).resample(map[...])
    expectClose(
      larger,
      [
        0, 0.25, 0.75, 1.75, 3.25, 4, 1, 1.875, 3.625, 4.625, 4.875, 5,
        2, 3.5, 6.5, 7.5, 6.5, 6,
      ], within: .absolute(1e-6))
  }

  @Test("A map of the same size stays what it is")
  func same() {
    let size = PixelSize(width: 2, height: 2)
    #expect(
      BilinearResampling(from: size, to: size).resample([1, 2, 3, 4])
        == [1, 2, 3, 4])
  }
}
