import Testing

@testable import Evaluation

@Suite struct DefectRegionTests {
  /// Digits are values; what is above 4 is a defect.
  private func regions(_ rows: [String]) -> [DefectRegion] {
    let map = rows.joined().map { Float(String($0)) ?? 0 }
    return DefectMask(map, above: 4, width: rows[0].count).regions(of: map)
  }

  @Test("Regions have a box, an area and a peak; the highest peak is first")
  func handMade() {
    #expect(
      regions([
        "0050000",
        "0405070",
        "0000900",
        "6600000",
        "0604440",
      ]) == [
        // 5, 5, 9 and 7 touch at corners only.
        DefectRegion(
          columns: 2..<6, rows: 0..<3, area: 4, peak: 9, peakColumn: 4,
          peakRow: 2),
        DefectRegion(
          columns: 0..<2, rows: 3..<5, area: 3, peak: 6, peakColumn: 0,
          peakRow: 3),
      ])
  }

  @Test("Arms that meet further down are one region, as an H, a U and a W are")
  func meeting() {
    #expect(
      regions(["50605", "50505", "55555"]) == [
        DefectRegion(
          columns: 0..<5, rows: 0..<3, area: 11, peak: 6, peakColumn: 2,
          peakRow: 0)
      ])
  }

  @Test("Of equal peaks the upper and left one is first")
  func ties() {
    let found = regions(["00005", "00000", "50500"])
    #expect(found.map(\.peakColumn) == [4, 0, 2])
    #expect(found.map(\.area) == [1, 1, 1])
  }

  @Test("Regions do not reach around the border, and a low map has none")
  func borders() {
    #expect(regions(["005", "500"]).count == 2)
    #expect(regions(["444", "000"]).isEmpty)
  }

  @Test("The pixels of a mask are those it was made of")
  func pixels() {
    let pixels = (0..<63).map { $0 % 5 < 2 || $0 % 7 == 3 }
    #expect(
      DefectMask(pixels, width: 9).pixels == pixels.map { $0 ? 1 : 0 })
  }
}
