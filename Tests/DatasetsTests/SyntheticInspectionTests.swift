import Datasets
import Foundation
import Images
import Testing

@Suite struct SyntheticInspectionTests {
  private static let shipped = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("data/inspection")

  private func temporaryFolder() -> URL {
    FileManager.default.temporaryDirectory.appendingPathComponent(
      UUID().uuidString)
  }

  private func images(in folder: URL) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".png") }.sorted()
  }

  @Test("Seed 7 draws the shipped images again, pixel for pixel")
  func reproducible() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try SyntheticInspection(seed: 7).write(to: folder)
    let names = try images(in: folder)
    #expect(names.count == 3 * (80 + 24 + 2 * 36))
    #expect(try images(in: Self.shipped) == names)
    for name in names {
      let drawn = try PNG.decode(folder.appendingPathComponent(name))
      let shipped = try PNG.decode(Self.shipped.appendingPathComponent(name))
      try #require(drawn.shape == shipped.shape, "\(name)")
      // Another libm may round a sine or a logarithm the other way, which
      // moves a value by one level at most.
      let differs = zip(drawn.values, shipped.values).contains {
        abs($0 - $1) > 1.01 / 255
      }
      #expect(!differs, "\(name)")
    }
  }

  @Test("Another seed draws other images")
  func seeds() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try SyntheticInspection(
      seed: 8, trainCount: 1, goodCount: 1, defectCount: 1
    ).write(to: folder)
    let name = "washer/train/good/000.png"
    #expect(
      try PNG.decode(folder.appendingPathComponent(name))
        != PNG.decode(Self.shipped.appendingPathComponent(name)))
  }

  @Test("A folder with something in it is left alone")
  func notEmpty() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("kept"),
      withIntermediateDirectories: true)
    #expect(throws: (any Error).self) {
      try SyntheticInspection().write(to: folder)
    }
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path)
        == ["kept"])
  }
}
