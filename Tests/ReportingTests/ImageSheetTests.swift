import Execution
import Images
import LinearAlgebra
import Testing

@testable import Reporting

@Suite struct ImageSheetTests {
  private func picture(
    _ color: [Float], width: Int = 8, height: Int = 8
  ) -> RasterImage {
    RasterImage(
      shape: ImageShape(height: height, width: width, channels: 3),
      values: (0..<width * height).flatMap { _ in color })
  }

  /// The columns and rows that a colour takes, and its pixels.
  private func extent(
    of color: [Float], in image: RasterImage
  ) -> (x: ClosedRange<Int>, y: ClosedRange<Int>, count: Int)? {
    var places: [(Int, Int)] = []
    for y in 0..<image.shape.height {
      for x in 0..<image.shape.width
      where (0..<3).allSatisfy({ image[x, y, $0] == color[$0] }) {
        places.append((x, y))
      }
    }
    guard let left = places.map(\.0).min(), let right = places.map(\.0).max(),
      let top = places.first?.1, let bottom = places.last?.1
    else { return nil }
    return (left...right, top...bottom, places.count)
  }

  @Test("Pictures stand in straight rows and columns, clear of the words")
  func alignment() throws {
    let red: [Float] = [1, 0, 0]
    let green: [Float] = [0, 1, 0]
    let blue: [Float] = [0, 0, 1]
    let image = ImageSheet(
      title: "Outliers", columns: ["original", "reconstruction"],
      rows: [
        .init("first row", [.init(picture(red), caption: "score 1.25"), nil]),
        .init(
          "second",
          [
            .init(picture(green), caption: "a caption of many words"),
            .init(picture(blue, width: 8, height: 4)),
          ]),
      ]
    ).image(side: 64)
    let first = try #require(extent(of: red, in: image))
    let second = try #require(extent(of: green, in: image))
    let third = try #require(extent(of: blue, in: image))
    // No pixel is covered.
    #expect(first.count == 64 * 64)
    #expect(second.count == 64 * 64)
    #expect(third.count == 64 * 32)
    #expect(first.x == second.x)
    #expect(first.y.upperBound < second.y.lowerBound)
    #expect(second.x.upperBound < third.x.lowerBound)
    // A flat picture stands in the middle.
    #expect(third.y.lowerBound == second.y.lowerBound + 16)
    #expect(try #require(extent(of: [0, 0, 0], in: image)).count > 200)
  }

  @Test("Letters have the dots of the font")
  func letters() throws {
    let image = ImageSheet(title: "L", rows: []).image()
    let black = try #require(extent(of: [0, 0, 0], in: image))
    // Seven dots high, five wide, three pixels a dot.
    #expect(black.x.count == 15)
    #expect(black.y.count == 21)
    #expect(black.count == (7 + 4) * 9)
  }

  @Test("Every printing character but the space differs from every other")
  func font() {
    let shapes = (32...126).compactMap(Unicode.Scalar.init).map { scalar in
      (0..<DotFont.height).flatMap { y in
        (0..<DotFont.width).map { DotFont.isSet(scalar, $0, y) }
      }
    }
    #expect(Set(shapes).count == 95)
    #expect(DotFont.isSet("é", 1, 0) == DotFont.isSet("?", 1, 0))
  }

  @Test("Loose pictures fill rows, and an empty sheet is still a picture")
  func rows() {
    let sheet = ImageSheet(
      title: "", (0..<5).map { _ in .init(picture([1, 0, 0])) }, perRow: 2)
    #expect(sheet.rows.map(\.pictures.count) == [2, 2, 1])
    #expect(ImageSheet(title: "", []).image().shape.width > 0)
  }
}
